/// The values of condition keys, by name; names are compared without case.
package struct PolicyContext: Sendable, Hashable {
    private var values: [String: [String]] = [:]

    package init(_ values: [String: [String]] = [:]) {
        for (name, value) in values { self[name] = value }
    }

    package subscript(name: String) -> [String]? {
        get { values[name.lowercased()] }
        set { values[name.lowercased()] = newValue }
    }
}

/// Who asks.
package enum PolicyPrincipal: Sendable, Hashable {
    /// The account itself, which may do whatever no policy of a resource denies.
    case account(String)
    /// A session of a role: `arn:aws:iam::<account>:role/<name>` and `arn:aws:sts::<account>:assumed-role/<name>/<session>`.
    case role(arn: String, session: String)
    /// A service of AWS on its own behalf, such as `s3.amazonaws.com`.
    case service(String)

    /// How refusals name it.
    package var name: String {
        switch self {
        case .account(let id): "arn:aws:iam::\(id):root"
        case .role(_, let session): session
        case .service(let name): name
        }
    }

    var account: String? {
        switch self {
        case .account(let id): id
        case .role(let arn, _):
            arn.split(separator: ":", omittingEmptySubsequences: false).dropFirst(4).first.map(String.init)
        case .service: nil
        }
    }
}

/// What is asked: one action on one resource.
package struct PolicyRequest: Sendable {
    package var principal: PolicyPrincipal
    /// Such as `s3:GetObject`.
    package var action: String
    /// The ARN, or `*` for an action without resources.
    package var resource: String
    package var context: PolicyContext

    package init(
        _ principal: PolicyPrincipal, _ action: String, on resource: String, _ context: PolicyContext = .init()
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.context = context
    }
}
