internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Runs queries: takes them through their states, and writes their results.
final class QueryRunner: Sendable {
    private let store: Store
    let peers: Peers
    private let clock: ClockAndChance
    let engines: EnginePool

    /// What is running: its engine, if it has one yet, and whether it is to stop.
    private struct Running {
        var engine: QueryEngine?
        var isStopped = false
    }
    private let running = Mutex<[String: Running]>([:])
    private let isStopping = Mutex(false)

    init(store: Store, peers: Peers, clock: ClockAndChance, engines: EnginePool) {
        self.store = store
        self.peers = peers
        self.clock = clock
        self.engines = engines
    }

    /// A query that is about to run.
    struct Job: Sendable {
        let execution: StoredExecution
        let statement: QueryStatement
        /// The most bytes that it may scan.
        let scanLimit: Int?

        /// For a statement that reads no rows: it scans nothing, whatever its tables have.
        fileprivate var unlimited: Job { Job(execution: execution, statement: statement, scanLimit: nil) }
    }

    /// What a query gave.
    struct Outcome: Sendable {
        var columns: [ResultColumn] = []
        var scan = ScanLimit(nil)
        var updateCount: Int?
        /// Whether a file lists the files that it has written.
        var hasManifest = false
        /// When the engine began, in milliseconds since 1970.
        var planned: Int64 = 0
    }

    /// Runs a job in the background.
    func start(_ job: Job) {
        running.withLock { $0[job.execution.id] = Running() }
        Task { await run(job) }
    }

    /// Stops a query, if it still runs.
    func stop(_ id: String) {
        running.withLock { running in
            running[id]?.isStopped = true
            running[id]?.engine?.stop()
        }
    }

    /// Ends the queries that an earlier run of the emulator left.
    func failInterrupted() async throws {
        let now = clock.now().milliseconds
        guard try store.read({ try !StoredExecution.open(in: $0).isEmpty }) else { return }
        try await store.write { transaction in
            for var execution in try StoredExecution.open(in: transaction.snapshot) {
                execution.fail(
                    "GENERIC_INTERNAL_ERROR: the emulator was stopped while the query ran; run it again", category: 1,
                    type: 1, isRetryable: true, [:], at: now)
                try execution.save(in: transaction)
            }
        }
    }

    func stop() async {
        isStopping.withLock { $0 = true }
        running.withLock { running in
            for id in running.keys {
                running[id]?.isStopped = true
                running[id]?.engine?.stop()
            }
        }
        await engines.stop()
    }

    private func run(_ job: Job) async {
        var execution = job.execution
        await engines.enter()
        let began = clock.now().milliseconds
        execution.begin()
        await save(execution)
        var outcome = Outcome()
        do {
            try checkRunning(execution.id)
            outcome = try await answer(job)
            execution.succeed(
                outcome.columns, statistics(of: execution, began: began, outcome), updateCount: outcome.updateCount,
                at: clock.now().milliseconds)
        } catch {
            // A query that is cancelled for what it would scan has scanned what it may.
            let exceeded = error as? ScanLimit.Exceeded
            if let exceeded { try? outcome.scan.scan(exceeded.limit) }
            let statistics = statistics(of: execution, began: began, outcome)
            let now = clock.now().milliseconds
            if isStopped(execution.id) {
                execution.cancel("Query cancelled by user", statistics, at: now)
            } else if exceeded != nil {
                execution.cancel(ScanLimit.Exceeded.reason, statistics, at: now)
            } else if let problem = error as? SQLProblem {
                execution.fail(problem.message(in: job.statement.text), category: 2, type: 1006, statistics, at: now)
            } else if let fault = error as? AWSFault {
                let isOurs = fault.status >= 500 && !fault.isNotEmulated
                execution.fail(
                    fault.message, category: isOurs ? 1 : 2, type: isOurs ? 1 : 1006, statistics, at: now)
            } else {
                execution.fail("GENERIC_INTERNAL_ERROR: \(error)", category: 1, type: 1, statistics, at: now)
            }
        }
        await saveEnd(of: execution)
        // The engine's end deletes its folder, which is not for the lock.
        let ended = running.withLock { $0.removeValue(forKey: execution.id) }
        withExtendedLifetime(ended) {}
        await engines.leave()
    }

