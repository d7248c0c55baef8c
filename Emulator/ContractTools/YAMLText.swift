/// Writes text as YAML.
/// - SeeAlso: <https://yaml.org/spec/1.2.2/#73-flow-scalar-styles>
package enum YAMLText {
    /// A scalar that parses as this text and no other value.
    package static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
        }
        // Text that begins with a digit may be a number, and some words are booleans or null.
        let startsWithLetter = text.utf8.first.map { (0x61...0x7A).contains($0 | 0x20) } ?? false
        if isPlain, startsWithLetter, !words.contains(text.lowercased()) { return text }
        return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    private static let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]

    /// Text that stays on its line after a `#`, truncated if it is long.
    static func comment(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(40).map(escaped).joined()
        return text.unicodeScalars.count > 40 ? shown + "…" : shown
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": return "\\\(scalar)"
        // Control characters, other line breaks, byte order marks and noncharacters.
        case _ where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value),
            "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: return String(scalar)
        }
    }
}
