internal import EmulatorCore

extension PartiQLParser {
    /// A condition, in ascending order of precedence: OR, AND, NOT, comparisons.
    mutating func condition() throws(DynamoDBFault) -> Condition {
        var left = try conjunction()
        while take(keyword: "OR") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(DynamoDBFault) -> Condition {
        var left = try negation()
        while take(keyword: "AND") { left = .and(left, try negation()) }
        return left
    }

    private mutating func negation() throws(DynamoDBFault) -> Condition {
        try enter()
        defer { leave() }
        if take(keyword: "NOT") { return .not(try negation()) }
        if current.isSymbol("(") {
            advance()
            let inner = try condition()
            try expect(")")
            return inner
        }
        return try comparison()
    }

    private mutating func comparison() throws(DynamoDBFault) -> Condition {
        if following.isSymbol("("), current.kind == .word, let condition = try predicate() { return condition }
        let left = try operand()
        if take(keyword: "IS") { return try isClause(left) }
        let isNegated = take(keyword: "NOT")
        if take(keyword: "BETWEEN") {
            let lower = try operand()
            try expect(keyword: "AND")
            let between = Condition.between(left, lower, try operand())
            return isNegated ? .not(between) : between
        }
        if take(keyword: "IN") {
            let member = Condition.member(left, of: try members())
            return isNegated ? .not(member) : member
        }
        let symbol = current.text == "!=" ? "<>" : current.text
        guard current.kind == .symbol, !isNegated, let comparator = Condition.Comparator(rawValue: symbol) else {
            throw unexpected
        }
        advance()
        let right = try operand()
        for operand in [left, right] { try Self.checkOrdered(comparator, operand) }
        return .comparison(comparator, left, right)
    }

    /// Only strings, numbers and binaries have an order.
    private static func checkOrdered(
        _ comparator: Condition.Comparator, _ operand: Condition.Operand
    ) throws(DynamoDBFault) {
        guard comparator != .equal, comparator != .notEqual, case .value(let value) = operand,
            value.precedes(value) == nil
        else { return }
        throw .validation(
            "Incorrect operand type for operator or function; operator or function: \(comparator.rawValue), operand "
                + "type: \(value.kind.rawValue)")
    }

    private mutating func isClause(_ left: Condition.Operand) throws(DynamoDBFault) -> Condition {
        let isNegated = take(keyword: "NOT")
        guard case .path(let path) = left else { throw unexpected }
        let condition: Condition
        if take(keyword: "MISSING") {
            condition = .notExists(path)
        } else if take(keyword: "NULL") {
            condition = .hasType(left, .null)
        } else {
            throw unexpected
        }
        return isNegated ? .not(condition) : condition
    }

    private mutating func members() throws(DynamoDBFault) -> [Condition.Operand] {
        let end = current.isSymbol("[") ? "]" : ")"
        if !take("[") { try expect("(") }
        var members: [Condition.Operand] = []
        repeat { members.append(try operand()) } while take(",")
        try expect(end)
        return members
    }

    /// A function that is a condition by itself; nil if the current one is an operand.
    private mutating func predicate() throws(DynamoDBFault) -> Condition? {
        let function = current.text.lowercased()
        guard Self.predicates.contains(function) else {
            if function == "size" { return nil }
            throw .validation("Unsupported function in WHERE clause: \(current.text)")
        }
        advance()
        advance()
        let first = try operand()
        var second: Condition.Operand?
        if take(",") { second = try operand() }
        try expect(")")
        switch (function, first, second) {
        case ("begins_with", _, let prefix?): return .beginsWith(first, prefix)
        case ("contains", _, let part?): return .contains(first, part)
        case ("attribute_type", _, .value(.string(let type))?):
            guard let kind = AttributeValue.Kind(rawValue: type) else {
                throw .validation(
                    "Invalid attribute type name found; type: \(type), valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}")
            }
            return .hasType(first, kind)
        case ("attribute_exists", .path(let path), nil): return .exists(path)
        case ("attribute_not_exists", .path(let path), nil): return .notExists(path)
        default:
            throw .validation(
                "Incorrect number of operands for operator or function; operator or function: \(function), number of "
                    + "operands: \(second == nil ? 1 : 2)")
        }
    }

    private static let predicates = [
        "begins_with", "contains", "attribute_type", "attribute_exists", "attribute_not_exists",
    ]

    private mutating func operand() throws(DynamoDBFault) -> Condition.Operand {
        if current.isKeyword("SIZE"), following.isSymbol("(") {
            advance()
            advance()
            let inner = try path()
            try expect(")")
            return .size(.path(inner))
        }
        let isName = current.kind == .quotedName || current.kind == .word
        guard isName, !["TRUE", "FALSE", "NULL"].contains(where: current.isKeyword) else {
            return .value(try literal())
        }
        return .path(try path())
    }
}
