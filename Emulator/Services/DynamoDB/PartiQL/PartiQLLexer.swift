internal import EmulatorCore

/// A token of a PartiQL statement.
struct PartiQLToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// A word without quotation marks: a keyword or a name.
        case word
        /// A name in double quotation marks.
        case quotedName
        case string
        case number
        case symbol
        case end
    }

    var kind: Kind
    var text: String

    func isKeyword(_ keyword: String) -> Bool { kind == .word && text.uppercased() == keyword }
    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
}

/// Splits a statement into tokens.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>
struct PartiQLLexer {
    private let text: [UInt8]
    private var at = 0

    /// The tokens of `statement`; the last one is always the end.
    /// - Throws: the service's error for text that begins no token.
    static func tokens(of statement: String) throws(DynamoDBFault) -> [PartiQLToken] {
        var lexer = PartiQLLexer(text: Array(statement.utf8))
        var tokens: [PartiQLToken] = []
        repeat { tokens.append(try lexer.next()) } while tokens[tokens.count - 1].kind != .end
        return tokens
    }

    private init(text: [UInt8]) { self.text = text }

    private var rest: ArraySlice<UInt8> { text[at...] }

    private mutating func next() throws(DynamoDBFault) -> PartiQLToken {
        try skipSpace()
        guard let byte = rest.first else { return PartiQLToken(kind: .end, text: "") }
        switch byte {
        case UInt8(ascii: "'"): return PartiQLToken(kind: .string, text: try quoted(byte))
        case UInt8(ascii: "\""): return PartiQLToken(kind: .quotedName, text: try quoted(byte))
        case 0x30...0x39: return number()
        case let byte where Self.isWordPart(byte): return token(.word, count: rest.prefix(while: Self.isWordPart).count)
        default: break
        }
        for symbol in Self.longSymbols where rest.starts(with: symbol.utf8) { return token(.symbol, count: 2) }
        guard Self.symbols.contains(byte) else { throw .notWellFormed("") }
        return token(.symbol, count: 1)
    }

    private static let longSymbols = ["<<", ">>", "<=", ">=", "<>", "!="]
    private static let symbols = Set("=<>(),.[]{}:?*+-;".utf8)

    private static func isWordPart(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private mutating func token(_ kind: PartiQLToken.Kind, count: Int) -> PartiQLToken {
        defer { at += count }
        return PartiQLToken(kind: kind, text: String(decoding: rest.prefix(count), as: UTF8.self))
    }

    /// Skips spaces, `-- comments` and `/* comments */`.
    private mutating func skipSpace() throws(DynamoDBFault) {
        while let byte = rest.first {
            if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                at += 1
            } else if rest.starts(with: "--".utf8) {
                at += rest.prefix { $0 != 0x0A }.count
            } else if rest.starts(with: "/*".utf8) {
                var end = at + 2
                while end + 1 < text.count, text[end] != UInt8(ascii: "*") || text[end + 1] != UInt8(ascii: "/") {
                    end += 1
                }
                guard end + 1 < text.count else { throw .notWellFormed("") }
                at = end + 2
            } else {
                return
            }
        }
    }

    /// The text between two `mark`s, where a doubled mark stands for one.
    private mutating func quoted(_ mark: UInt8) throws(DynamoDBFault) -> String {
        var bytes: [UInt8] = []
        at += 1
        while let byte = rest.first {
            at += 1
            if byte == mark {
                guard rest.first == mark else { return String(decoding: bytes, as: UTF8.self) }
                at += 1
            }
            bytes.append(byte)
        }
        throw .notWellFormed("")
    }

    private mutating func number() -> PartiQLToken {
        var end = at
        func digits() { while end < text.count, (0x30...0x39).contains(text[end]) { end += 1 } }
        digits()
        if end < text.count, text[end] == UInt8(ascii: ".") {
            end += 1
            digits()
        }
        if end < text.count, text[end] | 0x20 == UInt8(ascii: "e") {
            let mark = end
            end += 1
            if end < text.count, text[end] == UInt8(ascii: "-") || text[end] == UInt8(ascii: "+") { end += 1 }
            let first = end
            digits()
            if end == first { end = mark }
        }
        return token(.number, count: end - at)
    }
}

extension DynamoDBFault {
    /// The error for a statement that cannot be parsed.
    static func notWellFormed(_ detail: String) -> DynamoDBFault {
        .validation("Statement wasn't well formed, can't be processed: \(detail)")
    }
}
