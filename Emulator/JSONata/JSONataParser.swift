internal import JSON

/// A Pratt parser for JSONata.
struct JSONataParser {
    private let tokens: [JSONataToken]
    private var at = 0
    private var depth = 0
    private(set) var usesTuples = false
    /// Deep enough for any expression that people write, shallow enough for a worker's stack.
    private static let depthLimit = 100

    init(_ tokens: [JSONataToken]) { self.tokens = tokens }

    mutating func parseWhole() throws(JSONataFault) -> JSONataNode {
        guard token.kind != .end else { throw JSONataFault("S0207", "Unexpected end of expression") }
        let node = try parse(minimum: 0)
        guard token.kind == .end else { throw unexpected() }
        return node
    }

    private var token: JSONataToken { tokens[at] }

    private func unexpected() -> JSONataFault {
        switch token.kind {
        case .end: JSONataFault("S0207", "Unexpected end of expression")
        case .symbol(let symbol): JSONataFault("S0201", "Syntax error: \"\(symbol)\"")
        case .name(let name): JSONataFault("S0201", "Syntax error: \"\(name)\"")
        default: JSONataFault("S0201", "Syntax error at position \(token.position)")
        }
    }

    private mutating func skip(_ symbol: String) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws(JSONataFault) {
        guard skip(symbol) else {
            guard token.kind != .end else {
                throw JSONataFault("S0203", "Expected \"\(symbol)\" before end of expression")
            }
            throw JSONataFault("S0202", "Expected \"\(symbol)\" at position \(token.position)")
        }
    }

    /// How tightly an infix operator holds its left side; 0 for what is none.
    private var power: Int {
        switch token.kind {
        case .symbol(let symbol):
            switch symbol {
            case ".": 75
            case "[", "(", "@", "#": 80
            case "{": 70
            case "*", "/", "%": 60
            case "+", "-", "&": 50
            case "=", "!=", "<", ">", "<=", ">=", "~>", "^", "?:", "??": 40
            case "?", "..": 20
            case ":=": 10
            default: 0
            }
        case .name("and"): 30
        case .name("or"): 25
        case .name("in"): 40
        default: 0
        }
    }

