/// How numbers are written by people: the marks between thousands and before decimals, a currency or a percent sign, and how
/// negative ones look.
public struct NumberFormat: Sendable, Hashable {
    /// What stands before decimals.
    public let point: UInt8
    /// What stands between groups of three digits; nil if nothing does.
    public let group: UInt8?
    /// What may stand before or behind the number, such as `$`, `EUR` or `%`; empty if nothing may.
    public let unit: [UInt8]
    /// Whether a number in parentheses is negative.
    public let hasParentheses: Bool
    /// Whether the minus may stand behind the number.
    public let hasTrailingMinus: Bool
    /// The number 1234.56, written so.
    public let example: String

    private static let plainExamples: [(text: String, point: UInt8, group: UInt8?)] = [
        ("1234.56", UInt8(ascii: "."), nil), ("1234,56", UInt8(ascii: ","), nil),
        ("1,234.56", UInt8(ascii: "."), UInt8(ascii: ",")), ("1.234,56", UInt8(ascii: ","), UInt8(ascii: ".")),
        ("1 234,56", UInt8(ascii: ","), UInt8(ascii: " ")), ("1 234.56", UInt8(ascii: "."), UInt8(ascii: " ")),
        ("1'234.56", UInt8(ascii: "."), UInt8(ascii: "'")), ("1'234,56", UInt8(ascii: ","), UInt8(ascii: "'")),
    ]

    /// What a format may look like, for messages.
    static let expectation =
        "expected the number 1234.56 as the file writes it: "
        + plainExamples.map(\.text).joined(separator: ", ")
        + ", maybe with a currency or % before or behind it, in parentheses if negative numbers are, or with a - behind it"

    /// Nil if the text is not the number 1234.56 in a form that is known.
    public init?(example: String) {
        var text = Substring(example)
        hasParentheses = text.first == "(" && text.last == ")" && text.count > 2
        if hasParentheses { text = text.dropFirst().dropLast() }
        hasTrailingMinus = text.last == "-"
        if hasTrailingMinus { text = text.dropLast() }
        guard let first = text.firstIndex(where: Self.isDigit), let last = text.lastIndex(where: Self.isDigit) else {
            return nil
        }
        let number = text[first...last]
        guard let plain = Self.plainExamples.first(where: { $0.text == number }) else { return nil }
        let units = [text[..<first], text[text.index(after: last)...]].map(Self.trimmed).filter { !$0.isEmpty }
        guard units.count <= 1, units.allSatisfy(Self.isUnit) else { return nil }
        (point, group) = (plain.point, plain.group)
        unit = units.first.map { Array($0.utf8) } ?? []
        self.example = example
    }

    /// Whether numbers are written as computers write them.
    public var isPlain: Bool { example == "1234.56" }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func isUnit(_ text: Substring) -> Bool {
        text.utf8.count <= 12 && !text.utf8.contains { "+-.,'\"()\\ 0123456789".utf8.contains($0) || $0 < 0x20 }
    }
}
