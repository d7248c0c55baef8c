package import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// EventBridge Pipes from DynamoDB streams to state machines and functions.
package final class PipeService: Sendable {
    package static let schema = [
        """
        CREATE TABLE IF NOT EXISTS pipe (name TEXT PRIMARY KEY, declaration BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS pipe_position (
            pipe TEXT PRIMARY KEY, source TEXT NOT NULL, sequence INTEGER NOT NULL) STRICT;
        """
    ]

    private struct State {
        var pipes: [String: Pipe] = [:]
        var runners: [String: Running] = [:]
        var isStarted = false
    }

    /// A pipe that reads its stream.
    private struct Running {
        let bell: Bell
        let source: (any StreamSource)?
        let task: Task<Void, Never>

        func stop() {
            source?.readers.remove(bell)
            task.cancel()
        }
    }

    private let store: Store
    private let peers: Peers
    private let account: Account
    private let clock: ClockAndChance
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
            for runner in state.runners.values { runner.stop() }
            state.runners = [:]
        }
    }

    private func run(_ pipe: Pipe) {
        let runner = PipeRunner(
            pipe: pipe, arn: arn(of: pipe.name), store: store, peers: peers, clock: clock)
        let source = try? peers.stream(pipe.source)
        state.withLock { state in
            state.runners.removeValue(forKey: pipe.name)?.stop()
            guard !pipe.isStopped, state.isStarted else { return }
            source?.readers.add(runner.bell)
            state.runners[pipe.name] = Running(bell: runner.bell, source: source, task: Task { await runner.serve() })
        }
    }

    private func arn(of name: String) -> String { account.arn("pipes", "pipe/\(name)") }
}

extension PipeService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::Pipes::Pipe"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var declaration = resource.properties.object ?? [:]
        if declaration["Name"] == nil { declaration["Name"] = .string(resource.logicalID) }
        let pipe = try Pipe(declaration)
        let known = state.withLock { $0.pipes[pipe.name]?.declaration }
        if known != declaration {
            let start =
                pipe.startsAtLatest ? try peers.stream(pipe.source).onlyShard(ofStream: pipe.source).lastSequence : 0
            do {
                try await store.write { transaction in
                    try transaction.execute(
                        "INSERT INTO pipe VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration",
                        .text(pipe.name), .blob(JSON.object(pipe.declaration).bytes))
                    // A changed pipe keeps its position, unless its stream has changed.
                    try transaction.execute(
                        """
                        INSERT INTO pipe_position VALUES (?, ?, ?) ON CONFLICT (pipe)
                        DO UPDATE SET source = excluded.source, sequence = excluded.sequence
                        WHERE source <> excluded.source
                        """, .text(pipe.name), .text(pipe.source), .integer(start))
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
            state.runners.removeValue(forKey: ref)?.stop()
        }
        do {
            try await store.write { transaction in
                try transaction.execute("DELETE FROM pipe WHERE name = ?", .text(ref))
                try transaction.execute("DELETE FROM pipe_position WHERE pipe = ?", .text(ref))
            }
        } catch { throw .internalFailure(error) }
    }

    private func currentState(of pipe: Pipe) -> String { pipe.isStopped ? "STOPPED" : "RUNNING" }
}

extension PipeService: Service {
    package static let signingNames = ["pipes"]

    package convenience init(_ context: ServiceContext) throws {
        try self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }

    /// ListPipes and DescribePipe.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let parts = request.path.split(separator: "/").map(String.init)
        let pipes = state.withLock { $0.pipes.values.sorted { $0.name < $1.name } }
        if request.method == "GET", parts == ["v1", "pipes"] {
            return answer(200, ["Pipes": .array(pipes.map { .object(summary(of: $0)) })])
        }
        guard request.method == "GET", parts.count == 3, parts[1] == "pipes" else {
            return answer(501, ["message": .string("Pipes' \(request.method) \(request.path) is not emulated.")])
        }
        guard let pipe = pipes.first(where: { $0.name == parts[2] }) else {
            return answer(404, ["message": .string("Pipe \(parts[2]) does not exist.")], type: "NotFoundException")
        }
        var document = summary(of: pipe)
        for (name, value) in pipe.declaration where document[name] == nil { document[name] = value }
        return answer(200, .object(document))
    }

    private func summary(of pipe: Pipe) -> JSONObject {
        [
            "Arn": .string(arn(of: pipe.name)), "Name": .string(pipe.name), "Source": .string(pipe.source),
            "Target": pipe.declaration["Target"] ?? "", "DesiredState": pipe.declaration["DesiredState"] ?? "RUNNING",
            "CurrentState": .string(currentState(of: pipe)),
        ]
    }

    private func answer(_ status: Int, _ document: JSON, type: String? = nil) -> HTTPResponse {
        var headers = HTTPHeaders([("Content-Type", "application/json")])
        if let type { headers.append("x-amzn-ErrorType", type) }
        return HTTPResponse(status: status, headers: headers, body: .bytes(document.bytes))
    }
}
