internal import Synchronization

/// Finds the services of one emulator for each other: by the service in an ARN, by name, or by the protocol they offer.
///
/// A service offers something by conforming to its protocol, such as ``EventTarget``. The emulator connects all
/// services once, after it has created them and before it starts any, so no service needs another in its initialiser.
package final class Peers: Sendable {
    private struct Offers {
        /// By the service in an ARN.
        var targets: [String: any EventTarget] = [:]
        var streams: [String: any StreamSource] = [:]
        /// By signing name.
        var actions: [String: any ActionPerforming] = [:]
        var functions: (any FunctionInvoking)?
        var tasks: (any TaskRunning)?
        var objects: (any ObjectStore)?
        var logs: (any LogWriting)?
        var tables: (any TableCatalog)?
        var resources: [any ResourceProviding] = []
        var roles: (any RolePolicyKeeping)?
        /// By the service in an ARN.
        var policies: [String: any ResourcePolicyKeeping] = [:]
        var permissions: (any PermissionChecking)?
    }
    private let offers = Mutex(Offers())

    package init(_ services: any Peer...) { connect(services) }

    /// Adds the offers of `services`. If two offer the same, the later one is used.
    package func connect(_ services: [any Peer]) {
        offers.withLock { offers in
            for service in services {
                if let target = service.asEventTarget { offers.targets[target.targetService] = target }
                if let stream = service.asStreamSource { offers.streams[stream.streamService] = stream }
                if let action = service.asActionPerforming { offers.actions[action.actionService] = action }
                if let functions = service.asFunctionInvoking { offers.functions = functions }
                if let tasks = service.asTaskRunning { offers.tasks = tasks }
                if let objects = service.asObjectStore { offers.objects = objects }
                if let logs = service.asLogWriting { offers.logs = logs }
                if let tables = service.asTableCatalog { offers.tables = tables }
                if let resources = service.asResourceProviding { offers.resources.append(resources) }
                if let roles = service.asRolePolicyKeeping { offers.roles = roles }
                if let policies = service.asResourcePolicyKeeping { offers.policies[policies.policyService] = policies }
            }
        }
    }

    /// Takes all offers back. Services hold their peers and are held by them, so those that are no longer used need this to be freed.
    package func disconnect() { offers.withLock { $0 = Offers() } }

    package var functions: (any FunctionInvoking)? { offers.withLock { $0.functions } }
    package var tasks: (any TaskRunning)? { offers.withLock { $0.tasks } }
    package var objects: (any ObjectStore)? { offers.withLock { $0.objects } }
    package var tables: (any TableCatalog)? { offers.withLock { $0.tables } }
    package var resources: [any ResourceProviding] { offers.withLock { $0.resources } }
    package var roles: (any RolePolicyKeeping)? { offers.withLock { $0.roles } }

    /// Checks what services do as a role; nil where permissions are not enforced.
    package var permissions: (any PermissionChecking)? { offers.withLock { $0.permissions } }

    /// Has services check what they do as a role.
    package func enforce(_ permissions: any PermissionChecking) { offers.withLock { $0.permissions = permissions } }

    /// The policy of the resource with this ARN; nil if it has none.
    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        guard let keeper = offers.withLock({ $0.policies[arn.service] }) else { return nil }
        return try keeper.policy(ofResource: arn)
    }

    /// The service that performs actions under a signing name, such as `dynamodb`.
    package func action(_ service: String) -> (any ActionPerforming)? { offers.withLock { $0.actions[service] } }

    /// The service whose stream has this ARN.
    /// - Throws: ``AWSFault`` if no service has such streams.
    package func stream(_ arn: String) throws(AWSFault) -> any StreamSource {
        guard let service = ARN(arn)?.service, let source = offers.withLock({ $0.streams[service] }) else {
            throw .notEmulated("The stream \(arn)")
        }
        return source
    }

    /// Whether a service accepts events for this ARN.
    package func acceptsEvents(for arn: String) -> Bool {
        guard let service = ARN(arn)?.service else { return false }
        return offers.withLock { $0.targets[service] } != nil
    }

    /// Queues `event` for the resource with this ARN, durable with `transaction`.
    /// - Parameter sender: a service that sends it on its own behalf, not as a role.
    /// - Throws: ``AWSFault`` if no service accepts events for it, if ``EventTarget/accept(_:for:in:)`` does, or if the policy of
    ///   the target does not allow the sender to, where permissions are enforced.
    package func deliver(
        _ event: TargetEvent, to arn: String, from sender: EventSender? = nil, in transaction: borrowing Transaction
    ) throws {
        if let sender { try permissions?.check(delivering: arn, from: sender) }
        guard let resource = ARN(arn), let target = offers.withLock({ $0.targets[resource.service] }) else {
            throw AWSFault.notEmulated("The event target \(arn)")
        }
        try target.accept(event, for: resource, in: transaction)
    }
}

extension Peers: LogWriting {
    /// Writes through the log service; without one, the message is dropped.
    package func write(_ message: String, group: String, stream: String) {
        offers.withLock { $0.logs }?.write(message, group: group, stream: stream)
    }
}