    private mutating func parse(minimum: Int) throws(JSONataFault) -> JSONataNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw JSONataFault("S0500", "The expression is nested too deeply") }
        var left = try parsePrefix()
        while power > minimum { left = try parseInfix(left) }
        return left
    }

    // MARK: What starts a value

    private mutating func parsePrefix() throws(JSONataFault) -> JSONataNode {
        let start = token.kind
        at += 1
        switch start {
        case .string(let text): return .literal(.string(text))
        case .number(let number): return .literal(.number(number))
        case .regex(let regex): return .regex(regex)
        case .variable(let name): return .variable(name)
        case .name("true"): return .literal(true)
        case .name("false"): return .literal(false)
        case .name("null"): return .literal(.null)
        case .name("function"), .name("λ"):
            if token.kind == .symbol("(") { return try parseLambda() }
            return .path(JSONataPath(steps: [JSONataStep(kind: .name("function"))]))
        case .name(let name): return .path(JSONataPath(steps: [JSONataStep(kind: .name(name))]))
        case .symbol(let symbol): return try parsePrefixSymbol(symbol)
        case .end:
            at -= 1
            throw unexpected()
        }
    }

    private mutating func parsePrefixSymbol(_ symbol: String) throws(JSONataFault) -> JSONataNode {
        switch symbol {
        case "-":
            let operand = try parse(minimum: 70)
            // There is one zero.
            if case .literal(.number(let number)) = operand, number.double == 0 { return operand }
            if case .literal(.number(let number)) = operand, !number.text.hasPrefix("-"),
                let negative = JSONNumber("-" + number.text)
            {
                return .literal(.number(negative))
            }
            return .negative(operand)
        case "*": return .path(JSONataPath(steps: [JSONataStep(kind: .wildcard)]))
        case "%":
            usesTuples = true
            return .path(JSONataPath(steps: [JSONataStep(kind: .parent)]))
        case "**": return .path(JSONataPath(steps: [JSONataStep(kind: .descendants)]))
        case "(":
            var nodes: [JSONataNode] = []
            while token.kind != .symbol(")") {
                nodes.append(try parse(minimum: 0))
                guard skip(";") else { break }
            }
            try expect(")")
            return .block(nodes)
        case "[":
            var nodes: [JSONataNode] = []
            while token.kind != .symbol("]") {
                var node = try parse(minimum: 20)
                if skip("..") { node = .binary(.range, node, try parse(minimum: 20)) }
                nodes.append(node)
                guard skip(",") else { break }
            }
            try expect("]")
            return .array(nodes)
        case "{": return .object(try parsePairs())
        case "|":
            let pattern = try parse(minimum: 20)
            try expect("|")
            let update = try parse(minimum: 20)
            let delete = skip(",") ? try parse(minimum: 20) : nil
            try expect("|")
            return .transform(pattern: pattern, update: update, delete: delete)
        default:
            at -= 1
            throw unexpected()
        }
    }

    private mutating func parsePairs() throws(JSONataFault) -> [JSONataPair] {
        var pairs: [JSONataPair] = []
        while token.kind != .symbol("}") {
            let key = try parse(minimum: 0)
            try expect(":")
            pairs.append(JSONataPair(key: key, value: try parse(minimum: 0)))
            guard skip(",") else { break }
        }
        try expect("}")
        return pairs
    }

    private mutating func parseLambda() throws(JSONataFault) -> JSONataNode {
        try expect("(")
        var parameters: [String] = []
        while case .variable(let name) = token.kind {
            at += 1
            parameters.append(name)
            guard skip(",") else { break }
        }
        guard skip(")") else { throw JSONataFault("S0208", "Parameter of function definition must be a variable name") }
        let signature = skip("<") ? try parseSignature() : nil
        try expect("{")
        let body = try parse(minimum: 0)
        try expect("}")
        return .lambda(JSONataParameters(names: parameters, signature: signature), body: body)
    }

    private mutating func parseSignature() throws(JSONataFault) -> JSONataSignature {
        var text = ""
        var open = 1
        while token.kind != .end {
            switch token.kind {
            case .symbol("<"): open += 1
            case .symbol(">"): open -= 1
            default: break
            }
            if open == 0 { break }
            switch token.kind {
            case .symbol(let symbol): text += symbol
            case .name(let name): text += name
            default: throw unexpected()
            }
            at += 1
        }
        try expect(">")
        return try JSONataSignature(text)
    }

    // MARK: What follows a value

    private mutating func parseInfix(_ left: JSONataNode) throws(JSONataFault) -> JSONataNode {
        let power = power
        let kind = token.kind
        at += 1
        guard case .symbol(let symbol) = kind else {
            guard case .name(let name) = kind, let word = JSONataOperator(rawValue: name) else { throw unexpected() }
            return .binary(word, left, try parse(minimum: power))
        }
        switch symbol {
        case ".": return try join(left, try parse(minimum: power))
        case "[": return try parsePredicate(of: left)
        case "{":
            let pairs = try parsePairs()
            return try group(left, by: pairs)
        case "(": return try parseCall(of: left)
        case "^": return try parseSort(of: left)
        case "?":
            let then = try parse(minimum: 0)
            let otherwise = skip(":") ? try parse(minimum: 0) : nil
            return .condition(left, then: then, else: otherwise)
        case ":=":
            guard case .variable(let name) = left else {
                throw JSONataFault("S0212", "The left side of := must be a variable name (start with $)")
            }
            let value = try parse(minimum: power - 1)
            guard case .lambda(var parameters, let body) = value else { return .bind(name, value) }
            parameters.function = name
            return .bind(name, .lambda(parameters, body: body))
        case "~>": return .apply(left, try parse(minimum: power))
        case "@", "#": return try parseBinding(symbol, of: left)
        default:
            guard let operation = JSONataOperator(rawValue: symbol) else {
                at -= 1
                throw unexpected()
            }
            return .binary(operation, left, try parse(minimum: power))
        }
    }

    private mutating func parseCall(of function: JSONataNode) throws(JSONataFault) -> JSONataNode {
        var arguments: [JSONataNode?] = []
        while token.kind != .symbol(")") {
            if token.kind == .symbol("?") {
                at += 1
                arguments.append(nil)
            } else {
                arguments.append(try parse(minimum: 0))
            }
            guard skip(",") else { break }
        }
        try expect(")")
        let given = arguments.compactMap { $0 }
        return given.count == arguments.count ? .call(function, given) : .partial(function, arguments)
    }

    private mutating func parsePredicate(of left: JSONataNode) throws(JSONataFault) -> JSONataNode {
        if skip("]") { return keepingArray(left) }
        let predicate = try parse(minimum: 0)
        try expect("]")
        switch left {
        case .path(var path):
            guard path.group == nil else {
                throw JSONataFault("S0209", "A predicate cannot follow a grouping expression in a step")
            }
            path.steps[path.steps.count - 1].predicates.append(predicate)
            return .path(path)
        case .filtered(let node, let predicates, let keepsArray, let group):
            return .filtered(node, predicates: predicates + [predicate], keepsArray: keepsArray, group: group)
        default: return .filtered(left, predicates: [predicate], keepsArray: false, group: nil)
        }
    }

    private func keepingArray(_ node: JSONataNode) -> JSONataNode {
        switch node {
        case .path(var path):
            path.keepsArray = true
            return .path(path)
        case .filtered(let inner, let predicates, _, let group):
            return .filtered(inner, predicates: predicates, keepsArray: true, group: group)
        default: return .filtered(node, predicates: [], keepsArray: true, group: nil)
        }
    }

    private func group(_ node: JSONataNode, by pairs: [JSONataPair]) throws(JSONataFault) -> JSONataNode {
        switch node {
        case .path(var path):
            guard path.group == nil else {
                throw JSONataFault("S0210", "Each step can only have one grouping expression")
            }
            path.group = pairs
            return .path(path)
        case .filtered(let inner, let predicates, let keepsArray, _):
            return .filtered(inner, predicates: predicates, keepsArray: keepsArray, group: pairs)
        default: return .filtered(node, predicates: [], keepsArray: false, group: pairs)
        }
    }

    /// `step@$name`, `step#$name`
    private mutating func parseBinding(_ symbol: String, of left: JSONataNode) throws(JSONataFault) -> JSONataNode {
        guard case .variable(let name) = token.kind else {
            throw JSONataFault("S0214", "The right side of \"\(symbol)\" must be a variable name (start with $)")
        }
        at += 1
        usesTuples = true
        var path = asPath(left)
        let last = path.steps.count - 1
        if symbol == "#" {
            if path.steps[last].predicates.isEmpty {
                path.steps[last].index = name
            } else {
                path.steps[last].predicates.append(.position(name))
            }
            return .path(path)
        }
        guard path.steps[last].predicates.isEmpty else {
            throw JSONataFault("S0215", "A context variable binding must precede any predicates on a step")
        }
        if case .sort = path.steps[last].kind {
            throw JSONataFault("S0216", "A context variable binding must precede the 'order-by' clause on a step")
        }
        path.steps[last].focus = name
        return .path(path)
    }

    private mutating func parseSort(of left: JSONataNode) throws(JSONataFault) -> JSONataNode {
        try expect("(")
        var terms: [JSONataSortTerm] = []
        repeat {
            let isDescending = skip(">")
            if !isDescending { _ = skip("<") }
            terms.append(JSONataSortTerm(node: try parse(minimum: 0), isDescending: isDescending))
        } while skip(",")
        try expect(")")
        var path = asPath(left)
        path.steps.append(JSONataStep(kind: .sort(terms)))
        return .path(path)
    }

    private func asPath(_ node: JSONataNode) -> JSONataPath {
        switch node {
        case .path(let path): path
        case .filtered(let inner, let predicates, let keepsArray, nil):
            JSONataPath(
                steps: [JSONataStep(kind: .expression(inner), predicates: predicates)], keepsArray: keepsArray)
        default: JSONataPath(steps: [JSONataStep(kind: .expression(node))])
        }
    }

    /// `left.right`
    private func join(_ left: JSONataNode, _ right: JSONataNode) throws(JSONataFault) -> JSONataNode {
        var path = asPath(left)
        switch right {
        case .path(let rest):
            path.steps += rest.steps
            path.keepsArray = path.keepsArray || rest.keepsArray
            path.group = rest.group
        case .literal(.string(let name)): path.steps.append(JSONataStep(kind: .name(name)))
        case .literal(let value): throw Self.noStep(value)
        default:
            let rest = asPath(right)
            path.steps += rest.steps
            path.keepsArray = path.keepsArray || rest.keepsArray
        }
        if case .expression(.literal(let value)) = path.steps[0].kind {
            guard case .string(let name) = value else { throw Self.noStep(value) }
            path.steps[0].kind = .name(name)
        }
        return .path(path)
    }

    private static func noStep(_ value: JSON) -> JSONataFault {
        JSONataFault("S0213", "The literal value \(value.text) cannot be used as a step within a path expression")
    }
}
