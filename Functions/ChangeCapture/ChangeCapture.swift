internal import AWSClient
internal import Gzip
internal import JSON
internal import LambdaRuntime
internal import Postgres
internal import PostgresReplication
internal import Time

/// The capture of one database: from its slot to the stream, over lost connections, until SIGTERM.
final class ChangeCapture {
    private let options: CaptureOptions
    private let log: Log
    private let clock: ClockAndChance
    private let objects: ObjectStore
    private let kinesis: Kinesis
    private var store: StateStore
    private let isStopping: () -> Bool
    /// What the state object holds.
    private var saved: CaptureState?
    private var savedAt: ContinuousClock.Instant
    private var meter: CaptureMeter
    private var plan: CapturePlan
    private var snapshotAt: ContinuousClock.Instant
    /// The memberships in the publication of the tables that the snapshot reads.
    private var snapshotMemberships: [String: UInt32] = [:]

    /// How often the progress is written at most: the time that is read again after a crash.
    private static let savingInterval: Duration = .seconds(5)
    private static let reconnectInterval: Duration = .seconds(1)
    private static let firstPatience: Duration = .seconds(30)
    private static let planInterval: Duration = .seconds(5)
    private static let askingInterval: Duration = .seconds(30)
    private static let retryInterval: Duration = .seconds(60)
    private static let refusalLimit = 5
    private static let flushInterval: Duration = .milliseconds(100)

    init(
        _ options: CaptureOptions, _ client: AWSClient, _ log: Log, clock: ClockAndChance = .system,
        isStopping: @escaping () -> Bool
    ) {
        self.options = options
        self.log = log
        self.clock = clock
        self.isStopping = isStopping
        objects = ObjectStore(client)
        kinesis = Kinesis(client)
        store = StateStore(objects, bucket: options.bucket, slot: options.slot)
        savedAt = clock.instant()
        snapshotAt = savedAt
        plan = CapturePlan(options, log)
        meter = CaptureMeter(log, every: options.reportInterval, pipeline: options.pipeline, clock: clock)
    }

    /// Ends what an earlier capture left in the database and the bucket.
    func drop() throws {
        let source = try SourceDatabase(options.source)
        try source.dropSlot(options.slot)
        try source.dropPublication(options.publication)
        try store.delete()
        log.info("dropped", ["slot": .string(options.slot), "publication": .string(options.publication)])
    }

    /// Captures changes and returns when it is told to stop. Throws if it cannot continue.
    func run() throws {
        // Once it has streamed, the settings are right and only time helps.
        var givesUpAt: ContinuousClock.Instant? = clock.instant() + Self.firstPatience
        var silence = Silence(patience: options.patience)
        var refusals = Repeats()
        var conflicts = Repeats()
        while !isStopping() {
            do {
                try stream {
                    givesUpAt = nil
                    silence.end()
                }
            } catch let error as PostgresError
                where error.isConnectionLoss && givesUpAt.map({ clock.instant() < $0 }) != false
            {
                log.warning(
                    "the source does not answer; connecting again",
                    ["reason": .string("\(error)"), "position": position])
                pause(Self.reconnectInterval)
            } catch let error as AWSError where error.isTemporary {
                try silence.goOn(at: clock.instant(), because: error)
                log.warning("AWS does not answer; trying again", ["reason": .string("\(error)"), "position": position])
                pause(Self.reconnectInterval)
            } catch is StateStore.Conflict {
                // Once or twice it is a process that no longer streams, because the slot is this one's. Who writes on and on
                // streams from another server's slot of that name.
                guard conflicts.add(at: clock.instant(), of: nil) <= Self.refusalLimit else {
                    throw CaptureError.state(
                        "\(store.object)", "another change-capture writes it; end that one, or name another --slot")
                }
                log.warning(
                    "another process has written the progress; going on from what it wrote",
                    ["state": .string("\(store.object)"), "position": position])
                pause(Self.reconnectInterval)
            } catch let error as PostgresError where error.state == "42704" {
                throw CaptureError.publicationGone(error)
            } catch let error as PostgresError where error.state == "55006" {
                log.warning("the slot is in use by another process; waiting for it", ["reason": .string("\(error)")])
                pause(Self.reconnectInterval)
            } catch let error as PostgresError where givesUpAt == nil {
                // It did stream, so this may pass: a table that is dropped while the catalog is read, a role in the making.
                let count = refusals.add(at: clock.instant(), of: saved?.point.position)
                guard count < Self.refusalLimit else { throw error }
                log.warning(
                    "the source refuses; trying again",
                    ["reason": .string("\(error)"), "position": position, "attempt": .int(count)])
                pause(Self.reconnectInterval * count)
            }
        }
    }

