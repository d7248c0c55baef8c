public import RawFile

/// The key of a raw object: `raw/<table>/…/<file>`, whose name says format and compression as `RawFileName` reads it.
///
/// It comes from outside, so it is parsed and checked once, here: the table's name becomes a prefix, the stem a part of a
/// file's name.
public struct RawKey: Sendable, Hashable {
    public let text: String
    public let table: String
    /// What the name says about the content.
    public let file: RawFileName

    public var format: ControlRecord.FileFormat { file.format == .csv ? .csv : .json }

    /// - Throws: ``ControlError/invalidKey(_:reason:)`` that says what is wrong with the key, or
    ///   ``ControlError/unknownFormat(_:)``.
    public init(_ key: String) throws(ControlError) {
        func refuse(_ reason: String) -> ControlError { .invalidKey(key, reason: reason) }

        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || $0.value == 0x7F }
        guard !key.unicodeScalars.contains(where: isControl) else { throw refuse("it has a control character") }
        let segments = key.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.first == "raw", segments.count >= 3 else { throw refuse("expected raw/<table>/<file>") }
        guard segments.allSatisfy({ !$0.isEmpty }) else { throw refuse("it has an empty segment") }
        guard segments.allSatisfy({ $0 != "." && $0 != ".." }) else { throw refuse("it has the segment . or ..") }
        guard TableName.isValid(segments[1]) else { throw refuse("\(segments[1]) is not a table name") }
        guard let file = RawFileName(key) else { throw .unknownFormat(key) }
        self.file = file
        text = key
        table = String(segments[1])
    }

    /// The table of a key under `raw/` that is not a raw key; nil if its place is not a table's name.
    public static func table(of key: String) -> String? {
        let segments = key.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 3, segments[0] == "raw", TableName.isValid(segments[1]) else { return nil }
        return String(segments[1])
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
