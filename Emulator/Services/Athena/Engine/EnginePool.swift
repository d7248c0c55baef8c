internal import EmulatorCore
internal import Synchronization
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Engines for queries: each runs one, and the next one is started when it ends, so that a query rarely waits for a start.
actor EnginePool {
    private let program: String?
    private let folder: String
    private let host: ProcessHost
    private let clock: ClockAndChance
    private var spare: Task<QueryEngine, any Error>?
    private var started = 0
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isStopped = false

    /// Queries that run at the same time; others are queued.
    static let limit = 4
    private static let memoryInMB = 1024

    /// - Parameters:
    ///   - program: DuckDB's command line; nil if it is not installed.
    ///   - folder: where engines have their folders.
    init(program: String?, folder: String, _ host: ProcessHost, _ clock: ClockAndChance) {
        self.program = program
        self.folder = folder
        self.host = host
        self.clock = clock
    }

    /// Removes what the engines of an earlier run have left.
    nonisolated func clean() { FolderEntries.remove(folder) }

    /// Waits for a turn to run a query. Each turn is given back by ``leave()``.
    func enter() async {
        if running < Self.limit {
            running += 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Gives a turn back, and has an engine ready for the next query: its start disturbs none that runs.
    func leave() {
        if spare == nil, started > 0, !isStopped { spare = start() }
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        running -= 1
    }

    /// An engine that has run nothing yet.
    func take() async throws(SQLProblem) -> QueryEngine {
        guard program != nil else {
            throw SQLProblem(
                kind: .notEmulated, offset: nil,
                reason: "DuckDB's command line, which answers queries, is not installed; `make run` installs it")
        }
        let ready = spare
        spare = nil
        // One that waited may have ended meanwhile.
        if let engine = try? await ready?.value, !engine.hasEnded { return engine }
        do { return try await start().value } catch {
            throw SQLProblem(kind: .semantic("GENERIC_INTERNAL_ERROR"), offset: nil, reason: "\(error)")
        }
    }

    func stop() {
        isStopped = true
        spare?.cancel()
        spare = nil
    }

    private func start() -> Task<QueryEngine, any Error> {
        if started == 0 { mkdir(folder, 0o700) }
        started += 1
        let (program, place, host, clock) = (program ?? "", "\(folder)/\(started)", host, clock)
        return Task {
            try await QueryEngine.start(program, in: place, memoryInMB: Self.memoryInMB, host, clock)
        }
    }
}