    /// How often the same has happened, with little time between.
    private struct Repeats {
        private static let window: Duration = .seconds(600)

        private var position: LogPosition?
        private var last: ContinuousClock.Instant?
        private var count = 0

        mutating func add(at now: ContinuousClock.Instant, of position: LogPosition?) -> Int {
            let isSame = position == self.position && last.map { now - $0 < Self.window } == true
            (self.position, last, count) = (position, now, isSame ? count + 1 : 1)
            return count
        }
    }

    private var position: JSON { .string("\(saved?.point.position ?? .zero)") }

    private func pause(_ interval: Duration) {
        let end = clock.instant() + interval
        while clock.instant() < end, !isStopping() { clock.block(.milliseconds(100)) }
    }

    // MARK: One connection

    private func stream(_ started: () -> Void) throws {
        let source = try SourceDatabase(options.source)
        try source.check()
        saved = try store.read()
        try updatePlan(source)
        guard !plan.tables.isEmpty else { throw CaptureError.noTables(options.tables.text) }
        let connection = try PostgresConnection(options.source, mode: .replication, application: "change-capture")
        let start = try prepareSlot(source, system: Self.system(of: connection))
        try connection.startReplication(
            """
            START_REPLICATION SLOT \(PostgresConnection.identifier(options.slot)) LOGICAL \(start.position) \
            (proto_version '2', streaming 'on', publication_names \
            \(PostgresConnection.literal(PostgresConnection.identifier(options.publication))))
            """)
        let lanes = try RecordLanes(
            stream: options.stream, aggregates: options.aggregates, patience: options.patience, kinesis: kinesis,
            log: log,
            clock: clock)
        defer { lanes.close() }
        let stream = ChangeStream(
            connection, from: start, lanes: lanes, spillFolder: options.spill, clock: clock, isStopping: isStopping,
            isCaptured: { [self] in plan.includes(schema: $0.schema, table: $0.name) }
        ) {
            try source.primaryKey(ofRelation: $0)
        } putLarge: { [objects, options, log] line, shape, commit, index in
            let name = "\(shape.relation.schema).\(shape.relation.name)"
            let object = LargeChange.object(options, table: shape.relation.name, commit, index)
            log.info("a change is too large for the stream", ["table": .string(name), "object": .string("\(object)")])
            var gzip = GzipWriter(level: 1)
            gzip.append(line)
            try objects.put(gzip.finish(), to: object, contentType: "application/x-ndjson")
        }
        defer { stream.snapshot?.stop() }
        started()
        log.info(
            "streaming",
            [
                "slot": .string(options.slot), "publication": .string(options.publication),
                "position": .string("\(start.position)"), "stream": .string(options.stream),
                "tables": .array(plan.tables.map { .string($0.id) }),
            ])
        do {
            try follow(stream, lanes, source)
            try finish(stream, lanes)
        } catch is ChangeStream.Stopped {
            log.info("stopped within a transaction", ["position": .string("\(stream.progress.durable.position)")])
        }
    }

    private func follow(_ stream: ChangeStream, _ lanes: RecordLanes, _ source: SourceDatabase) throws {
        var flushed = clock.instant()
        var planned = clock.instant()
        var asked = planned
        try readNewTables(stream, lanes)
        while !isStopping() {
            let hasMore = try stream.readAvailable()
            let now = clock.instant()
            if !hasMore || now - flushed > Self.flushInterval {
                try lanes.flush()
                flushed = now
            }
            try lanes.check()
            stream.advance()
            try acknowledge(stream, atOnce: false)
            try takeFinished(stream)
            if options.patience != nil, now - asked > Self.askingInterval {
                // An idle source would not find out that AWS is gone.
                _ = try store.read()
                asked = now
            }
            if now - planned > Self.planInterval {
                try updatePlan(source)
                try readNewTables(stream, lanes)
                planned = now
            }
            if let report = try meter.report(stream, lanes, source, slot: options.slot) {
                try save { $0.report = report }
            }
            if !hasMore { stream.wait() }
        }
    }

