internal import EmulatorCore

/// A parsed update: sections of actions on paths.
struct UpdateSyntax: Sendable {
    enum Section: String, Sendable, CaseIterable {
        case set = "SET"
        case remove = "REMOVE"
        case add = "ADD"
        case delete = "DELETE"
    }

    indirect enum Operand: Sendable {
        case path(PathSyntax)
        case value(String)
        case function(String, [Operand])
        /// `+` or `-`
        case sum(String, Operand, Operand)
    }

    struct Action: Sendable {
        var section: Section
        var path: PathSyntax
        /// Nil for REMOVE.
        var operand: Operand?
    }

    var actions: [Action] = []
    /// The section that occurs twice.
    var repeatedSection: Section?
}

/// Parses update expressions.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
struct UpdateParser {
    private var tokens: ExpressionTokens
    private var update = UpdateSyntax()
    private var seen: Set<UpdateSyntax.Section> = []

    static func parse(_ expression: String) throws(ExpressionError) -> UpdateSyntax {
        var parser = UpdateParser(tokens: try ExpressionTokens(expression))
        repeat { try parser.parseSection() } while parser.tokens.current.kind != .end
        return parser.update
    }

    private init(tokens: ExpressionTokens) { self.tokens = tokens }

    private mutating func parseSection() throws(ExpressionError) {
        let word = tokens.current
        guard word.kind == .identifier, let section = UpdateSyntax.Section(rawValue: word.text.uppercased()) else {
            throw tokens.syntaxError()
        }
        tokens.advance()
        if !seen.insert(section).inserted { update.repeatedSection = update.repeatedSection ?? section }
        repeat {
            let path = try parsePath()
            switch section {
            case .set:
                try tokens.expect(symbol: "=")
                update.actions.append(.init(section: section, path: path, operand: try parseSetValue()))
            case .remove:
                update.actions.append(.init(section: section, path: path))
            case .add, .delete:
                guard tokens.current.kind == .valuePlaceholder else { throw tokens.syntaxError() }
                update.actions.append(.init(section: section, path: path, operand: .value(tokens.current.text)))
                tokens.advance()
            }
        } while tokens.take(symbol: ",")
    }

    private mutating func parsePath() throws(ExpressionError) -> PathSyntax {
        let token = tokens.current
        if token.kind == .identifier, UpdateSyntax.Section(rawValue: token.text.uppercased()) != nil {
            throw tokens.syntaxError()
        }
        return try PathSyntax.parse(&tokens)
    }

    private mutating func parseSetValue() throws(ExpressionError) -> UpdateSyntax.Operand {
        let left = try parseOperand()
        for symbol in ["+", "-"] where tokens.take(symbol: symbol) { return .sum(symbol, left, try parseOperand()) }
        return left
    }

    private mutating func parseOperand() throws(ExpressionError) -> UpdateSyntax.Operand {
        let token = tokens.current
        switch token.kind {
        case .symbol where token.text == "(":
            tokens.advance()
            try tokens.enter()
            let inner = try parseSetValue()
            tokens.leave()
            try tokens.expect(symbol: ")")
            return inner
        case .valuePlaceholder:
            tokens.advance()
            return .value(token.text)
        case .identifier where tokens.following.isSymbol("("):
            tokens.advance()
            tokens.advance()
            try tokens.enter()
            var arguments = [try parseOperand()]
            while tokens.take(symbol: ",") { arguments.append(try parseOperand()) }
            try tokens.expect(symbol: ")")
            tokens.leave()
            return .function(token.text, arguments)
        default:
            return .path(try parsePath())
        }
    }
}
