internal import EmulatorCore
internal import Digest
internal import JSON

/// Resolves a parsed condition into one that can be evaluated, with the service's checks in the service's order.
struct ConditionResolver {
    private static let parsed = SyntaxCache<ConditionSyntax>()

    /// - Throws: the first broken rule: unknown functions, misused functions, reserved words, then condition by
    ///   condition.
    static func resolve(
        _ expression: String, _ placeholders: inout Placeholders
    ) throws(ExpressionError) -> Condition {
        let syntax = try parsed.syntax(of: expression) { (text) throws(ExpressionError) in
            try ConditionParser.parse(text)
        }
        try checkFunctionNames(syntax)
        try checkFunctionUse(syntax)
        try checkReservedWords(syntax)
        return try condition(syntax, &placeholders)
    }

    // MARK: Checks of the whole expression

    static let functionNames = Set(operandCounts.keys)

    private static let operandCounts = [
        "attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2,
        "size": 1,
    ]

    private static func checkFunctionNames(_ syntax: ConditionSyntax) throws(ExpressionError) {
        if case .function(let name, _) = syntax, operandCounts[name] == nil {
            throw UpdateResolver.functionNames.contains(name)
                ? ExpressionError("The function is not allowed in a condition expression; function: \(name)")
                : ExpressionError("Invalid function name; function: \(name)")
        }
        for child in syntax.children { try checkFunctionNames(child) }
    }

    /// `size` returns a number, the other functions a boolean: neither is allowed in place of the other.
    private static func checkFunctionUse(_ syntax: ConditionSyntax) throws(ExpressionError) {
        switch syntax {
        case .function("size", _): throw misuse(of: "size")
        case .or, .and, .not: for child in syntax.children { try checkFunctionUse(child) }
        default: for child in syntax.children { try checkOperandFunctions(child) }
        }
    }

    private static func checkOperandFunctions(_ syntax: ConditionSyntax) throws(ExpressionError) {
        if case .function(let name, _) = syntax, name != "size" { throw misuse(of: name) }
        for child in syntax.children { try checkOperandFunctions(child) }
    }

    private static func misuse(of function: String) -> ExpressionError {
        ExpressionError("The function is not allowed to be used this way in an expression; function: \(function)")
    }

    private static func checkReservedWords(_ syntax: ConditionSyntax) throws(ExpressionError) {
        if case .path(let path) = syntax { try path.checkReservedWords() }
        for child in syntax.children { try checkReservedWords(child) }
    }

    // MARK: Condition by condition

    private static func condition(
        _ syntax: ConditionSyntax, _ placeholders: inout Placeholders
    ) throws(ExpressionError) -> Condition {
        switch syntax {
        case .or(let left, let right):
            let left = try condition(left, &placeholders)
            return .or(left, try condition(right, &placeholders))
        case .and(let left, let right):
            let left = try condition(left, &placeholders)
            return .and(left, try condition(right, &placeholders))
        case .not(let inner): return .not(try condition(inner, &placeholders))
        default: break
        }
        let operands = try ResolvedOperand.list(syntax.children, &placeholders)
        for operand in operands { try operand.checkCounts(operandCounts) }
        switch syntax {
        case .comparison(let symbol, _, _):
            guard let comparator = Condition.Comparator(rawValue: symbol) else { break }
            try checkDistinct(symbol, operands)
            for operand in operands { try operand.checkTypes() }
            try checkOrdered(comparator, operands)
            return .comparison(comparator, try operands[0].operand(), try operands[1].operand())
        case .between:
            for operand in operands { try operand.checkTypes() }
            try checkBounds(operands[1], operands[2])
            return .between(try operands[0].operand(), try operands[1].operand(), try operands[2].operand())
        case .member:
            if operands.count > memberLimit + 1 {
                throw ExpressionError(
                    "Number of operands for the IN operator has exceeded the limit; number of operands: "
                        + "\(operands.count - 1)")
            }
            for operand in operands { try operand.checkTypes() }
            var candidates: [Condition.Operand] = []
            for operand in operands.dropFirst() { candidates.append(try operand.operand()) }
            return .member(try operands[0].operand(), of: candidates)
        case .function(let name, _):
            return try function(name, operands)
        default: break
        }
        throw ExpressionError("Syntax error; token: \"<EOF>\", near: \"<EOF>\"")
    }

    private static let memberLimit = 100

    private static func function(
        _ name: String, _ operands: [ResolvedOperand]
    ) throws(ExpressionError) -> Condition {
        if let count = operandCounts[name], count != operands.count {
            throw ResolvedOperand.wrongCount(of: name, operands.count)
        }
        try checkDistinct(name, operands)
        for operand in operands { try operand.checkTypes() }
        switch name {
        case "attribute_exists", "attribute_not_exists":
            guard case .path(let path) = operands[0] else {
                throw ExpressionError(
                    "Operator or function requires a document path; operator or function: \(name)")
            }
            return name == "attribute_exists" ? .exists(path) : .notExists(path)
        case "attribute_type":
            return .hasType(try operands[0].operand(), try attributeType(named: operands[1]))
        case "begins_with":
            for operand in operands {
                if let kind = operand.kind, kind != .string, kind != .binary {
                    throw ResolvedOperand.wrongType(of: name, kind.rawValue)
                }
            }
            return .beginsWith(try operands[0].operand(), try operands[1].operand())
        default:
            return .contains(try operands[0].operand(), try operands[1].operand())
        }
    }

