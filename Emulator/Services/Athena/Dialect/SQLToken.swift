/// A word, name, literal or sign of a statement.
struct SQLToken: Sendable {
    enum Kind: Sendable {
        /// A keyword or a name without quotation marks.
        case word
        case quotedName
        case string
        case binary
        case integer
        case decimal
        case double
        case sign
        /// The end of the text.
        case end
    }

    let kind: Kind
    /// Without quotation marks.
    let text: String
    /// In capitals, if it is a word.
    let keyword: String
    /// The first byte.
    let offset: Int
    /// The byte behind the last.
    let end: Int

    /// The token as an error cites it.
    var cited: String { kind == .end ? "<EOF>" : text }
}

/// Takes a statement apart.
///
/// - SeeAlso: <https://github.com/trinodb/trino/blob/master/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4>
struct SQLScanner {
    private let bytes: [UInt8]
    private var place = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    static func tokens(of text: String) throws(SQLProblem) -> [SQLToken] {
        var scanner = SQLScanner(text)
        var tokens: [SQLToken] = []
        while true {
            let token = try scanner.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        place + distance < bytes.count ? bytes[place + distance] : nil
    }

    private mutating func next() throws(SQLProblem) -> SQLToken {
        try skipBlanks()
        let start = place
        guard let byte = peek() else { return token(.end, "", from: start) }
        switch byte {
        case UInt8(ascii: "'"):
            let text = try quoted(by: byte, "text")
            return token(.string, text, from: start)
        case UInt8(ascii: "\""), UInt8(ascii: "`"):
            let name = try quoted(by: byte, "name")
            guard !name.isEmpty else {
                throw SQLProblem(kind: .syntax, offset: start, reason: "Zero-length delimited identifier not allowed")
            }
            return token(.quotedName, name, from: start)
        case UInt8(ascii: "X"), UInt8(ascii: "x"):
            guard peek(1) == UInt8(ascii: "'") else { return word() }
            place += 1
            let digits = try quoted(by: UInt8(ascii: "'"), "binary literal")
            return token(.binary, digits, from: start)
        case _ where byte.isDigit || byte == UInt8(ascii: ".") && peek(1)?.isDigit == true: return try number()
        case _ where byte.isLetter: return word()
        default: return try sign()
        }
    }

    private mutating func skipBlanks() throws(SQLProblem) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): place += 1
            case UInt8(ascii: "-") where peek(1) == byte:
                while let byte = peek(), byte != UInt8(ascii: "\n") { place += 1 }
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                let start = place
                place += 2
                while !(peek() == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) {
                    guard peek() != nil else {
                        throw SQLProblem(kind: .syntax, offset: start, reason: "the comment has no end; expected */")
                    }
                    place += 1
                }
                place += 2
            default: return
            }
        }
    }

    private func token(_ kind: SQLToken.Kind, _ text: String, from start: Int) -> SQLToken {
        SQLToken(kind: kind, text: text, keyword: kind == .word ? text.uppercased() : "", offset: start, end: place)
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<place], as: UTF8.self) }

    private mutating func word() -> SQLToken {
        let start = place
        while let byte = peek(), byte.isLetter || byte.isDigit || byte == UInt8(ascii: "$") { place += 1 }
        return token(.word, text(from: start), from: start)
    }

    private mutating func number() throws(SQLProblem) -> SQLToken {
        let start = place
        var kind = SQLToken.Kind.integer
        while peek()?.isDigit == true { place += 1 }
        if peek() == UInt8(ascii: ".") {
            kind = .decimal
            place += 1
            while peek()?.isDigit == true { place += 1 }
        }
        if let exponent = peek(), exponent | 0x20 == UInt8(ascii: "e") {
            let signed = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            if peek(signed ? 2 : 1)?.isDigit == true {
                kind = .double
                place += signed ? 2 : 1
                while peek()?.isDigit == true { place += 1 }
            }
        }
        if let byte = peek(), byte.isLetter {
            throw SQLProblem(
                kind: .syntax, offset: start,
                reason: "identifiers must not start with a digit; surround it with double quotes")
        }
        return token(kind, text(from: start), from: start)
    }

    private mutating func quoted(by mark: UInt8, _ what: String) throws(SQLProblem) -> String {
        let start = place
        var content: [UInt8] = []
        place += 1
        while let byte = peek() {
            place += 1
            if byte == mark {
                guard peek() == mark else { return String(decoding: content, as: UTF8.self) }
                place += 1
            }
            content.append(byte)
        }
        throw SQLProblem(kind: .syntax, offset: start, reason: "the \(what) has no end")
    }

    private static let signs: [String] = [
        "<>", "!=", "<=", ">=", "||", "->", "=>", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "%", "=", "<", ">",
        "?", ";", ":", "{", "}", "|", "^",
    ]

    private mutating func sign() throws(SQLProblem) -> SQLToken {
        for sign in Self.signs where bytes[place...].starts(with: sign.utf8) {
            let start = place
            place += sign.utf8.count
            return token(.sign, sign, from: start)
        }
        let character = String(decoding: bytes[place...].prefix(4), as: UTF8.self).first.map { "\($0)" } ?? ""
        throw SQLProblem(kind: .syntax, offset: place, reason: "the character '\(character)' is not expected here")
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isLetter: Bool {
        let lower = self | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) || self == UInt8(ascii: "_") || self >= 0x80
    }
}
