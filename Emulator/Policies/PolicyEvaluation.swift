/// The policies that decide on a request within one account.
package struct PolicySet: Sendable {
    /// Those of the role. The account itself needs none.
    package var identity: [PolicyDocument]
    /// The permissions boundary of the role.
    package var boundary: PolicyDocument?
    /// The policy of the resource.
    package var resource: PolicyDocument?
    /// Whether the resource's policy must allow what the identity's allow, as that of a key or of a role's trust.
    package var needsResource: Bool

    package init(
        identity: [PolicyDocument], boundary: PolicyDocument? = nil, resource: PolicyDocument? = nil,
        needsResource: Bool = false
    ) {
        self.identity = identity
        self.boundary = boundary
        self.resource = resource
        self.needsResource = needsResource
    }

    /// Decides as IAM does: a denial anywhere decides; without one, something must allow.
    /// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>
    package func decide(_ request: PolicyRequest) -> PolicyDecision {
        let own = Self.effect(of: identity, on: request)
        if own == .deny { return .denied(.explicit(.identity)) }
        if let boundary, Self.effect(of: [boundary], on: request) == .deny { return .denied(.explicit(.boundary)) }
        let (theirs, match) = resourceEffect(on: request)
        if theirs == .deny { return .denied(.explicit(.resource)) }
        switch request.principal {
        // What is asked for by the account itself is bound by no policy of its identities.
        case .account: return .allowed
        case .service: return theirs == .allow ? .allowed : .denied(.implicit(.resource))
        case .role: break
        }
        if theirs == .allow, case .itself = match { return .allowed }
        if needsResource, theirs != .allow { return .denied(.implicit(.resource)) }
        guard own == .allow else { return .denied(.implicit(.identity)) }
        if let boundary, Self.effect(of: [boundary], on: request) != .allow { return .denied(.implicit(.boundary)) }
        return .allowed
    }

    private static func effect(of policies: [PolicyDocument], on request: PolicyRequest) -> PolicyStatement.Effect? {
        var effect: PolicyStatement.Effect?
        for statement in policies.lazy.flatMap(\.statements) where statement.applies(to: request) {
            if statement.effect == .deny { return .deny }
            effect = .allow
        }
        return effect
    }

    private func resourceEffect(on request: PolicyRequest) -> (PolicyStatement.Effect?, PrincipalMatch) {
        var found: (PolicyStatement.Effect?, PrincipalMatch) = (nil, .none)
        for statement in resource?.statements ?? [] where statement.applies(to: request) {
            let match = statement.match(of: request.principal)
            if case .none = match { continue }
            if statement.effect == .deny { return (.deny, match) }
            if case .itself = found.1 { continue }
            found = (.allow, match)
        }
        return found
    }
}

/// What the policies say, and if not, why.
package enum PolicyDecision: Sendable, Hashable {
    case allowed
    case denied(Denial)

    package enum Kind: String, Sendable {
        case identity = "identity-based policy"
        case resource = "resource-based policy"
        case boundary = "permissions boundary"
    }

    package enum Denial: Sendable, Hashable {
        /// A statement denies it.
        case explicit(Kind)
        /// No statement allows it.
        case implicit(Kind)
    }
}

extension PolicyRequest {
    /// AWS's text of a refusal.
    /// - Parameter quotesResource: whether the ARN is between quotation marks, as in S3's.
    /// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
    package func refusal(_ denial: PolicyDecision.Denial, quotesResource: Bool = false) -> String {
        let resource = quotesResource ? "\"\(resource)\"" : resource
        let asked = "User: \(principal.name) is not authorized to perform: \(action) on resource: \(resource)"
        return switch denial {
        case .explicit(.boundary): "\(asked) with an explicit deny in a permissions boundary"
        case .explicit(.identity): "\(asked) with an explicit deny in an identity-based policy"
        case .explicit(.resource): "\(asked) with an explicit deny in a resource-based policy"
        case .implicit(let kind): "\(asked) because no \(kind.rawValue) allows the \(action) action"
        }
    }
}
