package import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// EventBridge Pipes from queues and streams of DynamoDB and Kinesis to state machines, functions, queues and topics.
package final class PipeService: Sendable {
    package static let schema = [
        """
        CREATE TABLE IF NOT EXISTS pipe (name TEXT PRIMARY KEY, declaration BLOB NOT NULL) STRICT;
        """,
        ShardPositions.schema, timesSchema,
    ]

    /// Moves the positions of pipes to where those of all readers of streams are. A DynamoDB stream's shard has its ARN.
    package static let moveThePositions: Migration = { transaction in
        let table = try transaction.snapshot.first(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'pipe_position'"
        ) { $0.text(0) }
        guard table != nil else { return }
        try transaction.execute(ShardPositions.schema)
        try transaction.execute(
            "INSERT INTO stream_position SELECT 'pipe:' || pipe, source, '', sequence, NULL FROM pipe_position")
        try transaction.execute("DROP TABLE pipe_position")
    }

    /// Lets each pipe read a shard on from where its slowest lane was: pipes whose target answers nothing now have one lane.
    package static let joinTheLanes: Migration = { transaction in
        try transaction.execute(ShardPositions.schema)
        let lanes = try transaction.snapshot.all(
            """
            SELECT reader, shard, MIN(sequence) FROM stream_position WHERE reader LIKE 'pipe:%' AND slot <> ''
            GROUP BY reader, shard
            """
        ) { ($0.text(0), $0.text(1), $0.integer(2)) }
        for (reader, shard, sequence) in lanes {
            try transaction.execute(
                "DELETE FROM stream_position WHERE reader = ? AND shard = ?", .text(reader), .text(shard))
            try transaction.execute(
                "INSERT INTO stream_position VALUES (?, ?, '', ?, NULL)", .text(reader), .text(shard),
                .integer(sequence))
        }
    }

    private struct State {
        var pipes: [String: Pipe] = [:]
        var runners: [String: Task<Void, Never>] = [:]
        var isStarted = false
    }

    let store: Store
    private let peers: Peers
    private let account: Account
    let clock: ClockAndChance
    private let state: Mutex<State>

    /// - Parameter peers: the streams that pipes read, their targets, and the queues for events that they give up on.
    init(store: Store, peers: Peers, account: Account = Account(), clock: ClockAndChance = .system) throws {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
        var state = State()
        try store.read { snapshot in
            try snapshot.query("SELECT declaration FROM pipe") { row in
                guard case .object(let declaration) = try JSON(parsing: row.blob(0)) else { return }
                let pipe = try Pipe(declaration)
                state.pipes[pipe.name] = pipe
            }
        }
        self.state = Mutex(state)
    }

    /// Starts to deliver records, including those added while the emulator was stopped.
    package func start() async throws {
        let pipes = state.withLock { state in
            state.isStarted = true
            return Array(state.pipes.values)
        }
        for pipe in pipes { run(pipe) }
    }

    package func stop() async {
        state.withLock { state in
            state.isStarted = false
            for runner in state.runners.values { runner.cancel() }
            state.runners = [:]
        }
    }

    private func run(_ pipe: Pipe) {
        if pipe.isFromQueue { return runQueue(pipe) }
        let source = try? peers.stream(pipe.source)
        let (positions, arn) = (positions(of: pipe), arn(of: pipe.name))
        state.withLock { state in
            state.runners.removeValue(forKey: pipe.name)?.cancel()
            guard !pipe.isStopped, state.isStarted, let source else { return }
            let supervisor = ShardSupervisor(
                pipe.source, of: source, positions: positions, slots: pipe.laneCount
            ) { [store, peers, account, clock] lane, bell in
                let runner = PipeRunner(
                    pipe: pipe, arn: arn, lane: lane, positions: positions, store: store, peers: peers,
                    account: account, clock: clock)
                await runner.serve(bell)
            }
            state.runners[pipe.name] = Task { await supervisor.serve() }
        }
    }

    private func runQueue(_ pipe: Pipe) {
        let runner = QueuePipe(
            delivery: PipeDelivery(pipe: pipe, arn: arn(of: pipe.name), peers: peers, clock: clock), store: store,
            account: account)
        state.withLock { state in
            state.runners.removeValue(forKey: pipe.name)?.cancel()
            guard !pipe.isStopped, state.isStarted else { return }
            state.runners[pipe.name] = Task { await runner.serve() }
        }
    }

    private func positions(of pipe: Pipe) -> ShardPositions { ShardPositions(of: "pipe:\(pipe.name)", in: store) }

    /// By name.
    var pipes: [String: Pipe] { state.withLock { $0.pipes } }

    func arn(of name: String) -> String { account.arn("pipes", "pipe/\(name)") }
}

extension PipeService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::Pipes::Pipe"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var declaration = resource.properties.object ?? [:]
        if declaration["Name"] == nil { declaration["Name"] = .string(resource.logicalID) }
        let pipe = try Pipe(declaration)
        let known = state.withLock { $0.pipes[pipe.name]?.declaration }
        if known != declaration {
            let isNew = known?["Source"]?.string != pipe.source
            let shards =
                isNew && pipe.start == .latest && !pipe.isFromQueue
                ? try peers.stream(pipe.source).shards(ofStream: pipe.source) : []
            let positions = positions(of: pipe)
            do {
                try await store.write { transaction in
                    try transaction.execute(
                        "INSERT INTO pipe VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration",
                        .text(pipe.name), .blob(JSON.object(pipe.declaration).bytes))
                    // A changed pipe keeps its positions, unless its stream has changed.
                    if isNew {
                        try positions.remove(in: transaction)
                    } else {
                        try positions.changeSlots(in: transaction)
                    }
                    try self.saveTimes(of: pipe.name, in: transaction)
                    for shard in shards { try positions.begin(shard, after: shard.lastSequence, in: transaction) }
                }
            } catch { throw .internalFailure(error) }
            state.withLock { $0.pipes[pipe.name] = pipe }
            run(pipe)
        }
        return ProvisionedResource(
            ref: pipe.name, attributes: ["Arn": arn(of: pipe.name), "CurrentState": currentState(of: pipe)])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        state.withLock { state in
            state.pipes[ref] = nil
            state.runners.removeValue(forKey: ref)?.cancel()
        }
        do {
            try await store.write { transaction in
                try transaction.execute("DELETE FROM pipe WHERE name = ?", .text(ref))
                try transaction.execute("DELETE FROM pipe_times WHERE name = ?", .text(ref))
                try ShardPositions(of: "pipe:\(ref)", in: self.store).remove(in: transaction)
            }
        } catch { throw .internalFailure(error) }
    }

    func currentState(of pipe: Pipe) -> String { pipe.isStopped ? "STOPPED" : "RUNNING" }
}

extension PipeService: Service {
    package static let signingNames = ["pipes"]

    package convenience init(_ context: ServiceContext) throws {
        try self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }
}
