internal import EmulatorCore
internal import Gzip
internal import JSON
internal import Synchronization
internal import Time

/// A filter of a log group, which sends matching events on.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>
struct SubscriptionFilter: Sendable {
    let group: String
    let name: String
    /// The members of PutSubscriptionFilter, and `creationTime`.
    let declaration: JSONObject
    let pattern: LogFilter
    /// The ARN of a function, a stream of Kinesis or a delivery stream.
    let destination: String
    let role: String?

    init(_ declaration: JSONObject) throws(AWSFault) {
        func member(_ name: String) throws(AWSFault) -> String {
            guard let value = declaration[name]?.string, !value.isEmpty else {
                throw .logsParameter("\(name) is missing.")
            }
            return value
        }
        group = try member("logGroupName")
        name = try member("filterName")
        destination = try member("destinationArn")
        role = declaration["roleArn"]?.string
        guard let pattern = declaration["filterPattern"]?.string else {
            throw .logsParameter("filterPattern is missing.")
        }
        self.pattern = try LogFilter(pattern)
        self.declaration = declaration
        let service = ARN(destination)?.service ?? ""
        switch service {
        case "lambda":
            guard role == nil else {
                throw .logsParameter("destinationArn for vendor lambda cannot be used with roleArn")
            }
        case "kinesis", "firehose":
            guard role != nil else {
                throw .logsParameter("destinationArn for vendor \(service) cannot be used without roleArn")
            }
        default:
            throw .logsParameter(
                "PutSubscriptionFilter operation cannot work with destinationArn for vendor \(service)")
        }
    }

    var document: JSON {
        var document = declaration
        if document["distribution"] == nil { document["distribution"] = "ByLogStream" }
        return .object(document)
    }
}

