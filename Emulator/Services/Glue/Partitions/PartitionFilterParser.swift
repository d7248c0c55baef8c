internal import EmulatorCore

/// Reads a ``PartitionFilter``'s expression.
struct PartitionFilterParser {
    private static let depthLimit = 100

    private enum Token: Hashable {
        /// A name or a keyword, in lower case.
        case word(String)
        case quotedName(String)
        case literal(String)
        case symbol(String)
    }

    private let text: String
    private let keys: [PartitionKey]
    private var tokens: ArraySlice<Token>

    init(_ text: String, keys: [PartitionKey]) throws(AWSFault) {
        self.text = text
        self.keys = keys
        guard let tokens = Self.tokens(of: text) else { throw Self.unsupported(text) }
        self.tokens = tokens[...]
    }

    mutating func parse() throws(AWSFault) -> PartitionFilter.Condition {
        let condition = try alternatives(depth: 0)
        guard tokens.isEmpty else { throw unsupported }
        return condition
    }

    private static func unsupported(_ text: String) -> AWSFault { .invalidInput("Unsupported expression '\(text)'") }
    private var unsupported: AWSFault { Self.unsupported(text) }

    // MARK: Grammar

    private mutating func alternatives(depth: Int) throws(AWSFault) -> PartitionFilter.Condition {
        var condition = try conjunction(depth: depth)
        while take(.word("or")) { condition = .or(condition, try conjunction(depth: depth)) }
        return condition
    }

    private mutating func conjunction(depth: Int) throws(AWSFault) -> PartitionFilter.Condition {
        var condition = try factor(depth: depth)
        while take(.word("and")) { condition = .and(condition, try factor(depth: depth)) }
        return condition
    }

    private mutating func factor(depth: Int) throws(AWSFault) -> PartitionFilter.Condition {
        guard depth < Self.depthLimit else { throw unsupported }
        if take(.word("not")) { return .not(try factor(depth: depth + 1)) }
        if take(.symbol("(")) {
            let condition = try alternatives(depth: depth + 1)
            try expect(.symbol(")"))
            return condition
        }
        return try predicate()
    }

    private mutating func predicate() throws(AWSFault) -> PartitionFilter.Condition {
        let key = try column()
        if take(.word("is")) {
            let isNegated = take(.word("not"))
            try expect(.word("null"))
            return isNegated ? .not(.isNull(key)) : .isNull(key)
        }
        let isNegated = take(.word("not"))
        let condition = try comparison(of: key, mustBeWord: isNegated)
        return isNegated ? .not(condition) : condition
    }

    private mutating func comparison(of key: Int, mustBeWord: Bool) throws(AWSFault) -> PartitionFilter.Condition {
        switch tokens.popFirst() {
        case .word("in")?:
            try expect(.symbol("("))
            var literals = [try literal(for: key)]
            while take(.symbol(",")) { literals.append(try literal(for: key)) }
            try expect(.symbol(")"))
            return .isOneOf(key, literals)
        case .word("between")?:
            let low = try literal(for: key)
            try expect(.word("and"))
            return .isBetween(key, low, try literal(for: key))
        case .word("like")?:
            if let refusal = keys[key].likeRefusal { throw .invalidInput(refusal) }
            guard case .literal(let pattern)? = tokens.popFirst() else { throw unsupported }
            return .isLike(key, pattern)
        case .symbol(let symbol)? where !mustBeWord:
            guard let comparison = PartitionFilter.Comparison(rawValue: symbol == "!=" ? "<>" : symbol) else {
                throw unsupported
            }
            return .compare(key, comparison, try literal(for: key))
        default: throw unsupported
        }
    }

    private mutating func column() throws(AWSFault) -> Int {
        let name: String
        switch tokens.popFirst() {
        case .word(let word)?: name = word
        case .quotedName(let quoted)?: name = quoted.lowercased()
        default: throw unsupported
        }
        guard let key = keys.firstIndex(where: { $0.name == name }) else {
            throw .invalidInput("Invalid partition expression!")
        }
        return key
    }

    private mutating func literal(for key: Int) throws(AWSFault) -> PartitionValue {
        guard case .literal(let text)? = tokens.popFirst() else { throw unsupported }
        do throws(InvalidValue) {
            guard let value = try keys[key].value(text) else { throw InvalidValue("\(text) stands for null") }
            return value
        } catch { throw .invalidInput(error.reason) }
    }

    private mutating func take(_ token: Token) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func expect(_ token: Token) throws(AWSFault) {
        guard take(token) else { throw unsupported }
    }

    // MARK: Tokens

    /// - Returns: nil if a quote is not closed, or for a character that no expression has.
    private static func tokens(of text: String) -> [Token]? {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "'" || first == "\"" {
                guard let quoted = quoted(&rest, first) else { return nil }
                tokens.append(first == "'" ? .literal(quoted) : .quotedName(quoted))
            } else if first.isLetter || first == "_" {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                rest.removeFirst(word.count)
                tokens.append(.word(word.lowercased()))
            } else if first.isNumber || "+-.".contains(first) {
                let number = rest.prefix { $0.isNumber || "+-.".contains($0) }
                rest.removeFirst(number.count)
                tokens.append(.literal(String(number)))
            } else if let symbol = ["<>", "<=", ">=", "!=", "<", ">", "=", "(", ")", ","].first(where: rest.hasPrefix) {
                rest.removeFirst(symbol.count)
                tokens.append(.symbol(symbol))
            } else {
                return nil
            }
        }
        return tokens
    }

    /// Takes a quoted text; two quotes in it stand for one.
    private static func quoted(_ rest: inout Substring, _ quote: Character) -> String? {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            guard character == quote else {
                text.append(character)
                continue
            }
            guard rest.first == quote else { return text }
            text.append(rest.removeFirst())
        }
        return nil
    }
}
