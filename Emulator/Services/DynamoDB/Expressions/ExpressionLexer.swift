internal import EmulatorCore

/// A token of an expression, with its position in the text.
struct ExpressionToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case identifier
        /// `#name`
        case namePlaceholder
        /// `:value`
        case valuePlaceholder
        case number
        case symbol
        /// A byte that begins no token.
        case unknown
        case end
    }

    var kind: Kind
    var text: String
    /// Offsets into the expression's UTF-8.
    var range: Range<Int>

    /// Compares without case, because keywords may have any case.
    func isKeyword(_ keyword: String) -> Bool { kind == .identifier && text.uppercased() == keyword }
    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
}

/// Splits an expression into tokens. Any other byte becomes a token of the kind ``ExpressionToken/Kind/unknown``, which
/// the parser refuses.
struct ExpressionLexer {
    private let text: [UInt8]
    private var at = 0

    private init(_ text: [UInt8]) { self.text = text }

    /// The tokens of `text`; the last one is always the end.
    static func tokens(of text: [UInt8]) -> [ExpressionToken] {
        var lexer = ExpressionLexer(text)
        var tokens: [ExpressionToken] = []
        repeat { tokens.append(lexer.next()) } while tokens[tokens.count - 1].kind != .end
        return tokens
    }

    private mutating func next() -> ExpressionToken {
        while at < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[at]) { at += 1 }
        guard at < text.count else { return ExpressionToken(kind: .end, text: "<EOF>", range: at..<at) }
        switch text[at] {
        case let byte where Self.isLetter(byte): return token(.identifier, while: Self.isWordPart)
        case UInt8(ascii: "#"): return placeholder(.namePlaceholder)
        case UInt8(ascii: ":"): return placeholder(.valuePlaceholder)
        case 0x30...0x39: return token(.number) { (0x30...0x39).contains($0) }
        case UInt8(ascii: "<"):
            let second = at + 1 < text.count ? text[at + 1] : 0
            return token(.symbol, length: [UInt8(ascii: "="), UInt8(ascii: ">")].contains(second) ? 2 : 1)
        case UInt8(ascii: ">"):
            return token(.symbol, length: at + 1 < text.count && text[at + 1] == UInt8(ascii: "=") ? 2 : 1)
        case let byte where Self.symbols.contains(byte): return token(.symbol, length: 1)
        default: return token(.unknown, length: 1)
        }
    }

    private mutating func placeholder(_ kind: ExpressionToken.Kind) -> ExpressionToken {
        guard at + 1 < text.count, Self.isWordPart(text[at + 1]) else { return token(.unknown, length: 1) }
        return token(kind, while: Self.isWordPart)
    }

    /// A token of the current byte and those after it that `belongs` accepts.
    private mutating func token(_ kind: ExpressionToken.Kind, while belongs: (UInt8) -> Bool) -> ExpressionToken {
        var end = at + 1
        while end < text.count, belongs(text[end]) { end += 1 }
        return token(kind, length: end - at)
    }

    private mutating func token(_ kind: ExpressionToken.Kind, length: Int) -> ExpressionToken {
        let range = at..<at + length
        at += length
        return ExpressionToken(kind: kind, text: String(decoding: text[range], as: UTF8.self), range: range)
    }

    private static let symbols = Set("=(),.[]+-".utf8)

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private static func isWordPart(_ byte: UInt8) -> Bool {
        isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }
}
