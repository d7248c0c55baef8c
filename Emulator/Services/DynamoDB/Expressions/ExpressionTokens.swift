internal import EmulatorCore

/// Why an expression is invalid, in the service's words; the caller adds the name of the expression.
struct ExpressionError: Error, Equatable {
    /// The text of the older checks.
    var message: String
    /// The text of the current checks.
    var currentMessage: String

    init(_ message: String) {
        self.message = message
        currentMessage = message
    }

    init(older: String, current: String) {
        message = older
        currentMessage = current
    }
}

/// A cursor over the tokens of an expression.
struct ExpressionTokens {
    private let text: [UInt8]
    private let tokens: [ExpressionToken]
    /// The position of the current token.
    private(set) var at = 0
    private var depth = 0

    static let sizeLimit = 4096
    /// Protects the stack from hostile nesting.
    private static let depthLimit = 150

    init(_ expression: String) throws(ExpressionError) {
        text = Array(expression.utf8)
        guard !text.isEmpty else { throw ExpressionError("The expression can not be empty;") }
        guard text.count <= Self.sizeLimit else {
            let message = "Expression size has exceeded the maximum allowed size;"
            throw ExpressionError(older: "\(message) expression size: \(text.count)", current: message)
        }
        tokens = ExpressionLexer.tokens(of: text)
    }

    var current: ExpressionToken { tokens[at] }
    var following: ExpressionToken { tokens[min(at + 1, tokens.count - 1)] }

    mutating func advance() { if at < tokens.count - 1 { at += 1 } }

    mutating func take(symbol: String) -> Bool {
        guard current.isSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(keyword: String) -> Bool {
        guard current.isKeyword(keyword) else { return false }
        advance()
        return true
    }

    mutating func expect(symbol: String) throws(ExpressionError) {
        guard take(symbol: symbol) else { throw syntaxError() }
    }

    func expectEnd() throws(ExpressionError) {
        guard current.kind == .end else { throw syntaxError() }
    }

    /// Records one more level of nesting, until ``leave()``.
    mutating func enter() throws(ExpressionError) {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw ExpressionError("The expression is nested too deeply; nesting depth: \(depth)")
        }
    }

    mutating func leave() { depth -= 1 }

    /// The syntax error at the current token, which shows the token between its neighbours.
    func syntaxError() -> ExpressionError {
        let neighbours = tokens[max(at - 1, 0)...min(at + 1, tokens.count - 1)].filter { $0.kind != .end }
        let start = neighbours.first?.range.lowerBound ?? 0
        let end = neighbours.last?.range.upperBound ?? 0
        let near = String(decoding: text[start..<end], as: UTF8.self)
        return ExpressionError("Syntax error; token: \"\(current.text)\", near: \"\(near)\"")
    }
}
