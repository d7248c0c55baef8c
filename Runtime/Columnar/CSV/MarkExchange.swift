internal import Contracts

/// Exchanges the dialect's quote with `"`, and its escape with a backslash, so that the kernels and the careful paths meet the
/// usual marks alone. Done twice, it restores the text.
///
/// Where a quote is text, it changes places with NUL, which no text has.
struct MarkExchange: Sendable {
    private let quote: UInt8
    private let escape: UInt8

    /// Nil if the dialect has the usual marks.
    init?(_ dialect: CSVDialect) {
        quote = dialect.quote ?? 0
        escape = dialect.escape ?? UInt8(ascii: "\\")
        guard quote != UInt8(ascii: "\"") || escape != UInt8(ascii: "\\") else { return nil }
    }

    func apply(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        Self.exchange(quote, UInt8(ascii: "\""), in: bytes)
        if escape != UInt8(ascii: "\\") { Self.exchange(escape, UInt8(ascii: "\\"), in: bytes) }
    }

    func applied(to text: some Sequence<UInt8>) -> [UInt8] {
        var text = Array(text)
        text.withUnsafeMutableBufferPointer { apply($0) }
        return text
    }

    /// Whether a text has a mark that is exchanged.
    func changes(_ text: FieldText) -> Bool {
        text.contains { $0 == quote || $0 == escape || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    }

    /// Without branches, so that the compiler takes many bytes at once.
    private static func exchange(_ one: UInt8, _ other: UInt8, in bytes: UnsafeMutableBufferPointer<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            bytes[index] = byte == one ? other : byte == other ? one : byte
        }
    }
}
