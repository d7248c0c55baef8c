internal import JSON

struct JSONataToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case name(String)
        case variable(String)
        case string(String)
        case number(JSONNumber)
        case regex(JSONataRegex)
        case symbol(String)
        case end
    }

    let kind: Kind
    let position: Int
}

struct JSONataLexer {
    private let text: [Character]
    private var at = 0
    private var tokens: [JSONataToken] = []

    static func tokens(of text: String) throws(JSONataFault) -> [JSONataToken] {
        var lexer = JSONataLexer(text: Array(text))
        try lexer.readAll()
        return lexer.tokens
    }

    private init(text: [Character]) { self.text = text }

    private static let symbols = [
        "**", "..", ":=", "!=", "<=", ">=", "~>", "?:", "??", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";",
        ":",
        "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^", "&", "!", "~",
    ]

    private mutating func readAll() throws(JSONataFault) {
        while true {
            try skipSpace()
            guard at < text.count else { break }
            let start = at
            tokens.append(JSONataToken(kind: try readToken(), position: start))
        }
        tokens.append(JSONataToken(kind: .end, position: text.count))
    }

    private mutating func skipSpace() throws(JSONataFault) {
        while at < text.count {
            if text[at].isWhitespace {
                at += 1
            } else if text[at] == "/", at + 1 < text.count, text[at + 1] == "*" {
                at += 2
                while at + 1 < text.count, text[at] != "*" || text[at + 1] != "/" { at += 1 }
                guard at + 1 < text.count else { throw JSONataFault("S0106", "Comment has no closing tag") }
                at += 2
            } else {
                return
            }
        }
    }

    /// A slash starts a regular expression where a value is expected, and divides everywhere else.
    private var expectsValue: Bool {
        switch tokens.last?.kind {
        case nil: true
        case .symbol(let symbol)?: ![")", "]", "}"].contains(symbol)
        case .name("and")?, .name("or")?, .name("in")?: true
        default: false
        }
    }

    private mutating func readToken() throws(JSONataFault) -> JSONataToken.Kind {
        let character = text[at]
        if character == "/", expectsValue { return .regex(try readRegex()) }
        if character == "\"" || character == "'" { return .string(try readString(until: character)) }
        if character == "`" {
            at += 1
            guard let end = text[at...].firstIndex(of: "`") else {
                throw JSONataFault("S0105", "Quoted property name must be terminated with a backquote (`)")
            }
            defer { at = end + 1 }
            return .name(String(text[at..<end]))
        }
        if character.isASCII, character.isNumber, let number = readNumber() { return .number(number) }
        for symbol in Self.symbols where text[at...].starts(with: symbol) {
            at += symbol.count
            return .symbol(symbol)
        }
        return readWord()
    }

    private mutating func readWord() -> JSONataToken.Kind {
        let start = at
        while at < text.count, !text[at].isWhitespace, !Self.symbols.contains(String(text[at])) { at += 1 }
        let word = String(text[start..<at])
        return word.hasPrefix("$") ? .variable(String(word.dropFirst())) : .name(word)
    }

    private mutating func readNumber() -> JSONNumber? {
        var end = at
        func skipDigits() { while end < text.count, text[end].isASCII, text[end].isNumber { end += 1 } }
        skipDigits()
        if end + 1 < text.count, text[end] == ".", text[end + 1].isNumber {
            end += 1
            skipDigits()
        }
        if end < text.count, text[end] == "e" || text[end] == "E" {
            let mantissa = end
            end += 1
            if end < text.count, text[end] == "+" || text[end] == "-" { end += 1 }
            let exponent = end
            skipDigits()
            if end == exponent { end = mantissa }
        }
        guard let number = JSONNumber(String(text[at..<end])) else { return nil }
        at = end
        return number
    }

    private mutating func readString(until quote: Character) throws(JSONataFault) -> String {
        at += 1
        var result = ""
        while at < text.count {
            let character = text[at]
            at += 1
            if character == quote { return result }
            guard character == "\\" else {
                result.append(character)
                continue
            }
            guard at < text.count else { break }
            let escaped = text[at]
            at += 1
            let escapes: [Character: Character] = [
                "\"": "\"", "'": "'", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
            ]
            if let plain = escapes[escaped] {
                result.append(plain)
            } else if escaped == "u", at + 4 <= text.count,
                let code = UInt32(String(text[at..<at + 4]), radix: 16)
            {
                result.unicodeScalars.append(Unicode.Scalar(code) ?? "\u{FFFD}")
                at += 4
            } else if escaped == "u" {
                throw JSONataFault("S0104", "The escape sequence \\u must be followed by 4 hex digits")
            } else {
                throw JSONataFault("S0103", "Unsupported escape sequence: \\\(escaped)")
            }
        }
        throw JSONataFault("S0101", "String literal must be terminated by a matching quote")
    }

    private mutating func readRegex() throws(JSONataFault) -> JSONataRegex {
        at += 1
        var pattern = ""
        var depth = 0
        while at < text.count {
            let character = text[at]
            if character == "/", depth == 0 {
                at += 1
                guard !pattern.isEmpty else {
                    throw JSONataFault("S0301", "Empty regular expressions are not allowed")
                }
                var flags = ""
                while at < text.count, text[at] == "i" || text[at] == "m" {
                    flags.append(text[at])
                    at += 1
                }
                return try JSONataRegex(
                    pattern: pattern, ignoresCase: flags.contains("i"), isMultiline: flags.contains("m"))
            }
            if character == "\\", at + 1 < text.count {
                pattern.append(character)
                at += 1
            } else if "([{".contains(character) {
                depth += 1
            } else if ")]}".contains(character) {
                depth -= 1
            }
            pattern.append(text[at])
            at += 1
        }
        throw JSONataFault("S0302", "No terminating / in regular expression")
    }
}
