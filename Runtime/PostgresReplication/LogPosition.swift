/// A position in PostgreSQL's write-ahead log (LSN).
/// - SeeAlso: <https://www.postgresql.org/docs/current/datatype-pg-lsn.html>
public struct LogPosition: Sendable, Hashable {
    public let value: UInt64

    public init(_ value: UInt64) { self.value = value }

    /// Parses `16/B374D848`; nil if the text is anything else.
    public init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ (1...8).contains($0.utf8.count) && $0.first != "+" }),
            let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16)
        else { return nil }
        value = UInt64(high) << 32 | UInt64(low)
    }

    public static let zero = LogPosition(0)

    /// How many bytes of log are between `earlier` and here; 0 if it is not earlier.
    public func bytes(since earlier: LogPosition) -> UInt64 { value > earlier.value ? value - earlier.value : 0 }
}

extension LogPosition: Comparable {
    public static func < (left: LogPosition, right: LogPosition) -> Bool { left.value < right.value }
}

extension LogPosition: CustomStringConvertible {
    public var description: String {
        let (high, low) = (UInt32(value >> 32), UInt32(truncatingIfNeeded: value))
        return "\(String(high, radix: 16, uppercase: true))/\(String(low, radix: 16, uppercase: true))"
    }
}