    private func isStopped(_ id: String) -> Bool { running.withLock { $0[id]?.isStopped ?? false } }

    private func checkRunning(_ id: String) throws {
        if isStopped(id) { throw CancellationError() }
    }

    /// How often the end of a query is saved again where the store fails, such as on a full disk, and how long it waits at most.
    private static let attempts = 60

    /// Saves how a query has ended. Where that fails to the end, the query runs on for its clients, and fails at the next start.
    private func saveEnd(of execution: StoredExecution) async {
        for attempt in 1...Self.attempts {
            do {
                try await store.write(waitsForDisk: false) { _ = try execution.save(in: $0) }
                return
            } catch {
                guard !isStopping.withLock({ $0 }) else { return }
                try? await Task.sleep(for: .milliseconds(min(1000, 10 * attempt)))
            }
        }
        peers.write(
            "The end of query \(execution.id) cannot be saved; it fails when the emulator starts again.",
            group: "/aws/athena", stream: "emulator")
    }

    /// What is lost in a power cut is an interrupted query, which fails at the next start.
    private func save(_ execution: StoredExecution) async {
        _ = try? await store.write(waitsForDisk: false) { try execution.save(in: $0) }
    }

    private func statistics(of execution: StoredExecution, began: Int64, _ outcome: Outcome) -> JSONObject {
        let now = clock.now().milliseconds
        let planned = outcome.planned == 0 ? began : outcome.planned
        var statistics: JSONObject = [
            "EngineExecutionTimeInMillis": .int(now - began), "DataScannedInBytes": .int(outcome.scan.bytes),
            "TotalExecutionTimeInMillis": .int(now - execution.submittedAt),
            "QueryQueueTimeInMillis": .int(began - execution.submittedAt),
            "QueryPlanningTimeInMillis": .int(planned - began), "ServiceProcessingTimeInMillis": .int(0),
            "ResultReuseInformation": ["ReusedPreviousResult": false],
        ]
        if outcome.hasManifest { statistics["DataManifestLocation"] = .string(execution.manifestLocation) }
        return statistics
    }

    // MARK: Statements

    private func answer(_ job: Job) async throws -> Outcome {
        switch job.statement.kind {
        case .query(let query): try await answer(query, job)
        case .write(let statement, let query): try await write(statement, query, job)
        case .change(let statement, let tables): try await change(statement, tables, job)
        case .explain(let query): try await explain(query, job)
        case .view(let statement, let query): try await view(statement, query, job)
        case .catalog(let statement):
            try await answer(
                try await CatalogChange(lake: LakeReader(peers: peers), clock: clock).run(statement), job)
        case .refused(let problem): throw problem
        }
    }

    /// An engine with the tables of a query.
    private func engine(
        for tables: [TableUse], _ job: Job, _ outcome: inout Outcome
    ) async throws -> (engine: QueryEngine, preparation: [String]) {
        let engine = try await engines.take()
        running.withLock { $0[job.execution.id]?.engine = engine }
        try checkRunning(job.execution.id)
        var limit = ScanLimit(job.scanLimit)
        let statements = try await LakeReader(peers: peers).views(
            of: tables, in: engine.folder, now: clock.now().milliseconds, &limit)
        outcome.scan = limit
        outcome.planned = clock.now().milliseconds
        return (engine, statements)
    }

    private func answer(_ query: ParsedQuery, _ job: Job) async throws -> Outcome {
        var outcome = Outcome()
        let (engine, preparation) = try await engine(for: query.tables, job, &outcome)
        defer { engine.stop() }
        let result = try await QueryResult.run(query, after: preparation, in: engine)
        outcome.columns = result.columns
        // One commit makes both durable.
        async let metadata: Void = write(
            ResultMetadata.bytes(of: result.columns), to: job.execution.outputLocation + ".metadata")
        try await write(try result.contents, to: job.execution.outputLocation)
        try await metadata
        return outcome
    }

    private func explain(_ query: ParsedQuery, _ job: Job) async throws -> Outcome {
        var outcome = Outcome()
        let (engine, preparation) = try await engine(for: query.tables, job.unlimited, &outcome)
        defer { engine.stop() }
        let lines = try await QueryResult.plan(of: query, after: preparation, in: engine)
        outcome.scan = ScanLimit(nil)
        return try await answer(CatalogChange.Answer(columns: ["Query Plan"], lines: lines), job, outcome)
    }

