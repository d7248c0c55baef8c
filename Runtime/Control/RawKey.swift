/// The key of a raw object: `raw/<table>/…/<file>.csv.gz` or `….json.gz`.
///
/// It comes from outside, so it is parsed and checked once, here: the table's name becomes a prefix, the stem a part of a
/// file's name.
public struct RawKey: Sendable, Hashable {
    public let text: String
    public let table: String
    public let format: ControlRecord.FileFormat

    /// - Throws: ``ControlError/invalidKey(_:reason:)`` that says what is wrong with the key.
    public init(_ key: String) throws(ControlError) {
        func refuse(_ reason: String) -> ControlError { .invalidKey(key, reason: reason) }

        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || $0.value == 0x7F }
        guard !key.unicodeScalars.contains(where: isControl) else { throw refuse("it has a control character") }
        let segments = key.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.first == "raw", segments.count >= 3 else { throw refuse("expected raw/<table>/<file>") }
        guard segments.allSatisfy({ !$0.isEmpty }) else { throw refuse("it has an empty segment") }
        guard segments.allSatisfy({ $0 != "." && $0 != ".." }) else { throw refuse("it has the segment . or ..") }
        guard TableName.isValid(segments[1]) else { throw refuse("\(segments[1]) is not a table name") }
        if key.hasSuffix(".csv.gz") {
            format = .csv
        } else if key.hasSuffix(".json.gz") {
            format = .json
        } else {
            throw refuse("expected .csv.gz or .json.gz at its end")
        }
        text = key
        table = String(segments[1])
    }
}

enum TableName {
    /// A lowercase letter, then up to 62 lowercase letters, digits or underscores.
    static func isValid(_ name: some StringProtocol) -> Bool {
        let mayStand: (UInt8) -> Bool = {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
        }
        guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return name.utf8.count <= 63 && name.utf8.allSatisfy(mayStand)
    }
}
