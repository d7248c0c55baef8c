import Foundation
import Testing
import TestRandom
import Time

@Suite struct TimestampTests {
    @Test(
        "a timestamp and its RFC 3339 text convert into each other",
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00.000Z", 951_825_600_000),
            ("2024-02-29T23:59:59.500Z", 1_709_251_199_500), ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
            ("1900-01-01T00:00:00.000Z", -2_208_988_800_000), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ])
    func roundTrip(text: String, milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
        #expect(Timestamp(rfc3339: text, upperCaseOnly: true)?.milliseconds == milliseconds)
    }

    @Test(
        "other forms of RFC 3339 are read",
        arguments: [
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000Z"),
            ("2026-03-01t09:30:00.1z", "2026-03-01T09:30:00.100Z"),
            ("2026-03-01 09:30:00.123456789999Z", "2026-03-01T09:30:00.123Z"),
            ("2026-03-01T01:30:00+02:00", "2026-02-28T23:30:00.000Z"),
            ("2026-03-01T01:30:00-05:30", "2026-03-01T07:00:00.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ])
    func otherForms(text: String, normal: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == normal)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2026-03-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z",
            "2026-03-01T00:00:00", "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00Zx", "2026-3-1T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-03-01T00:00:61Z", "2026-03-01T00:60:00Z", "2026-03-01T00:00:00+24:00",
            "2026-03-01T00:00:00+0200", "+026-03-01T00:00:00Z", "2026-03-01T00:00:00,5Z",
        ])
    func otherTexts(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "the profile of the States Language takes upper case only",
        arguments: ["2026-03-01t09:30:00Z", "2026-03-01T09:30:00z", "2026-03-01 09:30:00Z"])
    func upperCaseOnly(text: String) {
        #expect(Timestamp(rfc3339: text) != nil)
        #expect(Timestamp(rfc3339: text, upperCaseOnly: true) == nil)
    }

    @Test("timestamps compare to the nanosecond") func nanoseconds() throws {
        let earlier = try #require(Timestamp(rfc3339: "2026-03-01T09:30:00.123456788Z"))
        let later = try #require(Timestamp(rfc3339: "2026-03-01T09:30:00.123456789Z"))
        #expect(earlier < later && earlier.milliseconds == later.milliseconds)
        #expect(later.advanced(byMilliseconds: -124).nanoseconds == 999_456_789)
        #expect(later.advanced(byMilliseconds: 877) == Timestamp(seconds: later.seconds + 1, nanoseconds: 456_789))
    }

    @Test("the forms without marks and for HTTP have no fraction") func otherSpellings() throws {
        let time = try #require(Timestamp(rfc3339: "2015-08-30T12:36:00.999Z"))
        #expect(time.basicISO8601 == "20150830T123600Z")
        #expect(Timestamp(basicISO8601: "20150830T123600Z") == Timestamp(seconds: time.seconds))
        for text in [
            "20150830T123600", "20151330T123600Z", "20150830T126000Z", "20150830 123600Z", "20150830T123600ZZ",
        ] {
            #expect(Timestamp(basicISO8601: text) == nil)
        }
        #expect(time.httpDate == "Sun, 30 Aug 2015 12:36:00 GMT")
    }

    @Test(
        "an HTTP date is read in its preferred form",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
            ("Sun, 6 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil),
            ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37 UTC", nil), ("Sun, 06 nov 1994 08:49:37 GMT", nil), ("", nil),
        ] as [(String, String?)])
    func httpDate(text: String, time: String?) {
        #expect(Timestamp(httpDate: text)?.rfc3339 == time)
    }

    @Test("every text agrees with the C library's, and reads back") func likeTheCLibrary() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let time = Timestamp(milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &random))
            #expect(
                time.rfc3339 == "\(cText("%FT%T", time)).\(String(time.milliseconds + 62_135_596_800_000).suffix(3))Z",
                "seed \(seed)")
            #expect(time.basicISO8601 == cText("%Y%m%dT%H%M%SZ", time), "seed \(seed)")
            #expect(time.httpDate == cText("%a, %d %b %Y %T GMT", time), "seed \(seed)")
            #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(seed)")
            #expect(Timestamp(httpDate: time.httpDate)?.seconds == time.seconds, "seed \(seed)")
            #expect(Timestamp(time.date, time.timeOfDay).seconds == time.seconds, "seed \(seed)")
        }
    }

    /// `strftime`, its years filled to four digits.
    private func cText(_ format: String, _ time: Timestamp) -> String {
        var seconds = time_t(time.seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let year = String(format: "%04d", parts.tm_year + 1900)
        let ownYear = format.replacingOccurrences(of: "%F", with: "%Y-%m-%d").replacingOccurrences(of: "%Y", with: year)
        var buffer = [CChar](repeating: 0, count: 64)
        return String(decoding: buffer[..<strftime(&buffer, 64, ownYear, &parts)].map { UInt8($0) }, as: UTF8.self)
    }

    @Test("texts of later times compare greater") func textOrder() {
        var earlier: Timestamp?
        for day in stride(from: -100_000, through: 100_000, by: 17) {
            let time = Timestamp(milliseconds: Int64(day) * 86_400_000 + 43_200_123)
            if let earlier { #expect(earlier < time && earlier.rfc3339 < time.rfc3339) }
            earlier = time
        }
    }

    @Test(
        "seconds since 1970 carry their milliseconds",
        arguments: [
            (0, "0.000"), (1_772_357_400_250, "1772357400.250"), (-1, "-0.001"), (-1001, "-1.001"),
            (.min, "-9223372036854775.808"),
        ] as [(Int64, String)])
    func epochSeconds(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).epochSeconds == text)
    }

    @Test("the first and the last millisecond that there are keep their value", arguments: [Int64.min, .max, -1, 0])
    func extremes(milliseconds: Int64) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(time.milliseconds == milliseconds)
        #expect((0..<1_000_000_000).contains(time.nanoseconds))
        #expect(time.rfc3339.hasSuffix("Z"))
    }
}