    private func view(_ statement: ViewStatement, _ query: ParsedQuery, _ job: Job) async throws -> Outcome {
        var outcome = Outcome()
        let (engine, preparation) = try await engine(for: query.tables, job.unlimited, &outcome)
        defer { engine.stop() }
        try await QueryResult.prepare(preparation, in: engine)
        let columns = try await QueryResult.columns(of: query, in: engine)
        try await ViewCreation(lake: LakeReader(peers: peers), statement: statement).run(
            columns, text: job.statement.text)
        return try await answer(CatalogChange.Answer(), job)
    }

    /// Writes the lines of a statement that has no rows.
    private func answer(
        _ answer: CatalogChange.Answer, _ job: Job, _ outcome: Outcome = Outcome()
    ) async throws -> Outcome {
        var outcome = outcome
        outcome.columns = answer.columns.map { ResultColumn(text: $0) }
        try await write(
            Array(answer.lines.map { $0 + "\n" }.joined().utf8), to: job.execution.outputLocation)
        try await write(ResultMetadata.bytes(of: outcome.columns), to: job.execution.outputLocation + ".metadata")
        return outcome
    }

    /// Writes a query's rows to where a statement says.
    private func write(_ statement: WriteStatement, _ query: ParsedQuery, _ job: Job) async throws -> Outcome {
        var outcome = Outcome()
        guard let objects = peers.objects else { throw AWSFault.notEmulated("Athena without S3") }
        let iceberg = IcebergWriting(lake: LakeReader(peers: peers), clock: clock, job: job)
        switch try await iceberg.target(of: statement) {
        case .none: return outcome
        case .other: break
        case .iceberg(let target):
            let (engine, preparation) = try await engine(for: query.tables, job, &outcome)
            defer { engine.stop() }
            try await QueryResult.prepare(preparation, in: engine)
            return try await finish(try await iceberg.write(query, to: target, in: engine), job, outcome)
        }
        let writer = RowWriting(lake: LakeReader(peers: peers), objects: objects, job: job)
        guard let target = try await writer.target(of: statement) else { return outcome }
        let (engine, preparation) = try await engine(for: query.tables, job, &outcome)
        defer { engine.stop() }
        return try await finish(
            try await writer.write(query, after: preparation, to: target, in: engine), job, outcome)
    }

    /// Changes rows of a table in place.
    private func change(_ statement: ChangeStatement, _ tables: [TableUse], _ job: Job) async throws -> Outcome {
        var outcome = Outcome()
        let iceberg = IcebergWriting(lake: LakeReader(peers: peers), clock: clock, job: job)
        let table = try await iceberg.table(statement.target.name)
        if case .vacuum = statement {
            try await IcebergVacuum(table: table, commit: iceberg.commit).run()
            return try await answer(CatalogChange.Answer(), job)
        }
        let (engine, preparation) = try await engine(for: tables, job, &outcome)
        defer { engine.stop() }
        try await QueryResult.prepare(preparation, in: engine)
        let written = try await iceberg.change(table, by: statement, in: engine, &outcome.scan)
        return try await finish(written, job, outcome)
    }

    private func finish(_ written: RowWriting.Written, _ job: Job, _ outcome: Outcome) async throws -> Outcome {
        var outcome = outcome
        (outcome.updateCount, outcome.hasManifest) = (written.rowCount, true)
        let manifest = written.files.map { $0 + "\n" }.joined()
        try await write(Array(manifest.utf8), to: job.execution.manifestLocation)
        try await write(ResultMetadata.bytes(of: []), to: job.execution.outputLocation + ".metadata")
        return outcome
    }

    private func write(_ bytes: [UInt8], to location: String) async throws {
        try await write(RequestBody(bytes), to: location)
    }

    private func write(_ contents: RequestBody, to location: String) async throws {
        guard let objects = peers.objects, let object = ObjectLocation(s3: location) else {
            throw AWSFault.notEmulated("Athena without S3")
        }
        do throws(AWSFault) { _ = try await objects.putObject(contents, to: object) } catch {
            throw SQLProblem.semantic(
                "GENERIC_USER_ERROR", "The results cannot be written to \(location): \(error.message)", at: nil)
        }
    }
}