/// Sends the events of groups with filters to their destinations, those of a moment together.
///
/// What is not sent when the emulator ends is lost, as a moment of the logs themselves may be.
final class Subscriptions: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS log_subscription (
            group_name TEXT NOT NULL, name TEXT NOT NULL, declaration BLOB NOT NULL,
            PRIMARY KEY (group_name, name)) STRICT, WITHOUT ROWID;
        """

    /// A group has at most so many filters.
    static let mostFilters = 2

    private struct Waiting: Sendable {
        let filter: SubscriptionFilter
        let stream: String
        var events: [JSON]
    }

    private struct State {
        /// By group.
        var filters: [String: [SubscriptionFilter]] = [:]
        var waiting: [String: Waiting] = [:]
        var number: Int64 = 0
    }

    private static let delay: Int64 = 200

    private let state = Mutex(State())
    /// Where functions' invocations are queued; nil for logs without other services.
    private let store: Store?
    private let peers: Peers
    private let account: Account
    private let clock: ClockAndChance

    init(store: Store?, peers: Peers, account: Account, clock: ClockAndChance) {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
    }

    func set(_ filters: [SubscriptionFilter]) {
        state.withLock { $0.filters = Dictionary(grouping: filters, by: \.group) }
    }

    func filters(of group: String) -> [SubscriptionFilter] {
        state.withLock { $0.filters[group] ?? [] }.sorted { $0.name < $1.name }
    }

    func put(_ filter: SubscriptionFilter) {
        state.withLock { state in
            state.filters[filter.group, default: []].removeAll { $0.name == filter.name }
            state.filters[filter.group, default: []].append(filter)
        }
    }

    func remove(_ name: String?, from group: String) {
        state.withLock { state in
            if let name {
                state.filters[group]?.removeAll { $0.name == name }
            } else {
                state.filters[group] = nil
            }
        }
    }

    // MARK: Events

    func offer(_ message: String, at time: Int64, group: String, stream: String) {
        let filters = state.withLock { $0.filters.isEmpty ? nil : $0.filters[group] }
        guard let filters else { return }
        let text = message.hasSuffix("\n") ? String(message.dropLast()) : message
        for filter in filters where filter.pattern.matches(text) {
            let key = "\(group)\n\(filter.name)\n\(stream)"
            let isFirst = state.withLock { state in
                state.number += 1
                let event: JSON = [
                    "id": .string(Self.identifier(time, state.number)), "timestamp": .int(time),
                    "message": .string(text),
                ]
                let isFirst = state.waiting[key] == nil
                state.waiting[key, default: Waiting(filter: filter, stream: stream, events: [])].events.append(event)
                return isFirst
            }
            guard isFirst else { continue }
            Task { [self] in
                try? await clock.sleep(clock.now().advanced(byMilliseconds: Self.delay))
                guard let waiting = state.withLock({ $0.waiting.removeValue(forKey: key) }) else { return }
                await send(waiting)
            }
        }
    }

    /// 56 digits, as events have on AWS.
    private static func identifier(_ time: Int64, _ number: Int64) -> String {
        let (time, number) = (String(max(time, 0)), String(number))
        let zeros = String(repeating: "0", count: max(0, 56 - time.utf8.count - number.utf8.count))
        return time + zeros + number
    }

    private func send(_ waiting: Waiting) async {
        let data: JSON = [
            "messageType": "DATA_MESSAGE", "owner": .string(account.id), "logGroup": .string(waiting.filter.group),
            "logStream": .string(waiting.stream), "subscriptionFilters": [.string(waiting.filter.name)],
            "logEvents": .array(waiting.events),
        ]
        // As on AWS, a destination that refuses the events loses them.
        try? await deliver(data, to: waiting.filter, key: waiting.stream)
    }

    /// Sends a message that says nothing, to learn whether the destination takes it. A function only has to be there.
    func test(_ filter: SubscriptionFilter) async throws(AWSFault) {
        guard let service = ARN(filter.destination)?.service, peers.action(service) != nil else {
            throw .notEmulated("The destination \(filter.destination)")
        }
        let names = ["lambda": "lambda function", "kinesis": "Kinesis stream", "firehose": "Firehose stream"]
        do {
            if service == "lambda" {
                _ = try await peers.action("lambda")?.perform(
                    "GetFunction", ["FunctionName": .string(filter.destination)])
                return
            }
            let text =
                "CWL CONTROL MESSAGE: Checking health of destination \(service == "kinesis" ? "Kinesis stream" : "Firehose")."
            let event: JSON = ["id": "", "timestamp": .int(clock.now().milliseconds), "message": .string(text)]
            try await deliver(
                [
                    "messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
                    "subscriptionFilters": [], "logEvents": [event],
                ], to: filter, key: "control")
        } catch {
            throw service == "lambda"
                ? .logsParameter(
                    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
                        + "your function.")
                : .logsParameter(
                    "Could not deliver test message to specified \(names[service] ?? service). Check if the given "
                        + "\(names[service] ?? service) is in ACTIVE state.")
        }
    }

    private func deliver(_ data: JSON, to filter: SubscriptionFilter, key: String) async throws {
        try await peers.permissions?.check(delivering: filter.destination, as: filter.role, session: "CloudWatchLogs")
        var gzip = GzipWriter()
        gzip.append(data.bytes)
        let packed = (gzip.takeOutput() + gzip.finish()).base64
        switch ARN(filter.destination)?.service {
        case "kinesis":
            _ = try await peers.action("kinesis")?.perform(
                "PutRecord",
                [
                    "StreamARN": .string(filter.destination), "PartitionKey": .string(String(key.prefix(256))),
                    "Data": .string(packed),
                ])
        case "firehose":
            let name = filter.destination.split(separator: "/").last.map(String.init) ?? ""
            _ = try await peers.action("firehose")?.perform(
                "PutRecord", ["DeliveryStreamName": .string(name), "Record": ["Data": .string(packed)]])
        default:
            let event = TargetEvent(["awslogs": ["data": .string(packed)]])
            let source = account.arn("logs", "log-group:\(filter.group):*")
            try await store?.write { [peers] in
                try peers.deliver(
                    event, to: filter.destination, from: EventSender("logs.amazonaws.com", for: source), in: $0)
            }
        }
    }
}

extension LogService {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html>
    func putSubscription(_ input: JSON) async throws -> JSON {
        var members = input.object ?? [:]
        let group = try group(input)
        members["logGroupName"] = .string(group)
        _ = try await groupID(group)
        let existing = subscriptions.filters(of: group)
        let known = existing.first { $0.name == members["filterName"]?.string }
        members["creationTime"] = known?.declaration["creationTime"] ?? .int(clock.now().milliseconds)
        let filter = try SubscriptionFilter(members)
        guard known != nil || existing.count < Subscriptions.mostFilters else {
            throw AWSFault("LimitExceededException", "Resource limit exceeded.")
        }
        try await subscriptions.test(filter)
        try await store.write { transaction in
            try transaction.execute(
                "INSERT OR REPLACE INTO log_subscription VALUES (?, ?, ?)", .text(filter.group), .text(filter.name),
                .blob(JSON.object(filter.declaration).bytes))
        }
        subscriptions.put(filter)
        return [:]
    }

    func describeSubscriptions(_ input: JSON) async throws -> JSON {
        let group = try group(input)
        _ = try await groupID(group)
        let prefix = input["filterNamePrefix"]?.string ?? ""
        let filters = subscriptions.filters(of: group).filter { $0.name.hasPrefix(prefix) }
        return ["subscriptionFilters": .array(filters.map(\.document))]
    }

    func deleteSubscription(_ input: JSON) async throws -> JSON {
        let group = try group(input)
        _ = try await groupID(group)
        let name = input["filterName"]?.string ?? ""
        guard subscriptions.filters(of: group).contains(where: { $0.name == name }) else {
            throw AWSFault("ResourceNotFoundException", "The specified subscription filter does not exist.")
        }
        try await store.write { transaction in
            try transaction.execute(
                "DELETE FROM log_subscription WHERE group_name = ? AND name = ?", .text(group), .text(name))
        }
        subscriptions.remove(name, from: group)
        return [:]
    }

    /// `AWS::Logs::SubscriptionFilter`
    func provisionSubscription(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["FilterName"]?.string ?? resource.logicalID
        var input: JSONObject = [:]
        for (member, property) in [
            ("logGroupName", "LogGroupName"), ("filterPattern", "FilterPattern"), ("destinationArn", "DestinationArn"),
            ("roleArn", "RoleArn"), ("distribution", "Distribution"),
        ] {
            input[member] = properties[property]
        }
        input["filterName"] = .string(name)
        _ = try await putSubscription(.object(input))
        let group = input["logGroupName"]?.string ?? ""
        return ProvisionedResource(ref: name, physicalID: "\(group)|\(name)")
    }

    /// - Parameter physicalID: the group and the filter's name.
    func removeSubscription(_ physicalID: String) async throws(AWSFault) {
        let parts = physicalID.split(separator: "|", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return }
        do throws(AWSFault) {
            _ = try await perform(
                "DeleteSubscriptionFilter", ["logGroupName": .string(parts[0]), "filterName": .string(parts[1])])
        } catch {
            guard error.code == AWSFault.noLogGroup.code else { throw error }
        }
    }
}
