internal import AWSClient
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

    /// How often the progress is written at most: the time that is read again after a crash.
    private static let savingInterval: Duration = .seconds(5)
    private static let reconnectInterval: Duration = .seconds(2)

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
        meter = CaptureMeter(log, pipeline: options.pipeline, clock: clock)
    }

    /// Ends what an earlier capture left in the database and the bucket.
    func drop() throws {
        let source = try SourceDatabase(options.source)
        try source.dropSlot(options.slot)
        try source.dropPublication(options.publication)
        try store.delete()
        log.info("dropped", ["slot": .string(options.slot), "publication": .string(options.publication)])
    }

    /// Captures until it is told to stop. Returns then, and throws if it cannot go on.
    func run() throws {
        var hasStreamed = false
        while !isStopping() {
            do {
                try stream { hasStreamed = true }
            } catch let error as PostgresError where error.isConnectionLoss && hasStreamed {
                log.warning(
                    "the source does not answer; connecting again",
                    ["reason": .string("\(error)"), "position": position])
                pause(Self.reconnectInterval)
            } catch let error as PostgresError where error.state == "55006" {
                log.warning("the slot is in use by another process; waiting for it", ["reason": .string("\(error)")])
                pause(Self.reconnectInterval)
            }
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
        try preparePublication(source)
        let start = try prepareSlot(source)
        let connection = try PostgresConnection(options.source, mode: .replication, application: "change-capture")
        try connection.startReplication(
            """
            START_REPLICATION SLOT \(PostgresConnection.identifier(options.slot)) LOGICAL \(start.position) \
            (proto_version '1', publication_names \
            \(PostgresConnection.literal(PostgresConnection.identifier(options.publication))))
            """)
        let lanes = try RecordLanes(stream: options.stream, kinesis: kinesis, log: log, clock: clock)
        defer { lanes.close() }
        let stream = ChangeStream(connection, from: start, lanes: lanes, clock: clock) {
            try source.primaryKey(ofRelation: $0)
        }
        started()
        log.info(
            "streaming",
            [
                "slot": .string(options.slot), "publication": .string(options.publication),
                "position": .string("\(start.position)"), "stream": .string(options.stream),
            ])
        var flushed = clock.instant()
        while !isStopping() {
            let hasMore = try stream.readAvailable()
            if !hasMore || clock.instant() - flushed > .milliseconds(100) {
                try lanes.flush()
                flushed = clock.instant()
            }
            try lanes.check()
            stream.advance()
            try acknowledge(stream, atOnce: false)
            try meter.report(stream, lanes, source, slot: options.slot)
            if !hasMore { stream.wait() }
        }
        try finish(stream, lanes)
    }

    /// Stores the progress where it must be stored, then tells the server.
    private func acknowledge(_ stream: ChangeStream, atOnce: Bool) throws {
        let durable = stream.progress.durable
        // The position may run ahead of the stored one as long as no transaction has been in between: the order of those that
        // follow does not depend on it.
        if durable.time != saved?.point.time, atOnce || clock.instant() - savedAt >= Self.savingInterval {
            try save(durable)
        }
        guard stream.isAnswerDue || atOnce else { return }
        try stream.answer(durable.time == saved?.point.time ? durable.position : saved?.point.position ?? .zero)
    }

    private func save(_ point: CapturePoint) throws {
        let state = CaptureState(point: point)
        try store.write(state)
        saved = state
        savedAt = clock.instant()
    }

    /// Sends what has been read, and says how far it came.
    private func finish(_ stream: ChangeStream, _ lanes: RecordLanes) throws {
        let deadline = clock.instant() + .seconds(20)
        try lanes.drain { clock.instant() > deadline }
        stream.advance()
        try acknowledge(stream, atOnce: true)
        try stream.end()
        log.info("stopped", ["position": .string("\(stream.progress.durable.position)")])
    }

    // MARK: What the capture needs in the source

    private func preparePublication(_ source: SourceDatabase) throws {
        let tables = try source.tables(options.tables)
        for missing in options.tables.missing(in: Set(tables.map(\.id))) {
            log.error("\(missing) is not captured: there is no such table, or it is a partition of another")
        }
        var published = try source.published(options.publication)
        if published == nil {
            try source.createPublication(options.publication)
            published = []
        }
        var names: [String: SourceTable] = [:]
        for table in tables {
            if let obstacle = table.obstacle {
                if published?.contains(table.id) == true { try? source.withdraw(table, from: options.publication) }
                log.error("\(table.id) is not captured: \(obstacle)")
                continue
            }
            if let other = names[table.name] {
                log.error(
                    "\(table.id) is not captured: \(other.id) has the same name, and both would be in raw/\(table.name)/; "
                        + "name one of them in --tables")
                continue
            }
            guard publish(table, source, isPublished: published?.contains(table.id) == true) else { continue }
            names[table.name] = table
            if !table.generatedColumns.isEmpty {
                log.warning(
                    "generated columns of \(table.id) are not captured",
                    ["columns": .array(table.generatedColumns.map { .string($0) })])
            }
        }
        guard !names.isEmpty else { throw CaptureError.noTables(options.tables.text) }
    }

    private func publish(_ table: SourceTable, _ source: SourceDatabase, isPublished: Bool) -> Bool {
        guard !isPublished else { return true }
        do throws(PostgresError) {
            try source.publish(table, in: options.publication)
            log.info("published", ["table": .string(table.id), "publication": .string(options.publication)])
            return true
        } catch {
            log.error(
                "\(table.id) is not captured: \(error); as its owner, run ALTER PUBLICATION \(options.publication) "
                    + "ADD TABLE \(SourceDatabase.sql(table))")
            return false
        }
    }

    private func prepareSlot(_ source: SourceDatabase) throws -> CapturePoint {
        saved = try store.read()
        if let slot = try source.slot(options.slot) {
            if let saved { return saved.point }
            let start = CapturePoint(position: slot.confirmed, time: try source.time())
            try save(start)
            return start
        }
        if let saved {
            log.error(
                "the slot \(options.slot) is gone, and with it the changes since \(saved.point.position); a new one begins now"
            )
        }
        log.info(
            "creating the slot; the source waits for the transactions that are open", ["slot": .string(options.slot)])
        var start = try source.createSlot(options.slot)
        start.time = max(start.time, saved?.point.time ?? 0)
        try save(start)
        return start
    }
}
