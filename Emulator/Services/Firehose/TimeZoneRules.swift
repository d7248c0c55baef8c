internal import EmulatorCore
internal import Time

/// The offsets of a time zone from UTC, as the system's time zone database has them.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9636>
struct TimeZoneRules: Sendable {
    private static let folder = "/usr/share/zoneinfo/"

    /// When an offset begins, in seconds since 1970, and the offset in seconds.
    private var transitions: [(from: Int64, offset: Int64)] = []
    /// The rule for the time after the last transition.
    private var rule: DaylightRule?

    static let utc = TimeZoneRules()

    private init() {}

    /// - Parameter name: such as `Asia/Tokyo`; empty for UTC.
    /// - Throws: ``AWSFault`` if there is no such zone.
    init(named name: String) throws(AWSFault) {
        guard !name.isEmpty, name != "UTC" else { return }
        // Neither dots nor a leading slash, so the name stays inside the folder.
        let isName =
            name.utf8.count <= 50 && !name.hasPrefix("/")
            && name.utf8.allSatisfy { byte in
                byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "/")
                    || byte == UInt8(ascii: "_")
            }
        guard isName else { throw .firehoseArgument("CustomTimeZone \(name) is not a time zone, such as Asia/Tokyo.") }
        let file: [UInt8]
        do { file = try FileBytes.contents(of: Self.folder + name) } catch {
            throw .firehoseArgument("CustomTimeZone \(name) is unknown: \(error).")
        }
        guard let rules = TimeZoneRules(file: file) else {
            throw .firehoseArgument(
                "CustomTimeZone \(name) cannot be read: \(Self.folder)\(name) is no time zone file.")
        }
        self = rules
    }

    /// - Parameter file: a time zone file of version 2 or later.
    init?(file: [UInt8]) {
        func number(_ start: Int, _ size: Int) -> Int64? {
            guard start >= 0, start + size <= file.count else { return nil }
            let bits = file[start..<start + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return size == 4 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
        }
        /// The counts of a header: of UT indicators, standard indicators, leap seconds, transitions, types, characters.
        func counts(at start: Int) -> [Int]? {
            guard start + 44 <= file.count, file[start..<start + 4].elementsEqual("TZif".utf8), file[start + 4] >= 0x32
            else { return nil }
            let counts = (0..<6).compactMap { number(start + 20 + 4 * $0, 4) }.map { Int($0) }
            return counts.count == 6 && counts.allSatisfy { $0 >= 0 } ? counts : nil
        }
        guard let old = counts(at: 0) else { return nil }
        // The first block has times of 32 bits; the second one, which follows it, has all.
        let start = 44 + old[3] * 5 + old[4] * 6 + old[5] + old[2] * 8 + old[1] + old[0]
        guard let new = counts(at: start) else { return nil }
        let times = start + 44
        let types = times + new[3] * 9
        let footer = types + new[4] * 6 + new[5] + new[2] * 12 + new[1] + new[0]
        guard new[4] > 0, footer < file.count, let first = number(types, 4) else { return nil }
        transitions = [(.min, first)]
        for index in 0..<new[3] {
            guard let moment = number(times + 8 * index, 8),
                let offset = number(types + 6 * Int(file[times + 8 * new[3] + index]), 4)
            else { return nil }
            transitions.append((moment, offset))
        }
        let text = String(decoding: file[footer...].drop { $0 == 0x0A }.prefix { $0 != 0x0A }, as: UTF8.self)
        rule = DaylightRule(text)
    }

    /// The time on the zone's clocks, as milliseconds since 1970 on them.
    /// - Parameter moment: milliseconds since 1970 in UTC.
    func local(_ moment: Int64) -> Int64 {
        moment + offset(at: Timestamp(milliseconds: moment).seconds) * 1000
    }

    private func offset(at seconds: Int64) -> Int64 {
        guard let last = transitions.last else { return 0 }
        if seconds >= last.from, let rule { return rule.offset(at: seconds) }
        return transitions.last { $0.from <= seconds }?.offset ?? 0
    }
}
