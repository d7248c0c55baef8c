package import JSON
package import Time

/// The policies of a role, as texts.
package struct RolePolicies: Sendable {
    package var arn: String
    /// Those in it and those attached to it.
    package var documents: [String]
    package var boundary: String?
    /// Who may assume it.
    package var trust: String

    package init(arn: String, documents: [String], boundary: String?, trust: String) {
        self.arn = arn
        self.documents = documents
        self.boundary = boundary
        self.trust = trust
    }
}

/// A service that keeps roles and their policies.
package protocol RolePolicyKeeping: Peer {
    /// - Returns: nil for a role that does not exist.
    func policies(ofRole name: String) throws(AWSFault) -> RolePolicies?
}

/// A service whose resources have policies.
package protocol ResourcePolicyKeeping: Peer {
    /// The service in the ARNs of these resources, such as `sqs`.
    var policyService: String { get }
    /// The text of the policy of a resource; nil if it has none.
    func policy(ofResource arn: ARN) throws(AWSFault) -> String?
}

/// Decides whether a role may do something. ``Peers`` have one only where permissions are enforced.
package protocol PermissionChecking: Sendable {
    /// Checks an operation that a service performs as a role.
    /// - Parameters:
    ///   - service: the name under which requests for the operation are signed, such as `dynamodb`.
    ///   - input: the operation's members.
    ///   - role: the ARN of the role; nil for what has none, which may do everything.
    ///   - session: names the session in refusals.
    /// - Throws: ``AWSFault`` with the service's own code and AWS's text.
    func check(
        _ operation: String, of service: String, _ input: JSON, as role: String?, session: String
    ) async throws(AWSFault)

    /// Checks the call by which an event reaches a target, such as `SendMessage` for a queue.
    func check(delivering target: String, as role: String?, session: String) async throws(AWSFault)

    /// Checks what a service sends on its own behalf, which the policy of the target must allow.
    func check(delivering target: String, from sender: EventSender) throws(AWSFault)
}

/// A service that sends an event on its own behalf, and what for.
package struct EventSender: Sendable, Hashable {
    /// Such as `s3.amazonaws.com`.
    package var service: String
    /// The ARN of the resource whose event it is: `aws:SourceArn`.
    package var source: String

    package init(_ service: String, for source: String) {
        self.service = service
        self.source = source
    }
}

/// Makes the keys with which functions and tasks act as their roles.
package struct RoleKeys: Sendable {
    private let sessions: SessionKeys
    private let account: Account
    private let clock: ClockAndChance

    /// A worker keeps its key as long as it lives.
    private static let lifetimeInMilliseconds: Int64 = 10 * 365 * 86_400_000

    package init(_ sessions: SessionKeys, account: Account, clock: ClockAndChance) {
        self.sessions = sessions
        self.account = account
        self.clock = clock
    }

    /// The environment variables of a process that acts as a role.
    /// - Parameter role: its ARN; nil, or no role's ARN, gives none.
    package func variables(ofRole role: String?, session: String) -> [String: String] {
        guard let role, let arn = ARN(role), arn.service == "iam", arn.resource.hasPrefix("role/"),
            let name = arn.resource.split(separator: "/").last
        else { return [:] }
        let session = SessionKeys.Session(
            arn: "arn:aws:sts::\(account.id):assumed-role/\(name)/\(session)",
            expiresAt: clock.now().milliseconds + Self.lifetimeInMilliseconds)
        return sessions.key(for: session, clock).variables
    }
}
