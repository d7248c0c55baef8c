internal import EmulatorCore

/// One condition on a key attribute, from `KeyConditionExpression` or `KeyConditions`.
struct KeyCondition: Sendable {
    var attribute: String
    var comparison: ComparisonOperator
    var values: [AttributeValue]
}

extension KeyCondition {
    /// The conditions that `condition` joins with AND.
    /// - Throws: the service's error for any other condition.
    static func conditions(in condition: Condition) throws(DynamoDBFault) -> [KeyCondition] {
        var conditions: [KeyCondition] = []
        try collect(condition, into: &conditions)
        return conditions
    }

    private static func collect(
        _ condition: Condition, into conditions: inout [KeyCondition]
    ) throws(DynamoDBFault) {
        switch condition {
        case .and(let left, let right):
            try collect(left, into: &conditions)
            try collect(right, into: &conditions)
            return
        case .or: throw invalidOperator("OR")
        case .not: throw invalidOperator("NOT")
        case .member: throw invalidOperator("IN")
        case .comparison(.notEqual, _, _): throw invalidOperator("<>")
        case .exists: throw invalidOperator("attribute_exists")
        case .notExists: throw invalidOperator("attribute_not_exists")
        case .hasType: throw invalidOperator("attribute_type")
        case .contains: throw invalidOperator("contains")
        case .comparison(let comparator, let left, let right):
            let reversed = if case .path = left { false } else { true }
            let found = try key(reversed ? [right, left] : [left, right])
            let comparison = reversed ? comparator.reversed : comparator
            try add(
                KeyCondition(attribute: found.attribute, comparison: comparison.legacy, values: found.values),
                to: &conditions)
        case .between(let operand, let lower, let upper):
            try checkFirst(operand, "BETWEEN")
            let found = try key([operand, lower, upper])
            try add(
                KeyCondition(attribute: found.attribute, comparison: .between, values: found.values), to: &conditions)
        case .beginsWith(let operand, let prefix):
            try checkFirst(operand, "begins_with")
            let found = try key([operand, prefix])
            try add(
                KeyCondition(attribute: found.attribute, comparison: .beginsWith, values: found.values),
                to: &conditions)
        }
    }

    private static func invalidOperator(_ name: String) -> DynamoDBFault {
        .validation("Invalid operator used in KeyConditionExpression: \(name)")
    }

    private static func invalidCondition(_ what: String) -> DynamoDBFault {
        .validation("Invalid condition in KeyConditionExpression: \(what)")
    }

    private static func checkFirst(_ operand: Condition.Operand, _ name: String) throws(DynamoDBFault) {
        if case .value = operand {
            throw invalidCondition("\(name) operator must have the key attribute as its first operand")
        }
    }

    private static func add(_ condition: KeyCondition, to conditions: inout [KeyCondition]) throws(DynamoDBFault) {
        if conditions.contains(where: { $0.attribute.hasSameBytes(as: condition.attribute) }) {
            throw .validation("KeyConditionExpressions must only contain one condition per key")
        }
        conditions.append(condition)
    }

    private static func key(
        _ operands: [Condition.Operand]
    ) throws(DynamoDBFault) -> (attribute: String, values: [AttributeValue]) {
        var attribute: String?
        var values: [AttributeValue] = []
        for operand in operands {
            switch operand {
            case .size: throw .validation("KeyConditionExpressions cannot contain nested operations")
            case .value(let value): values.append(value)
            case .path(let path):
                if attribute != nil { throw invalidCondition("Multiple attribute names used in one condition") }
                if !path.steps.isEmpty {
                    throw .validation("KeyConditionExpressions cannot have conditions on nested attributes")
                }
                attribute = path.attribute
            }
        }
        guard let attribute else { throw invalidCondition("No key attribute specified") }
        return (attribute, values)
    }
}

extension Condition.Comparator {
    /// The comparator with its operands swapped.
    fileprivate var reversed: Condition.Comparator {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }

    fileprivate var legacy: ComparisonOperator {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        }
    }
}