    /// Stores the progress where it must be stored, then tells the server.
    private func acknowledge(_ stream: ChangeStream, atOnce: Bool) throws {
        let durable = stream.progress.durable
        // The position may run ahead of the stored one as long as no transaction has been in between: the order of those that
        // follow does not depend on it.
        if durable.time != saved?.point.time, atOnce || clock.instant() - savedAt >= Self.savingInterval {
            try save { $0.point = durable }
        }
        guard stream.isAnswerDue || atOnce else { return }
        try stream.answer(durable.time == saved?.point.time ? durable.position : saved?.point.position ?? .zero)
    }

    private func save(_ change: (inout CaptureState) -> Void) throws {
        guard var state = saved else { return }
        change(&state)
        guard state != saved else { return }
        try store.write(state)
        saved = state
        savedAt = clock.instant()
    }

    /// Sends what has been read, and says how far it came.
    private func finish(_ stream: ChangeStream, _ lanes: RecordLanes) throws {
        let deadline = clock.instant() + .seconds(20)
        try lanes.drain { clock.instant() > deadline }
        stream.advance()
        try takeFinished(stream)
        try acknowledge(stream, atOnce: true)
        try stream.end()
        log.info("stopped", ["position": .string("\(stream.progress.durable.position)")])
    }

    // MARK: Tables

    private func updatePlan(_ source: SourceDatabase) throws {
        try plan.update(source) { table in
            // Its rows must be read, also if they have been before.
            try save { state in
                state.tables[table.id] = nil
                state.memberships[table.id] = nil
            }
        } isPublished: { table, membership in
            let known = saved?.memberships[table.id]
            guard known != membership else { return }
            try save { state in
                state.memberships[table.id] = membership
                if known != nil { state.tables[table.id] = nil }
            }
            guard known != nil else { return }
            log.warning(
                "a table was taken out of the publication and put back; its rows are read again, because changes in between are "
                    + "in no stream", ["table": .string(table.id), "publication": .string(options.publication)])
        }
    }

    /// Starts a snapshot of the tables whose rows have not been read, unless one runs.
    private func readNewTables(_ stream: ChangeStream, _ lanes: RecordLanes) throws {
        guard options.snapshots, stream.snapshot?.isRunning != true else { return }
        let failed = Set(stream.snapshot?.failedTables.map(\.id) ?? [])
        if !failed.isEmpty, clock.instant() - snapshotAt < Self.retryInterval { return }
        let new = plan.tables.filter { saved?.tables[$0.id] != $0.oid }
        guard !new.isEmpty else { return }
        snapshotAt = clock.instant()
        snapshotMemberships = saved?.memberships ?? [:]
        stream.snapshot = Snapshot(of: new, options, objects, log, lanes.wakeup)
    }

    private func takeFinished(_ stream: ChangeStream) throws {
        guard let finished = stream.snapshot?.takeFinished(), !finished.isEmpty else { return }
        try save { state in
            for table in finished {
                // Rows that were read before the table was taken out and put back are read again.
                let before = snapshotMemberships[table.id]
                guard before == nil || before == state.memberships[table.id] else { continue }
                state.tables[table.id] = table.oid
            }
        }
    }

    // MARK: The slot

    private func prepareSlot(_ source: SourceDatabase, system: String) throws -> CapturePoint {
        if let saved, saved.system != system {
            throw CaptureError.state(
                "\(store.object)", "it is of the server \(saved.system), and \(options.slot) is on \(system)")
        }
        if let slot = try source.slot(options.slot) {
            if let saved { return saved.point }
            return try begin(CapturePoint(position: slot.confirmed, time: try source.time()), system)
        }
        if let saved {
            log.error(
                "the slot \(options.slot) is gone, and with it the changes since \(saved.point.position): a new one is created, "
                    + "and all tables are read again")
            try save { $0.tables = [:] }
        }
        log.info("creating the slot; the source waits for its open transactions", ["slot": .string(options.slot)])
        var start = try source.createSlot(options.slot)
        start.time = max(start.time, saved?.point.time ?? 0)
        return try begin(start, system)
    }

    private func begin(_ point: CapturePoint, _ system: String) throws -> CapturePoint {
        if saved == nil {
            let state = CaptureState(point: point, system: system)
            try store.write(state)
            saved = state
        } else {
            try save { $0.point = point }
        }
        return point
    }

    private static func system(of connection: PostgresConnection) throws -> String {
        try connection.query("IDENTIFY_SYSTEM").first?[0] ?? ""
    }
}
