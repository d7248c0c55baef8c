internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// The event source mappings: in the store, in memory, and running.
final class EventSources: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS lambda_mapping (
            id TEXT PRIMARY KEY, declaration BLOB NOT NULL, modified_at INTEGER NOT NULL) STRICT;
        """

    /// What a running mapping needs.
    struct Context: Sendable {
        let store: Store
        let peers: Peers
        let account: Account
        let clock: ClockAndChance
        /// Notes what became of a mapping's last batch.
        let note: @Sendable (EventSourceMapping, String) -> Void

        func positions(of mapping: EventSourceMapping) -> ShardPositions {
            ShardPositions(of: "mapping:\(mapping.id)", in: store)
        }

        /// The function's ARN from its name, or from an ARN.
        func arn(ofFunction function: String) -> String {
            account.arn("lambda", "function:\(FunctionReference(function).name)")
        }
    }

    private struct Entry {
        var mapping: EventSourceMapping
        /// Milliseconds since 1970.
        var modifiedAt: Int64
        var lastResult = "No records processed"
        var task: Task<Void, Never>?
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var isStarted = false
    }

    private let store: Store
    private let peers: Peers
    private let account: Account
    private let clock: ClockAndChance
    private let state: Mutex<State>

    init(store: Store, peers: Peers, account: Account, clock: ClockAndChance) throws {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
        var entries: [String: Entry] = [:]
        try store.read { snapshot in
            try snapshot.query("SELECT id, declaration, modified_at FROM lambda_mapping") { row in
                let declaration = try JSON(parsing: row.blob(1)).object ?? [:]
                let mapping = try EventSourceMapping(id: row.text(0), declaration)
                entries[mapping.id] = Entry(mapping: mapping, modifiedAt: row.integer(2))
            }
        }
        state = Mutex(State(entries: entries))
    }

    var context: Context {
        Context(store: store, peers: peers, account: account, clock: clock) { [weak self] mapping, result in
            self?.state.withLock { $0.entries[mapping.id]?.lastResult = result }
        }
    }

    // MARK: Running

    func start() {
        state.withLock { state in
            state.isStarted = true
            for id in state.entries.keys { run(id, &state) }
        }
    }

    func stop() {
        state.withLock { state in
            state.isStarted = false
            for id in state.entries.keys { run(id, &state) }
        }
    }

    /// Starts the mapping with its present declaration, or stops it.
    private func run(_ id: String, _ state: inout State) {
        state.entries[id]?.task?.cancel()
        state.entries[id]?.task = nil
        guard state.isStarted, let mapping = state.entries[id]?.mapping, mapping.isEnabled else { return }
        let context = context
        guard !mapping.isQueue else {
            state.entries[id]?.task = Task { await QueueMapping(mapping, context).serve() }
            return
        }
        state.entries[id]?.task = Task {
            // The stream may be created after the mapping was stored.
            while !Task.isCancelled {
                if let source = try? context.peers.stream(mapping.source) {
                    let supervisor = ShardSupervisor(
                        mapping.source, of: source, positions: context.positions(of: mapping),
                        slots: mapping.parallelizationFactor
                    ) { lane, bell in
                        var lane = MappingLane(mapping, lane, context)
                        await lane.serve(bell)
                    }
                    return await supervisor.serve()
                }
                try? await context.clock.sleep(context.clock.now().advanced(byMilliseconds: 1000))
            }
        }
    }

    // MARK: Changes

    /// - Throws: ``AWSFault`` `ResourceConflictException` if the function has a mapping of the source.
    func create(_ declaration: JSONObject) async throws -> JSON {
        let mapping = try EventSourceMapping(id: clock.uuid(), declaration)
        if let other = find(function: mapping.function, source: mapping.source) {
            throw AWSFault(
                "ResourceConflictException",
                "The event source arn (\" \(mapping.source) \") and function (\" \(mapping.function) \") provided mapping "
                    + "already exists. Please update or delete the existing mapping with UUID \(other.id)", status: 409)
        }
        if mapping.isQueue { try await checkQueue(mapping.source) }
        let shards = mapping.isQueue ? [] : try peers.stream(mapping.source).shards(ofStream: mapping.source)
        let now = clock.now().milliseconds
        let positions = context.positions(of: mapping)
        try await store.write { transaction in
            try Self.save(mapping, at: now, in: transaction)
            guard mapping.start == .latest else { return }
            for shard in shards { try positions.begin(shard, after: shard.lastSequence, in: transaction) }
        }
        state.withLock { state in
            state.entries[mapping.id] = Entry(mapping: mapping, modifiedAt: now)
            run(mapping.id, &state)
        }
        return try document(of: mapping.id)
    }

    private func checkQueue(_ arn: String) async throws(AWSFault) {
        guard let sqs = peers.action("sqs") else { throw .notEmulated("SQS") }
        do throws(AWSFault) {
            _ = try await QueueMapping.queueURL(of: arn, sqs)
        } catch {
            throw .validation(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
                    + "Message: \(error.message)")
        }
    }

    /// Changes those members that `change` has. The positions are kept.
    func update(_ id: String, _ change: JSONObject) async throws -> JSON {
        var declaration = try entry(id).mapping.declaration
        for (name, value) in change { declaration[name] = value.isNull ? Optional.none : value }
        return try await replace(id, declaration)
    }

    /// Changes the declaration. The positions are kept.
    func replace(_ id: String, _ declaration: JSONObject) async throws -> JSON {
        let old = try entry(id).mapping
        for (name, value) in [("EventSourceArn", old.source)] where declaration[name]?.string != value {
            throw AWSFault.validation("\(name) of an event source mapping cannot be changed.")
        }
        let mapping = try EventSourceMapping(id: id, declaration)
        let now = clock.now().milliseconds
        let positions = context.positions(of: mapping)
        state.withLock { state in
            state.entries[id]?.task?.cancel()
            state.entries[id]?.task = nil
        }
        try await store.write { transaction in
            try Self.save(mapping, at: now, in: transaction)
            if mapping.parallelizationFactor != old.parallelizationFactor { try positions.changeSlots(in: transaction) }
        }
        state.withLock { state in
            state.entries[id]?.mapping = mapping
            state.entries[id]?.modifiedAt = now
            run(id, &state)
        }
        return try document(of: id)
    }

    func remove(_ id: String) async throws -> JSON {
        let mapping = try entry(id).mapping
        let document = try document(of: id)
        state.withLock { $0.entries.removeValue(forKey: id)?.task?.cancel() }
        let positions = context.positions(of: mapping)
        try await store.write { transaction in
            try transaction.execute("DELETE FROM lambda_mapping WHERE id = ?", .text(id))
            try positions.remove(in: transaction)
        }
        return document
    }

    private static func save(
        _ mapping: EventSourceMapping, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO lambda_mapping VALUES (?, ?, ?)", .text(mapping.id),
            .blob(JSON.object(mapping.declaration).bytes), .integer(now))
    }

    // MARK: Finding

    private func entry(_ id: String) throws(AWSFault) -> Entry {
        guard let entry = state.withLock({ $0.entries[id] }) else {
            throw AWSFault("ResourceNotFoundException", "The resource you requested does not exist.", status: 404)
        }
        return entry
    }

    func find(function: String, source: String) -> EventSourceMapping? {
        let name = FunctionReference(function).name
        return state.withLock { state in
            state.entries.values.first {
                $0.mapping.source == source && FunctionReference($0.mapping.function).name == name
            }?.mapping
        }
    }

    /// All mappings, or those of a function or a source.
    func list(function: String?, source: String?) throws -> [JSON] {
        let name = function.map { FunctionReference($0).name }
        let mappings = state.withLock { $0.entries.values.map(\.mapping) }.sorted { $0.id < $1.id }
        return try mappings.filter { mapping in
            (name ?? FunctionReference(mapping.function).name) == FunctionReference(mapping.function).name
                && (source ?? mapping.source) == mapping.source
        }.map { try document(of: $0.id) }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html>
    func document(of id: String) throws(AWSFault) -> JSON {
        let entry = try entry(id)
        let mapping = entry.mapping
        var document: JSONObject = [
            "UUID": .string(id), "EventSourceMappingArn": .string(arn(of: id)),
            "EventSourceArn": .string(mapping.source),
            "FunctionArn": .string(context.arn(ofFunction: mapping.function)),
            "State": .string(mapping.isEnabled ? "Enabled" : "Disabled"), "StateTransitionReason": "User action",
            "LastModified": Timestamp.json(entry.modifiedAt), "LastProcessingResult": .string(entry.lastResult),
            "BatchSize": .int(mapping.batchSize), "MaximumBatchingWindowInSeconds": .int(mapping.batchingWindow / 1000),
            "ParallelizationFactor": .int(mapping.parallelizationFactor),
            "BisectBatchOnFunctionError": .bool(mapping.bisectsBatches),
            "MaximumRetryAttempts": .int(mapping.maximumRetryAttempts ?? -1),
            "MaximumRecordAgeInSeconds": .int(mapping.maximumRecordAge.map { $0 / 1000 } ?? -1),
            "TumblingWindowInSeconds": .int((mapping.tumblingWindow ?? 0) / 1000),
            "FunctionResponseTypes": mapping.declaration["FunctionResponseTypes"] ?? [],
            "DestinationConfig": mapping.declaration["DestinationConfig"] ?? ["OnFailure": [:]],
        ]
        for name in ["StartingPosition", "StartingPositionTimestamp", "FilterCriteria", "ScalingConfig"] {
            if let value = mapping.declaration[name] { document[name] = value }
        }
        guard mapping.isQueue else { return .object(document) }
        for name in [
            "ParallelizationFactor", "BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds",
            "TumblingWindowInSeconds", "DestinationConfig", "LastProcessingResult",
        ] { document[name] = nil }
        return .object(document)
    }

    func arn(of id: String) -> String { account.arn("lambda", "event-source-mapping:\(id)") }
}
