internal import AWSClient
internal import JSON
internal import LambdaRuntime
internal import Postgres
internal import PostgresReplication
internal import Threads

/// Reads tables as they were at one moment, beside the running stream, on a thread of its own.
///
/// A slot that lives only for a moment exports the snapshot. The place of its rows in the order of changes is the slot's
/// position, at the time that the stream has when it comes there: above every change that they hold, below all others.
///
/// Unchecked: the monitor guards what changes.
final class Snapshot: @unchecked Sendable {
    private let options: CaptureOptions
    private let objects: ObjectStore
    private let log: Log
    private let wakeup: Wakeup
    private let monitor = Monitor()
    private var wanted: LogPosition?
    private var time: Int64?
    private var isMissed = false
    private var finished: [SourceTable] = []
    private var failed: [SourceTable] = []
    private var hasEnded = false
    private var isStopped = false

    private struct Stopped: Error {}

    private struct Missed: Error, CustomStringConvertible {
        let description = "the stream was far ahead before the snapshot's position was known"
    }

    init(
        of tables: [SourceTable], _ options: CaptureOptions, _ objects: ObjectStore, _ log: Log, _ wakeup: Wakeup
    ) {
        self.options = options
        self.objects = objects
        self.log = log
        self.wakeup = wakeup
        SystemThread { [self] in
            run(tables)
            monitor.locked { hasEnded = true }
            wakeup.wake()
        }.detach()
    }

    // MARK: The stream's thread

    /// The position whose time is wanted: the stream answers with ``answer(_:)`` once it is there.
    var wantedPosition: LogPosition? { monitor.locked { wanted } }

    /// - Parameter time: nil if the stream has forgotten it.
    func answer(_ time: Int64?) {
        monitor.locked {
            self.time = time
            isMissed = time == nil
            wanted = nil
            monitor.broadcast()
        }
    }

    /// The tables that are durable, each once.
    func takeFinished() -> [SourceTable] {
        monitor.locked {
            defer { finished = [] }
            return finished
        }
    }

    var isRunning: Bool { monitor.locked { !hasEnded || !finished.isEmpty } }

    /// Tables that could not be read.
    var failedTables: [SourceTable] { monitor.locked { failed } }

    /// The thread ends with the next row; nobody waits for it.
    func stop() {
        monitor.locked {
            isStopped = true
            monitor.broadcast()
        }
    }

    // MARK: The thread

    private func run(_ tables: [SourceTable]) {
        do {
            let (source, position) = try open()
            let point = CapturePoint(position: position, time: try timeOfStream(at: position))
            for table in tables {
                try read(table, source, point)
                // The transaction goes on after an error in it.
                try source.connection.query("ROLLBACK TO SAVEPOINT table_begins")
            }
        } catch is Stopped {
            return
        } catch {
            monitor.locked { failed = tables }
            log.error(
                "the snapshot failed and is made again: \(error)",
                ["tables": .array(tables.map { .string($0.id) })])
        }
    }

    /// Opens a transaction with the snapshot of a position.
    private func open() throws -> (SourceDatabase, LogPosition) {
        let exporter = try PostgresConnection(
            options.source, mode: .replication, application: "change-capture snapshot")
        let source = try SourceDatabase(options.source)
        let name = "\(options.slot.prefix(40))_snapshot_\(source.processID)"
        let answer = try exporter.query(
            "CREATE_REPLICATION_SLOT \(PostgresConnection.identifier(name)) TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT")
        guard let row = answer.first, row.count >= 3, let position = row[1].flatMap({ LogPosition($0) }),
            let snapshot = row[2]
        else {
            throw PostgresError(state: nil, message: "no snapshot was exported", operation: "CREATE_REPLICATION_SLOT")
        }
        try source.connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try source.connection.query("SET TRANSACTION SNAPSHOT \(PostgresConnection.literal(snapshot))")
        try source.connection.query("SAVEPOINT table_begins")
        // The transaction has the snapshot; the slot, which would hold back the log, ends with its connection.
        return (source, position)
    }

    private func timeOfStream(at position: LogPosition) throws -> Int64 {
        monitor.locked { wanted = position }
        wakeup.wake()
        let time = monitor.locked { () -> Int64? in
            while self.time == nil, !isMissed, !isStopped { monitor.wait() }
            return isStopped ? nil : self.time
        }
        if let time { return time }
        if monitor.locked({ isMissed }) { throw Missed() }
        throw Stopped()
    }

    /// Reads one table. If it cannot be read, the others are.
    private func read(_ table: SourceTable, _ source: SourceDatabase, _ point: CapturePoint) throws {
        log.info("reading a table", ["table": .string(table.id), "position": .string("\(point.position)")])
        do {
            let published = try source.publishedColumns(of: table, in: options.publication)
            var writer = SnapshotWriter(
                objects, bucket: options.bucket, slot: options.slot, table: table, columns: published.columns,
                point: point)
            try source.copy(table, published) { row in
                try writer.append(row)
                if writer.rowCount & 1023 == 0, monitor.locked({ isStopped }) { throw Stopped() }
            }
            try writer.finish()
            log.info(
                "read a table",
                [
                    "table": .string(table.id), "rows": .int(Int(writer.rowCount)),
                    "objects": .int(writer.objectCount), "position": .string("\(point.position)"),
                ])
            monitor.locked { finished.append(table) }
            wakeup.wake()
        } catch let error as PostgresError where !error.isConnectionLoss {
            monitor.locked { failed.append(table) }
            log.error(
                "\(table.id) cannot be read at \(point.position), and is tried again: \(error)"
                    + (error.state == "42501"
                        ? "; GRANT SELECT ON \(SourceDatabase.sql(table)) to this role, and let it "
                            + "bypass row-level security if the table has that" : ""))
        }
    }
}
