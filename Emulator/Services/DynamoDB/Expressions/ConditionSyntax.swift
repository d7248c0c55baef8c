internal import EmulatorCore

/// A parsed condition, before names and values are resolved and types are checked.
indirect enum ConditionSyntax: Sendable {
    case or(ConditionSyntax, ConditionSyntax)
    case and(ConditionSyntax, ConditionSyntax)
    case not(ConditionSyntax)
    case comparison(String, ConditionSyntax, ConditionSyntax)
    case between(ConditionSyntax, ConditionSyntax, ConditionSyntax)
    case member(ConditionSyntax, of: [ConditionSyntax])
    case function(String, [ConditionSyntax])
    case path(PathSyntax)
    case value(String)

    /// Whether it can be the operand of a comparator. A function can; whether this function may is checked later.
    fileprivate var isOperand: Bool {
        switch self {
        case .function, .path, .value: true
        default: false
        }
    }

    /// Whether it can be the operand of AND.
    fileprivate var isCondition: Bool {
        switch self {
        case .path, .value: false
        default: true
        }
    }
}

/// Parses conditions. In ascending order of precedence: OR, AND, NOT, comparisons.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>
struct ConditionParser {
    private var tokens: ExpressionTokens
    /// The tokens of the last parenthesised group.
    private var lastGroup: Range<Int>?
    private var redundantParentheses = false
    private var operators = 0

    private static let operatorLimit = 300
    private static let comparators = ["=", "<>", "<", "<=", ">", ">="]

    static func parse(_ expression: String) throws(ExpressionError) -> ConditionSyntax {
        var parser = ConditionParser(tokens: try ExpressionTokens(expression))
        let condition = try parser.parseOr()
        guard condition.isCondition else { throw parser.tokens.syntaxError() }
        try parser.tokens.expectEnd()
        if parser.redundantParentheses { throw ExpressionError("The expression has redundant parentheses;") }
        if parser.operators > operatorLimit {
            throw ExpressionError(
                "The expression contains too many operators; operator count: \(operatorLimit + 1)")
        }
        return condition
    }

    private init(tokens: ExpressionTokens) { self.tokens = tokens }

    private mutating func parseOr() throws(ExpressionError) -> ConditionSyntax {
        var left = try parseAnd()
        while tokens.current.isKeyword("OR") {
            left = .or(left, try parseRight(of: left) { parser throws(ExpressionError) in try parser.parseAnd() })
        }
        return left
    }

    private mutating func parseAnd() throws(ExpressionError) -> ConditionSyntax {
        var left = try parseNot()
        while tokens.current.isKeyword("AND") {
            left = .and(left, try parseRight(of: left) { parser throws(ExpressionError) in try parser.parseNot() })
        }
        return left
    }

    private mutating func parseRight(
        of left: ConditionSyntax, _ parse: (inout ConditionParser) throws(ExpressionError) -> ConditionSyntax
    ) throws(ExpressionError) -> ConditionSyntax {
        guard left.isCondition else { throw tokens.syntaxError() }
        tokens.advance()
        operators += 1
        let right = try parse(&self)
        guard right.isCondition else { throw tokens.syntaxError() }
        return right
    }

    private mutating func parseNot() throws(ExpressionError) -> ConditionSyntax {
        guard tokens.take(keyword: "NOT") else { return try parseComparison() }
        operators += 1
        try tokens.enter()
        let condition = try parseNot()
        tokens.leave()
        guard condition.isCondition else { throw tokens.syntaxError() }
        return .not(condition)
    }

    private mutating func parseComparison() throws(ExpressionError) -> ConditionSyntax {
        let left = try parsePrimary()
        guard left.isOperand else { return left }
        let token = tokens.current
        if token.kind == .symbol, Self.comparators.contains(token.text) {
            tokens.advance()
            operators += 1
            return .comparison(token.text, left, try parseOperand())
        }
        if tokens.take(keyword: "BETWEEN") {
            operators += 1
            let lower = try parseOperand()
            guard tokens.take(keyword: "AND") else { throw tokens.syntaxError() }
            return .between(left, lower, try parseOperand())
        }
        if tokens.take(keyword: "IN") {
            operators += 1
            try tokens.expect(symbol: "(")
            return .member(left, of: try parseArguments())
        }
        return left
    }

    private mutating func parseOperand() throws(ExpressionError) -> ConditionSyntax {
        let operand = try parsePrimary()
        guard operand.isOperand else { throw tokens.syntaxError() }
        return operand
    }

    /// The arguments of a function or of IN, after the opening parenthesis, and the closing one.
    private mutating func parseArguments() throws(ExpressionError) -> [ConditionSyntax] {
        var arguments = [try parseOperand()]
        while tokens.take(symbol: ",") { arguments.append(try parseOperand()) }
        try tokens.expect(symbol: ")")
        return arguments
    }

    private mutating func parsePrimary() throws(ExpressionError) -> ConditionSyntax {
        let token = tokens.current
        switch token.kind {
        case .symbol where token.text == "(":
            return try parseParenthesized()
        case .valuePlaceholder:
            tokens.advance()
            return .value(token.text)
        case .identifier where Self.keywords.contains(token.text.uppercased()):
            throw tokens.syntaxError()
        case .identifier where tokens.following.isSymbol("("):
            tokens.advance()
            tokens.advance()
            try tokens.enter()
            let arguments = try parseArguments()
            tokens.leave()
            return .function(token.text, arguments)
        case .identifier, .namePlaceholder:
            return .path(try PathSyntax.parse(&tokens))
        default:
            throw tokens.syntaxError()
        }
    }

    private static let keywords: Set<String> = ["AND", "OR", "NOT", "BETWEEN", "IN"]

    private mutating func parseParenthesized() throws(ExpressionError) -> ConditionSyntax {
        let start = tokens.at
        tokens.advance()
        try tokens.enter()
        let inner = try parseOr()
        tokens.leave()
        if let lastGroup, lastGroup == start + 1..<tokens.at { redundantParentheses = true }
        try tokens.expect(symbol: ")")
        lastGroup = start..<tokens.at
        return inner
    }
}
