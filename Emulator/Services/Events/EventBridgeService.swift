package import EmulatorCore
package import JSON
internal import Time

/// Amazon EventBridge: buses, rules with event patterns or schedules, and their targets.
///
/// The commit that puts an event also queues it for the targets of every rule that matches, so it needs no queue of its
/// own. A rule with a schedule is fired by the service that has the schedules.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html>
package final class EventBridgeService: Sendable {
    package static let schema = [StoredBus.schema, StoredRule.schema]

    let store: Store
    let peers: Peers
    let account: Account
    let clock: ClockAndChance

    /// - Parameter peers: the targets of rules.
    init(store: Store, peers: Peers, account: Account = Account(), clock: ClockAndChance = .system) {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
    }

    func arn(ofBus bus: String) -> String { account.arn("events", "event-bus/\(bus)") }

    /// The name in the name or ARN of a bus; without one, the default bus.
    static func busName(_ nameOrARN: String?) -> String {
        guard let nameOrARN, !nameOrARN.isEmpty else { return StoredBus.defaultName }
        guard let resource = ARN(nameOrARN)?.resource, resource.hasPrefix("event-bus/") else { return nameOrARN }
        return String(resource.dropFirst("event-bus/".count))
    }
}

extension EventBridgeService: Service, JSONService {
    package static let signingNames = ["events"]

    package convenience init(_ context: ServiceContext) {
        self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }

    package var actionService: String { "events" }
    package var targetPrefix: String { "AWSEvents" }
    package var protocolVersion: String { "1.1" }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "PutEvents": return try await putEvents(input)
            case "TestEventPattern": return try Self.testPattern(input)
            case "CreateEventBus": return try await createBus(input)
            case "DeleteEventBus": return try await deleteBus(input)
            case "DescribeEventBus": return try describeBus(input)
            case "ListEventBuses": return try listBuses(input)
            case "PutRule": return try await putRule(input)
            case "DeleteRule": return try await deleteRule(input)
            case "DescribeRule": return try described(rule(input))
            case "EnableRule": return try await setState("ENABLED", input)
            case "DisableRule": return try await setState("DISABLED", input)
            case "ListRules": return try listRules(input)
            case "ListRuleNamesByTarget": return try listRuleNames(input)
            case "PutTargets": return try await putTargets(input)
            case "RemoveTargets": return try await removeTargets(input)
            case "ListTargetsByRule": return ["Targets": .array(try rule(input).targets.map(\.document))]
            case "TagResource", "UntagResource", "ListTagsForResource": return try await tagging(action, input)
            default: throw AWSFault.notEmulated("EventBridge's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}

extension AWSFault {
    static func missing(_ what: String) -> AWSFault { AWSFault("ResourceNotFoundException", "\(what) does not exist.") }

    static func missingRule(_ name: String, _ bus: String) -> AWSFault {
        .missing("Rule \(name)\(bus == StoredBus.defaultName ? "" : " on EventBus \(bus)")")
    }

    static func invalidEvent(_ message: String) -> AWSFault { AWSFault("ValidationException", message) }
}