    private static func attributeType(named operand: ResolvedOperand) throws(ExpressionError) -> AttributeValue.Kind {
        guard case .value(.string(let name)) = operand else {
            throw ResolvedOperand.wrongType(
                of: "attribute_type", operand.kind?.rawValue ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
        }
        guard let kind = AttributeValue.Kind(rawValue: name) else {
            throw ExpressionError(
                "Invalid attribute type name found; type: \(name), valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}")
        }
        return kind
    }

    private static func checkDistinct(_ name: String, _ operands: [ResolvedOperand]) throws(ExpressionError) {
        guard operands.count == 2, case .path(let left) = operands[0], case .path(let right) = operands[1],
            left == right
        else { return }
        throw ExpressionError(
            "The first operand must be distinct from the remaining operands for this operator or function; operator: "
                + "\(name), first operand: \(left.shown)")
    }

    /// Only strings, numbers and binaries have an order.
    private static func checkOrdered(
        _ comparator: Condition.Comparator, _ operands: [ResolvedOperand]
    ) throws(ExpressionError) {
        guard comparator != .equal, comparator != .notEqual else { return }
        for operand in operands {
            if case .value(let value) = operand, value.precedes(value) == nil {
                throw ResolvedOperand.wrongType(of: comparator.rawValue, value.kind.rawValue)
            }
        }
    }

    private static func checkBounds(_ lower: ResolvedOperand, _ upper: ResolvedOperand) throws(ExpressionError) {
        guard case .value(let low) = lower, case .value(let high) = upper else { return }
        let shown =
            "lower bound operand: AttributeValue: \(low.shown), upper bound operand: AttributeValue: \(high.shown)"
        if low.kind != high.kind {
            throw ExpressionError(
                "The BETWEEN operator requires same data type for lower and upper bounds; \(shown)")
        }
        if high.precedes(low) == true {
            throw ExpressionError(
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; \(shown)")
        }
    }
}

/// An operand whose names and values are resolved, but whose functions are not checked.
private indirect enum ResolvedOperand {
    case path(DocumentPath)
    case value(AttributeValue)
    case function(String, [ResolvedOperand])

    static func list(
        _ syntax: [ConditionSyntax], _ placeholders: inout Placeholders
    ) throws(ExpressionError) -> [ResolvedOperand] {
        var operands: [ResolvedOperand] = []
        for operand in syntax {
            switch operand {
            case .path(let path): operands.append(.path(try path.resolved(by: &placeholders)))
            case .value(let name): operands.append(.value(try placeholders.value(for: name)))
            case .function(let name, let arguments):
                operands.append(.function(name, try list(arguments, &placeholders)))
            default: break
            }
        }
        return operands
    }

    /// The type, if it is known without an item.
    var kind: AttributeValue.Kind? {
        switch self {
        case .path: nil
        case .value(let value): value.kind
        case .function: .number
        }
    }

    func checkCounts(_ counts: [String: Int]) throws(ExpressionError) {
        guard case .function(let name, let arguments) = self else { return }
        if let count = counts[name], count != arguments.count {
            throw Self.wrongCount(of: name, arguments.count)
        }
        for argument in arguments { try argument.checkCounts(counts) }
    }

    func checkTypes() throws(ExpressionError) {
        guard case .function(let name, let arguments) = self else { return }
        for argument in arguments { try argument.checkTypes() }
        if let kind = arguments.first?.kind, [.number, .bool, .null].contains(kind) {
            throw Self.wrongType(of: name, kind.rawValue)
        }
    }

    func operand() throws(ExpressionError) -> Condition.Operand {
        switch self {
        case .path(let path): .path(path)
        case .value(let value): .value(value)
        case .function(_, let arguments): .size(try arguments[0].operand())
        }
    }

    static func wrongCount(of function: String, _ count: Int) -> ExpressionError {
        ExpressionError(
            "Incorrect number of operands for operator or function; operator or function: \(function), "
                + "number of operands: \(count)")
    }

    static func wrongType(of function: String, _ type: String) -> ExpressionError {
        ExpressionError(
            "Incorrect operand type for operator or function; operator or function: \(function), operand type: \(type)")
    }
}

extension ConditionSyntax {
    /// The children of the node, in the order of the text.
    fileprivate var children: [ConditionSyntax] {
        switch self {
        case .or(let left, let right), .and(let left, let right), .comparison(_, let left, let right): [left, right]
        case .not(let condition): [condition]
        case .between(let operand, let lower, let upper): [operand, lower, upper]
        case .member(let operand, let candidates): [operand] + candidates
        case .function(_, let arguments): arguments
        case .path, .value: []
        }
    }
}

extension PathSyntax {
    func checkReservedWords() throws(ExpressionError) {
        if let reservedWord {
            throw ExpressionError("Attribute name is a reserved keyword; reserved keyword: \(reservedWord)")
        }
    }
}

extension AttributeValue {
    /// A short text for messages: `{S:a}`.
    fileprivate var shown: String {
        switch self {
        case .string(let text): "{S:\(text)}"
        case .number(let number): "{N:\(number.text)}"
        case .binary(let bytes): "{B:\(bytes.hexadecimal)}"
        default: "{\(kind.rawValue):\(document[kind.rawValue]?.text ?? "")}"
        }
    }
}
