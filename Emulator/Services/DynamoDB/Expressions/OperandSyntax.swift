internal import EmulatorCore

/// A parsed document path, whose placeholders are not resolved.
struct PathSyntax: Sendable {
    enum Step: Sendable {
        case name(String)
        case placeholder(String)
        case element(Int)
    }

    var steps: [Step]

    /// The first reserved word among the names, in its original case.
    var reservedWord: String? {
        for case .name(let name) in steps where ReservedWords.contain(name) { return name }
        return nil
    }

    func resolved(by placeholders: inout Placeholders) throws(ExpressionError) -> DocumentPath {
        var path = DocumentPath(attribute: "")
        for (position, step) in steps.enumerated() {
            switch step {
            case .element(let index): path.steps.append(.element(index))
            case .name(let name): path.append(name, at: position)
            case .placeholder(let name): path.append(try placeholders.attributeName(for: name), at: position)
            }
        }
        return path
    }

    /// `name(.name|[index])*`
    static func parse(_ tokens: inout ExpressionTokens) throws(ExpressionError) -> PathSyntax {
        var steps = [try name(&tokens)]
        while true {
            if tokens.take(symbol: ".") {
                steps.append(try name(&tokens))
            } else if tokens.take(symbol: "[") {
                guard tokens.current.kind == .number else { throw tokens.syntaxError() }
                guard let index = Int(tokens.current.text), index <= indexLimit else {
                    throw ExpressionError(
                        "List index is not within the allowable range; index: [\(tokens.current.text)]")
                }
                tokens.advance()
                try tokens.expect(symbol: "]")
                steps.append(.element(index))
            } else {
                break
            }
        }
        guard steps.count <= depthLimit else {
            throw ExpressionError(
                "The document path has too many nesting elements; nesting levels: \(steps.count)")
        }
        return PathSyntax(steps: steps)
    }

    private static let indexLimit = Int(Int32.max)
    private static let depthLimit = 32

    private static func name(_ tokens: inout ExpressionTokens) throws(ExpressionError) -> Step {
        let token = tokens.current
        switch token.kind {
        case .identifier:
            tokens.advance()
            return .name(token.text)
        case .namePlaceholder:
            tokens.advance()
            return .placeholder(token.text)
        default: throw tokens.syntaxError()
        }
    }
}

extension DocumentPath {
    fileprivate mutating func append(_ name: String, at position: Int) {
        if position == 0 { attribute = name } else { steps.append(.member(name)) }
    }
}
