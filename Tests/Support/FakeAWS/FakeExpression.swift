internal import AWSModels
internal import JSON

/// Evaluates the part of DynamoDB's expressions that the control table writes: comparisons, AND, OR, parentheses,
/// `attribute_exists`, `attribute_not_exists`, and of texts `contains` and `begins_with`; SET with `if_not_exists` and `+`, REMOVE; ADD and DELETE with sets of texts.
struct FakeExpression {
    private let item: Item
    private let names: JSON
    private let values: Item
    private var tokens: ArraySlice<String>

    init?(_ input: JSON, _ member: String, item: Item) throws {
        guard let text = input[member]?.string else { return nil }
        self.item = item
        names = input["ExpressionAttributeNames"] ?? [:]
        values = try Item(attributes: input["ExpressionAttributeValues"] ?? [:])
        tokens = Self.split(text)[...]
    }

    private static func split(_ text: String) -> [String] {
        var tokens: [String] = []
        var word = ""
        for character in text {
            if "()=<>+, ".contains(character) {
                if !word.isEmpty { tokens.append(word) }
                word = ""
                if character != " " { tokens.append(String(character)) }
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? tokens : tokens + [word]
    }

    // MARK: Conditions

    func holds() throws -> Bool {
        var parser = self
        let result = try parser.disjunction()
        guard parser.tokens.isEmpty else {
            throw FakeDynamoDB.Fault.invalid("expected the end before \(parser.tokens)")
        }
        return result
    }

    private mutating func disjunction() throws -> Bool {
        var result = try conjunction()
        while take("OR") { result = try conjunction() || result }
        return result
    }

    private mutating func conjunction() throws -> Bool {
        var result = try comparison()
        while take("AND") { result = try comparison() && result }
        return result
    }

    private mutating func comparison() throws -> Bool {
        if take("(") {
            let result = try disjunction()
            try expect(")")
            return result
        }
        for (function, wanted) in [("attribute_exists", true), ("attribute_not_exists", false)] where take(function) {
            try expect("(")
            let exists = item[try attributeName()] != nil
            try expect(")")
            return exists == wanted
        }
        for (function, isStart) in [("contains", false), ("begins_with", true)] where take(function) {
            try expect("(")
            let text = item[try attributeName()]?.string
            try expect(",")
            let part = try operand()?.string
            try expect(")")
            guard let text, let part else { return false }
            return isStart ? text.hasPrefix(part) : text.contains(part)
        }
        let left = try operand()
        let isEquality = take("=")
        if !isEquality { try expect("<") }
        let isInequality = !isEquality && take(">")
        let isEqualEnough = !isEquality && !isInequality && take("=")
        let right = try operand()
        if isInequality { return left != right }
        guard let left, let right else { return false }
        if isEquality || isEqualEnough && left == right { return left == right }
        if let left = left.int, let right = right.int { return left < right }
        if let left = left.string, let right = right.string { return left < right }
        return false
    }

    // MARK: Updates

    func updated() throws -> Item {
        var parser = self
        var result = item
        while let clause = parser.tokens.popFirst() {
            repeat {
                let name = try parser.attributeName()
                switch clause {
                case "SET":
                    try parser.expect("=")
                    var value = try parser.operand()
                    if parser.take("+"), let left = value?.int, let right = try parser.operand()?.int {
                        value = .int(left + right)
                    }
                    guard let value else { throw FakeDynamoDB.Fault.invalid("no value for \(name)") }
                    result[name] = value
                case "REMOVE":
                    result[name] = nil
                case "ADD", "DELETE":
                    guard case .stringSet(let operand)? = try parser.operand() else {
                        throw FakeDynamoDB.Fault.invalid("\(clause) \(name) without a set")
                    }
                    var elements: Set<String> = []
                    if case .stringSet(let stored)? = item[name] { elements = stored }
                    elements = clause == "ADD" ? elements.union(operand) : elements.subtracting(operand)
                    result[name] = elements.isEmpty ? nil : .stringSet(elements)
                default:
                    throw FakeDynamoDB.Fault.invalid(clause)
                }
            } while parser.take(",")
        }
        return result
    }

    // MARK: Operands

    private mutating func operand() throws -> AttributeValue? {
        if take("if_not_exists") {
            try expect("(")
            let stored = item[try attributeName()]
            try expect(",")
            let other = try operand()
            try expect(")")
            return stored ?? other
        }
        guard let token = tokens.first else { throw FakeDynamoDB.Fault.invalid("expected an operand") }
        guard token.hasPrefix(":") else { return item[try attributeName()] }
        tokens.removeFirst()
        guard let value = values[token] else { throw FakeDynamoDB.Fault.invalid("\(token) has no value") }
        return value
    }

    private mutating func attributeName() throws -> String {
        guard let token = tokens.popFirst() else { throw FakeDynamoDB.Fault.invalid("expected a name") }
        guard token.hasPrefix("#") else { return token }
        guard let name = names[token]?.string else { throw FakeDynamoDB.Fault.invalid("\(token) has no name") }
        return name
    }

    private mutating func take(_ token: String) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func expect(_ token: String) throws {
        guard take(token) else { throw FakeDynamoDB.Fault.invalid("expected \(token) before \(tokens)") }
    }
}
