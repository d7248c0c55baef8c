import EmulatorCore
import Testing
import Time

@testable import EmulatedFirehose

@Suite struct TimeZoneTests {
    private func hours(_ zone: String, _ moment: Int64) throws -> Double {
        Double(try TimeZoneRules(named: zone).local(moment * 1000) - moment * 1000) / 3_600_000
    }

    @Test(
        "a zone's offset is that of the moment",
        arguments: [
            ("UTC", 1_780_000_000, 0), ("Asia/Tokyo", 1_780_000_000, 9), ("Asia/Kolkata", 1_780_000_000, 5.5),
            // Berlin's summer of 2026 begins on 29 March at 01:00 UTC, and ends on 25 October at 01:00 UTC.
            ("Europe/Berlin", 1_774_745_999, 1), ("Europe/Berlin", 1_774_746_000, 2),
            ("Europe/Berlin", 1_792_889_999, 2), ("Europe/Berlin", 1_792_890_000, 1),
            // In 1970 Berlin had no summer time; in 2060 it has, by the rule after the last transition.
            ("Europe/Berlin", 15_000_000, 1), ("Europe/Berlin", 2_855_000_000, 2), ("Europe/Berlin", 2_871_000_000, 1),
            // The summer of the southern half spans the new year.
            ("Australia/Sydney", 2_840_400_000, 11), ("Australia/Sydney", 2_855_000_000, 10),
            ("America/St_Johns", 1_780_000_000, -2.5),
        ] as [(String, Int64, Double)])
    func offsets(zone: String, moment: Int64, offset: Double) throws {
        #expect(try hours(zone, moment) == offset)
    }

    @Test("rules of daylight saving time have names, hours, weeks and times of day")
    func rules() throws {
        let rule = try #require(DaylightRule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"))
        #expect(rule.offset(at: 1_780_000_000) == 37_800 && rule.offset(at: 1_767_225_600) == 39_600)
        let fixed = try #require(DaylightRule("<-03>3"))
        #expect(fixed.offset(at: 0) == -10_800)
        for broken in [
            "", "A", "CET-1CEST", "CET-1CEST,M3.5,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x",
        ] {
            #expect(DaylightRule(broken) == nil, "\(broken)")
        }
    }

    @Test(
        "what is no zone is refused, and cannot leave the folder",
        arguments: ["Atlantis/Capital", "../../etc/passwd", "/etc/localtime", "Europe", "tzdata.zi", "Europe/Berlin\0"])
    func noZone(name: String) {
        #expect(throws: AWSFault.self) { try TimeZoneRules(named: name) }
    }

    @Test("a broken file is no zone, wherever it is cut")
    func broken() throws {
        let file = try FileBytes.contents(of: "/usr/share/zoneinfo/Europe/Berlin")
        for end in stride(from: 0, to: file.count - 20, by: 37) {
            #expect(TimeZoneRules(file: Array(file[..<end])) == nil)
        }
        #expect(TimeZoneRules(file: file) != nil)
    }
}
