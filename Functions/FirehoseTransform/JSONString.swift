internal import JSON

/// A JSON string as it is written, without its quotes.
struct JSONString {
    let written: ByteSlice
    let hasEscapes: Bool

    /// - Parameter value: a string that a scan of `text` found.
    init(_ value: JSONScanner.Value, in text: ByteSlice) {
        written = text[value.range]
        hasEscapes = value.needsCare
    }

    /// Whether the string is `text`, with or without escapes.
    @inline(__always)
    func says(_ text: StaticString) -> Bool {
        hasEscapes ? string == "\(text)" : written.equals(text)
    }

    func says(_ text: [UInt8]) -> Bool {
        hasEscapes ? Array(string.utf8) == text : written.equals(text)
    }

    /// The decoded text.
    var string: String {
        guard hasEscapes else { return written.string }
        let quote = [UInt8(ascii: "\"")]
        return (try? JSON(parsing: quote + written.bytes + quote))?.string ?? written.string
    }
}
