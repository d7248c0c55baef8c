internal import Time

/// Dates and timestamps as partitions' values.
enum PartitionTime {
    /// `2026-11-29`
    static func isDate(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], let numbers = digits(parts) else { return false }
        return CalendarDate(year: numbers[0], month: numbers[1], day: numbers[2]) != nil
    }

    /// `2026-11-29 12:34:56.789`, with nine digits of the fraction; nil if it is no timestamp.
    static func timestamp(_ text: String) -> String? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, isDate(String(parts[0])) else { return nil }
        let time = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        let clock = time[0].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.map(\.utf8.count) == [2, 2, 2], let numbers = digits(clock),
            TimeOfDay(hour: numbers[0], minute: numbers[1], second: numbers[2]) != nil
        else { return nil }
        let fraction = time.count > 1 ? String(time[1]) : "0"
        guard time.count <= 2, (1...9).contains(fraction.utf8.count), digits([fraction[...]]) != nil else { return nil }
        return "\(parts[0]) \(time[0]).\(fraction)" + String(repeating: "0", count: 9 - fraction.utf8.count)
    }

    private static func digits(_ parts: [Substring]) -> [Int]? {
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        return numbers.count == parts.count ? numbers : nil
    }
}
