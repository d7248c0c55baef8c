internal import JSON

/// One statement: an effect for principals, actions and resources, under conditions.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
package struct PolicyStatement: Sendable {
    package enum Effect: String, Sendable {
        case allow = "Allow"
        case deny = "Deny"
    }

    package let effect: Effect
    /// Whether the list names what the statement is for, or all that it is not for.
    private let actions: Element
    private let resources: Element?
    private let principals: Principals?
    private let conditions: [PolicyCondition]

    private struct Element: Sendable {
        let patterns: [PolicyPattern]
        let isInverse: Bool
    }

    init(_ statement: JSON, at position: Int, hasVariables: Bool) throws(PolicyError) {
        let place = "Statement \(position)"
        guard let members = statement.object else { throw PolicyError("\(place) is not a JSON object.") }
        let known: Set = [
            "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
        ]
        for name in members.names where !known.contains(name) {
            throw PolicyError("\(place) has an unknown element \(name).")
        }
        guard let effect = members["Effect"]?.string.flatMap(Effect.init) else {
            throw PolicyError("\(place): expected the Effect Allow or Deny.")
        }
        self.effect = effect
        // Variables are for resources and conditions.
        guard let actions = try Self.element("Action", members, place, hasVariables: false) else {
            throw PolicyError("\(place) has neither Action nor NotAction.")
        }
        self.actions = actions
        resources = try Self.element("Resource", members, place, hasVariables: hasVariables)
        principals = try Principals(members, place)
        conditions = try PolicyCondition.all(members["Condition"], place, hasVariables: hasVariables)
    }

    private static func element(
        _ name: String, _ members: JSONObject, _ place: String, hasVariables: Bool
    ) throws(PolicyError) -> Element? {
        let inverse = "Not" + name
        guard members[name] == nil || members[inverse] == nil else {
            throw PolicyError("\(place) has both \(name) and \(inverse).")
        }
        guard let value = members[name] ?? members[inverse] else { return nil }
        var patterns: [PolicyPattern] = []
        for element in value.listed {
            guard let text = element.string else { throw PolicyError("\(place): \(name) \(element.text) is no text.") }
            patterns.append(PolicyPattern(text, hasVariables: hasVariables))
        }
        return Element(patterns: patterns, isInverse: members[inverse] != nil)
    }

    /// Whether the statement is for the action and the resource, and its conditions hold.
    func applies(to request: PolicyRequest) -> Bool {
        let isForAction = actions.patterns.contains {
            $0.matches(request.action, in: request.context, foldsCase: true)
        }
        guard isForAction != actions.isInverse else { return false }
        // The policy of a role's trust is for that role, and names no resource.
        if let resources {
            let isForResource = resources.patterns.contains { $0.matchesARN(request.resource, in: request.context) }
            guard isForResource != resources.isInverse else { return false }
        }
        return conditions.allSatisfy { $0.holds(in: request.context) }
    }

    /// How far the statement, of a resource's policy, is for the principal.
    func match(of principal: PolicyPrincipal) -> PrincipalMatch { principals?.match(of: principal) ?? .none }
}

/// How a resource's policy names a principal.
enum PrincipalMatch: Sendable {
    case none
    /// By its account: an allowance leaves the decision to the policies of the account's identities.
    case account
    /// By its own name, or as everybody.
    case itself
}

/// The principals of a statement.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
private struct Principals: Sendable {
    private var isEverybody = false
    private var names: [String] = []
    private var services: [String] = []
    private let isInverse: Bool

    /// Nil where the statement has none, as in an identity's policy.
    init?(_ members: JSONObject, _ place: String) throws(PolicyError) {
        guard members["Principal"] == nil || members["NotPrincipal"] == nil else {
            throw PolicyError("\(place) has both Principal and NotPrincipal.")
        }
        isInverse = members["NotPrincipal"] != nil
        guard let value = members["Principal"] ?? members["NotPrincipal"] else { return nil }
        if let text = value.string {
            guard text == "*" else {
                throw PolicyError("\(place): expected the Principal * or an object, not \(text).")
            }
            isEverybody = true
            return
        }
        guard let kinds = value.object else { throw PolicyError("\(place): Principal is not an object.") }
        for (kind, value) in kinds {
            let texts = value.listed.map(\.policyText)
            switch kind {
            case "AWS":
                isEverybody = isEverybody || texts.contains("*")
                names += texts
            case "Service": services += texts
            case "Federated", "CanonicalUser": break
            default: throw PolicyError("\(place): Principal has the unknown kind \(kind).")
            }
        }
    }

    func match(of principal: PolicyPrincipal) -> PrincipalMatch {
        let match = named(principal)
        guard isInverse else { return match }
        if case .none = match { return .itself }
        return .none
    }

    private func named(_ principal: PolicyPrincipal) -> PrincipalMatch {
        if case .service(let name) = principal {
            return services.contains(name) || isEverybody && names.isEmpty ? .itself : .none
        }
        if isEverybody { return .itself }
        var account: [String] = []
        if let id = principal.account { account = [id, "arn:aws:iam::\(id):root"] }
        switch principal {
        case .account: return names.contains(where: account.contains) ? .itself : .none
        case .role(let arn, let session):
            if names.contains(arn) || names.contains(session) { return .itself }
            return names.contains(where: account.contains) ? .account : .none
        case .service: return .none
        }
    }
}
