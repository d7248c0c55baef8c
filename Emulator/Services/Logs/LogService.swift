package import EmulatorCore
package import JSON
internal import Time

/// Amazon CloudWatch Logs: the output of functions and containers, up to a size limit.
package final class LogService: Sendable {
    let store: LogStore
    let account: Account
    let clock: ClockAndChance
    let metrics: EmbeddedMetricReports
    let subscriptions: Subscriptions

    /// - Parameters:
    ///   - directory: the existing folder of `logs.sqlite`.
    ///   - events: where the invocations of functions that take events of subscription filters are queued.
    ///   - sizeLimit: in bytes; at the limit the oldest events are deleted.
    init(
        directory: String, account: Account = Account(), clock: ClockAndChance = .system, peers: Peers = Peers(),
        events: Store? = nil, sizeLimit: Int = 256 << 20
    ) throws {
        store = try LogStore(directory: directory, sizeLimit: sizeLimit)
        self.account = account
        self.clock = clock
        metrics = EmbeddedMetricReports(peers: peers, clock: clock)
        subscriptions = Subscriptions(store: events, peers: peers, account: account, clock: clock)
        subscriptions.set(try store.subscriptions())
    }

    /// Stores the events so far and ends.
    package func close() { store.close() }

    func arn(ofGroup name: String) -> String { account.arn("logs", "log-group:\(name)") }
}

extension LogService: LogWriting {
    package func write(_ message: String, group: String, stream: String) {
        let now = clock.now().milliseconds
        store.add(message, at: now, group: group, stream: stream)
        metrics.add(message)
        subscriptions.offer(message, at: now, group: group, stream: stream)
    }
}

extension LogService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::Logs::LogGroup", "AWS::Logs::LogStream", Self.filterType] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.type == Self.filterType {
            do { return try await provisionSubscription(resource) } catch {
                throw error as? AWSFault ?? .internalFailure(error)
            }
        }
        let properties = resource.properties
        let now = clock.now().milliseconds
        let group = properties["LogGroupName"]?.string ?? resource.logicalID
        let stream =
            resource.type == "AWS::Logs::LogStream" ? properties["LogStreamName"]?.string ?? resource.logicalID : nil
        let retention = properties["RetentionInDays"]?.looseInt
        do {
            try await store.write { transaction in
                try LogStore.create(group: group, at: now, in: transaction)
                if let stream { try LogStore.create(stream: stream, group: group, at: now, in: transaction) }
                guard let retention else { return }
                try transaction.execute(
                    "UPDATE log_group SET retention = ? WHERE name = ?", .integer(retention), .text(group))
            }
        } catch { throw .internalFailure(error) }
        return ProvisionedResource(ref: stream ?? group, attributes: ["Arn": arn(ofGroup: group) + ":*"])
    }

    private static let filterType = "AWS::Logs::SubscriptionFilter"

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == Self.filterType { return try await removeSubscription(ref) }
        // A stream is deleted with its group.
        guard type == "AWS::Logs::LogGroup" else { return }
        do throws(AWSFault) {
            _ = try await perform("DeleteLogGroup", ["logGroupName": .string(ref)])
        } catch {
            guard error.code == AWSFault.noLogGroup.code else { throw error }
        }
    }
}

extension LogService: Service, JSONService {
    package static let signingNames = ["logs"]
    /// The logs have a database of their own.
    package static let schema: [String] = []

    package convenience init(_ context: ServiceContext) throws {
        try self.init(
            directory: context.store.directory, account: context.account, clock: context.clock, peers: context.peers,
            events: context.store)
    }

    package func stop() async { close() }

    package var actionService: String { "logs" }
    package var targetPrefix: String { "Logs_20140328" }
    package var protocolVersion: String { "1.1" }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateLogGroup": return try await createGroup(input)
            case "CreateLogStream": return try await createStream(input)
            case "DeleteLogGroup": return try await deleteGroup(input)
            case "DeleteLogStream": return try await deleteStream(input)
            case "PutRetentionPolicy", "DeleteRetentionPolicy":
                return try await setRetention(input["retentionInDays"]?.int, of: try group(input))
            case "PutLogEvents": return try await putEvents(input)
            case "DescribeLogGroups": return try await describeGroups(input)
            case "DescribeLogStreams": return try await describeStreams(input)
            case "GetLogEvents": return try await getEvents(input)
            case "FilterLogEvents": return try await filterEvents(input)
            case "PutSubscriptionFilter": return try await putSubscription(input)
            case "DescribeSubscriptionFilters": return try await describeSubscriptions(input)
            case "DeleteSubscriptionFilter": return try await deleteSubscription(input)
            case "ListTagsForResource", "ListTagsLogGroup": return ["tags": [:]]
            default: throw AWSFault.notEmulated("CloudWatch Logs' \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    /// The group's name, from a name or an ARN.
    func group(_ input: JSON) throws(AWSFault) -> String {
        guard let text = input["logGroupName"]?.string ?? input["logGroupIdentifier"]?.string, !text.isEmpty else {
            throw .logsParameter("logGroupName is missing.")
        }
        guard let marker = text.firstRange(of: ":log-group:") else { return text }
        return String(text[marker.upperBound...].prefix { $0 != ":" })
    }

    func stream(_ input: JSON) throws(AWSFault) -> String {
        guard let name = input["logStreamName"]?.string, !name.isEmpty else {
            throw .logsParameter("logStreamName is missing.")
        }
        return name
    }
}

extension AWSFault {
    static func logsParameter(_ message: String) -> AWSFault { AWSFault("InvalidParameterException", message) }
    static let noLogGroup = AWSFault("ResourceNotFoundException", "The specified log group does not exist.")
    static let noLogStream = AWSFault("ResourceNotFoundException", "The specified log stream does not exist.")
}
