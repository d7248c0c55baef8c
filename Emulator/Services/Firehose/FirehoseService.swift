package import EmulatorCore
package import JSON
internal import Synchronization
internal import Time

/// Amazon Data Firehose: delivery streams to S3, whose records are durable from the answer to a put, or stay in their
/// Kinesis stream, until their object is stored.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html>
package final class FirehoseService: Sendable {
    /// Brings a database's tables to those that know backups.
    package static let addKindsOfBuffers: Migration = { try StoredBuffer.addKinds(in: $0) }
    /// Brings a database's tables to those where records that were put together share a row.
    package static let joinRecords: Migration = { try StoredPuts.join(in: $0) }
    /// Brings a database's tables to those where the data of buffers is compressed.
    package static let packChunks: Migration = { try StoredBuffer.packChunks(in: $0) }
    package static let schema = [
        StoredDeliveryStream.schema, StoredBuffer.schema, StoredPuts.schema, Lane.schema,
    ]

    /// A delivery stream and its tasks.
    struct Running: Sendable {
        let context: DeliveryContext
        var tasks: [Task<Void, Never>] = []
        var source: (any StreamSource)?

        func stop() {
            source?.readers.remove(context.intakeBell)
            for task in tasks { task.cancel() }
        }
    }

    private struct State {
        var streams: [String: Running] = [:]
        var isStarted = false
    }

    let store: Store
    let account: Account
    let clock: ClockAndChance
    private let peers: Peers
    private let intervalLimit: Int64?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - peers: the streams to read, the functions that transform, the object store, the logs.
    ///   - intervalLimit: the longest time in a buffer, in milliseconds, whatever is configured.
    init(
        store: Store, peers: Peers, account: Account = Account(), clock: ClockAndChance = .system,
        intervalLimit: Int64? = nil
    ) throws {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
        self.intervalLimit = intervalLimit
        state = Mutex(State())
        for stream in try store.read({ try StoredDeliveryStream.all(in: $0) }) { try register(stream) }
    }

    func arn(of name: String) -> String { account.arn("firehose", "deliverystream/\(name)") }

    // MARK: Running

    /// Starts or restarts the tasks of a delivery stream with its present configuration.
    func register(_ stream: StoredDeliveryStream) throws {
        let context = DeliveryContext(
            id: stream.id, name: stream.name, arn: arn(of: stream.name), version: stream.version,
            configuration: try DeliveryConfiguration(stream.declaration), store: store, peers: peers, account: account,
            clock: clock, intervalLimit: intervalLimit)
        state.withLock { state in
            state.streams.removeValue(forKey: stream.name)?.stop()
            state.streams[stream.name] = state.isStarted ? run(context) : Running(context: context)
        }
    }

    private func run(_ context: DeliveryContext) -> Running {
        var running = Running(context: context)
        if let arn = context.configuration.sourceStream {
            running.source = try? peers.stream(arn)
            running.source?.readers.add(context.intakeBell)
        }
        running.tasks = [
            Task {
                var intake = Intake(context)
                await intake.serve()
            },
            Task { await Delivery(context).serve() },
        ]
        return running
    }

    func unregister(_ name: String) { state.withLock { $0.streams.removeValue(forKey: name) }?.stop() }

    /// - Throws: ``AWSFault`` `ResourceNotFoundException`.
    func context(of name: String) throws(AWSFault) -> DeliveryContext {
        guard let context = state.withLock({ $0.streams[name]?.context }) else {
            throw .noDeliveryStream(name, account)
        }
        return context
    }

    // MARK: Creation

    /// - Throws: ``AWSFault`` `ResourceInUseException` if the name is taken.
    func create(_ declared: StoredDeliveryStream) async throws {
        let configuration = try DeliveryConfiguration(declared.declaration)
        // A delivery stream reads what is put after its creation.
        let shards =
            try configuration.sourceStream.map { arn in try peers.stream(arn).shards(ofStream: arn) } ?? []
        let stream = try await store.write { [account] transaction in
            guard try StoredDeliveryStream.find(declared.name, in: transaction.snapshot) == nil else {
                throw AWSFault(
                    "ResourceInUseException",
                    "Firehose \(declared.name) under accountId \(account.id) already exists")
            }
            var stream = declared
            try stream.insert(in: transaction)
            for shard in shards {
                try Lane.setPosition(shard.lastSequence, ofShard: shard.id, stream: stream.id, in: transaction)
            }
            return stream
        }
        try register(stream)
    }

    /// Replaces the configuration; the records in buffers and the position in the source are kept.
    /// - Parameter isNewVersion: whether the change counts in the version, and so in the names of objects.
    func reconfigure(
        _ name: String, isNewVersion: Bool = true,
        _ change: @escaping @Sendable (inout StoredDeliveryStream) throws -> Void
    ) async throws {
        let now = clock.now().milliseconds
        let changed = try await store.write { [account] transaction in
            guard var stream = try StoredDeliveryStream.find(name, in: transaction.snapshot) else {
                throw AWSFault.noDeliveryStream(name, account)
            }
            try change(&stream)
            _ = try DeliveryConfiguration(stream.declaration)
            if isNewVersion { stream.version += 1 }
            stream.updatedAt = now
            try stream.update(in: transaction)
            return stream
        }
        try register(changed)
    }

    func delete(_ name: String) async throws {
        try await store.write { [account] transaction in
            guard let stream = try StoredDeliveryStream.find(name, in: transaction.snapshot) else {
                throw AWSFault.noDeliveryStream(name, account)
            }
            try stream.delete(in: transaction)
        }
        unregister(name)
    }
}

extension FirehoseService: Service, JSONService {
    package static let signingNames = ["firehose"]

    package convenience init(_ context: ServiceContext) throws {
        try self.init(
            store: context.store, peers: context.peers, account: context.account, clock: context.clock,
            intervalLimit: context.deliveryIntervalLimit)
    }

    package func start() async throws {
        state.withLock { state in
            state.isStarted = true
            for (name, running) in state.streams { state.streams[name] = run(running.context) }
        }
    }

    package func stop() async {
        state.withLock { state in
            state.isStarted = false
            for (name, running) in state.streams {
                running.stop()
                state.streams[name] = Running(context: running.context)
            }
        }
    }

    package var actionService: String { "firehose" }
    package var targetPrefix: String { "Firehose_20150804" }
    package var protocolVersion: String { "1.1" }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard request.headers["X-Amz-Target"] == targetPrefix + ".PutRecordBatch" else {
            return await answerJSON(request)
        }
        do { return try await putRecordBatch(request) } catch let fault as AWSFault {
            return answer(fault)
        } catch {
            return answer(AWSFault.internalFailure(error))
        }
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateDeliveryStream": return try await createDeliveryStream(input)
            case "DeleteDeliveryStream": return try await deleteDeliveryStream(input)
            case "DescribeDeliveryStream": return try describeDeliveryStream(input)
            case "ListDeliveryStreams": return try listDeliveryStreams(input)
            case "UpdateDestination": return try await updateDestination(input)
            case "TagDeliveryStream": return try await tagDeliveryStream(input)
            case "UntagDeliveryStream": return try await untagDeliveryStream(input)
            case "ListTagsForDeliveryStream": return try listTags(input)
            case "StartDeliveryStreamEncryption": return try await startEncryption(input)
            case "StopDeliveryStreamEncryption": return try await stopEncryption(input)
            case "PutRecord": return try await putRecord(input)
            case "PutRecordBatch": return try await putRecordBatch(input)
            default: throw AWSFault.notEmulated("Firehose's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}
