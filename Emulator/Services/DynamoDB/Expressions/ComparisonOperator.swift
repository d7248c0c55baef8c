internal import EmulatorCore

/// The operators of the parameters that came before expressions: `Expected`, `KeyConditions`, `QueryFilter`,
/// `ScanFilter`.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html>
enum ComparisonOperator: String, Sendable, CaseIterable {
    case member = "IN"
    case null = "NULL"
    case between = "BETWEEN"
    case less = "LT"
    case notContains = "NOT_CONTAINS"
    case equal = "EQ"
    case greater = "GT"
    case notNull = "NOT_NULL"
    case notEqual = "NE"
    case lessOrEqual = "LE"
    case beginsWith = "BEGINS_WITH"
    case greaterOrEqual = "GE"
    case contains = "CONTAINS"

    /// The number of values that it compares with.
    var operandCounts: ClosedRange<Int> {
        switch self {
        case .null, .notNull: 0...0
        case .between: 2...2
        case .member: 1...100
        default: 1...1
        }
    }

    /// The types that it can compare with.
    var operandKinds: [AttributeValue.Kind] {
        switch self {
        case .equal, .notEqual: AttributeValue.Kind.allCases
        case .beginsWith: [.string, .binary]
        default: [.string, .number, .binary]
        }
    }

    /// The equivalent condition of an expression.
    func condition(on attribute: String, _ values: [AttributeValue]) -> Condition {
        let path = DocumentPath(attribute: attribute)
        let values = values.map { Condition.Operand.value($0) }
        return switch self {
        case .member: .member(.path(path), of: values)
        case .null: .notExists(path)
        case .notNull: .exists(path)
        case .between: .between(.path(path), values[0], values[1])
        case .less: .comparison(.less, .path(path), values[0])
        case .lessOrEqual: .comparison(.lessOrEqual, .path(path), values[0])
        case .greater: .comparison(.greater, .path(path), values[0])
        case .greaterOrEqual: .comparison(.greaterOrEqual, .path(path), values[0])
        case .equal: .comparison(.equal, .path(path), values[0])
        case .notEqual: .comparison(.notEqual, .path(path), values[0])
        case .beginsWith: .beginsWith(.path(path), values[0])
        case .contains: .contains(.path(path), values[0])
        case .notContains: .not(.contains(.path(path), values[0]))
        }
    }
}
