internal import JSON

/// One operator on one key with its values. A key's values are alternatives; operators and keys must all hold.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
struct PolicyCondition: Sendable {
    private enum Quantifier: Sendable {
        case single
        case allValues
        case anyValue
    }

    private let comparison: PolicyComparison
    /// Whether the operator holds where its comparison does not, as `StringNotEquals`.
    private let isNegated: Bool
    private let quantifier: Quantifier
    private let holdsWithoutKey: Bool
    private let key: String
    private let values: [PolicyPattern]
    private let texts: [String]

    static func all(
        _ element: JSON?, _ place: String, hasVariables: Bool
    ) throws(PolicyError) -> [PolicyCondition] {
        guard let element else { return [] }
        guard let operators = element.object else { throw PolicyError("\(place): Condition is not an object.") }
        var conditions: [PolicyCondition] = []
        for (name, keys) in operators {
            guard let keys = keys.object else { throw PolicyError("\(place): Condition \(name) is not an object.") }
            for (key, values) in keys {
                conditions.append(
                    try PolicyCondition(name, key, values.listed.map(\.policyText), place, hasVariables: hasVariables))
            }
        }
        return conditions
    }

    private init(
        _ name: String, _ key: String, _ texts: [String], _ place: String, hasVariables: Bool
    ) throws(PolicyError) {
        var rest = name[...]
        if rest.hasPrefix("ForAllValues:") {
            quantifier = .allValues
            rest = rest.dropFirst("ForAllValues:".count)
        } else if rest.hasPrefix("ForAnyValue:") {
            quantifier = .anyValue
            rest = rest.dropFirst("ForAnyValue:".count)
        } else {
            quantifier = .single
        }
        let toleratesAbsence = rest.hasSuffix("IfExists") && rest != "Null"
        if toleratesAbsence { rest = rest.dropLast("IfExists".count) }
        guard let (comparison, isNegated) = PolicyComparison.named(String(rest)) else {
            throw PolicyError("\(place): the condition operator \(name) is unknown.")
        }
        guard !key.isEmpty else { throw PolicyError("\(place): Condition \(name) has a key without a name.") }
        self.comparison = comparison
        self.isNegated = isNegated
        self.key = key
        self.texts = texts
        values = texts.map {
            PolicyPattern($0, hasVariables: hasVariables, hasWildcards: comparison.hasWildcards)
        }
        // A key that the request does not have is not equal to anything.
        holdsWithoutKey = toleratesAbsence || isNegated
    }

    func holds(in context: PolicyContext) -> Bool {
        let asked = context[key]
        if comparison == .null { return texts.contains(asked == nil ? "true" : "false") }
        guard let asked, !asked.isEmpty else {
            return switch quantifier {
            case .single: holdsWithoutKey
            case .allValues: true
            case .anyValue: false
            }
        }
        return switch quantifier {
        // Of a key with several values that no quantifier is for, each may fulfil the operator.
        case .single: isNegated ? asked.allSatisfy { holds($0, context) } : asked.contains { holds($0, context) }
        case .allValues: asked.allSatisfy { holds($0, context) }
        case .anyValue: asked.contains { holds($0, context) }
        }
    }

    private func holds(_ value: String, _ context: PolicyContext) -> Bool {
        let isAny = zip(values, texts).contains { comparison.holds(value, $0, text: $1, context) }
        return isAny != isNegated
    }
}
