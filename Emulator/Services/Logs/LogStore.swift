internal import EmulatorCore
internal import JSON

/// Log groups, streams and events in a database of their own.
///
/// Logs survive a crash of the emulator but for the last instant, and may be lost in a power cut: no write waits for an fsync,
/// so writers are never held up. The oldest events are deleted when the database reaches its size limit.
final class LogStore: Sendable {
    private static let schema = """
        CREATE TABLE IF NOT EXISTS log_group (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, retention INTEGER) STRICT;
        CREATE TABLE IF NOT EXISTS log_stream (
            id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, name TEXT NOT NULL,
            created_at INTEGER NOT NULL, first_at INTEGER, last_at INTEGER, UNIQUE (group_id, name)) STRICT;
        CREATE TABLE IF NOT EXISTS log_event (
            id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, stream_id INTEGER NOT NULL,
            time INTEGER NOT NULL, ingested_at INTEGER NOT NULL, message TEXT NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS log_event_in_group ON log_event (group_id, time, id);
        CREATE INDEX IF NOT EXISTS log_event_in_stream ON log_event (stream_id, time, id);
        """
    private static let migrations: [Migration] = [{ try $0.addAutoincrement(to: ["log_group", "log_stream"]) }]
    /// Events removed at once when the database is full.
    private static let removedAtOnce = 20_000
    private static let writesBetweenChecks: Int64 = 2000

    private let store: Store
    private let sizeLimit: Int
    private let intake = LogIntake()

    /// - Parameter sizeLimit: in bytes.
    init(directory: String, sizeLimit: Int) throws(StoreError) {
        store = try Store(
            directory: directory, file: "logs", durability: .crash, schema: [Self.schema, Subscriptions.schema],
            migrations: Self.migrations)
        self.sizeLimit = sizeLimit
    }

    /// Stores the events so far and ends.
    func close() {
        storeWaiting()
        store.close()
    }

    // MARK: Writing

    /// Runs `body` on the writer's thread, after all events that were added before, and waits for it.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        storeWaiting()
        return try await store.write(body)
    }

    /// Adds an event without waiting. Creates a missing group and stream.
    func add(_ message: String, at time: Int64, group: String, stream: String) {
        intake.add(message, at: time, group: group, stream: stream) { [self] in storeWaiting() }
    }

    private func storeWaiting() {
        // A log line that cannot be stored must not stop the work that it reports.
        store.submit { [self] transaction in
            try intake.store(in: transaction) { try deleteOldest(ifDueAt: $0, in: transaction) }
        }
    }

    /// Runs `body`, which deletes groups or streams, on the writer's thread.
    func delete(_ body: @escaping @Sendable (borrowing Transaction) throws -> Void) async throws {
        try await write { [intake] transaction in
            try body(transaction)
            intake.forget(in: transaction)
        }
    }

    /// - Returns: false if the stream does not exist.
    func insert(
        _ message: String, at time: Int64, ingestedAt: Int64, _ group: String, _ stream: String,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let inserted = try transaction.execute(
            """
            INSERT INTO log_event (group_id, stream_id, time, ingested_at, message)
            SELECT log_group.id, log_stream.id, ?, ?, ? FROM log_group JOIN log_stream ON group_id = log_group.id
            WHERE log_group.name = ? AND log_stream.name = ?
            """, .integer(time), .integer(ingestedAt), .text(message), .text(group), .text(stream))
        guard inserted == 1 else { return false }
        let event = transaction.lastInsertedRow
        try transaction.execute(
            """
            UPDATE log_stream SET first_at = coalesce(first_at, ?), last_at = ?
            WHERE id = (SELECT stream_id FROM log_event WHERE id = ?)
            """, .integer(time), .integer(time), .integer(event))
        if try deleteOldest(ifDueAt: event, in: transaction) { intake.forget(in: transaction) }
        return true
    }

    /// - Returns: false if it already exists.
    @discardableResult
    static func create(group: String, at time: Int64, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            "INSERT OR IGNORE INTO log_group (name, created_at) VALUES (?, ?)", .text(group), .integer(time)) == 1
    }

    /// - Returns: false if it already exists, or if its group does not.
    @discardableResult
    static func create(
        stream: String, group: String, at time: Int64, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            INSERT OR IGNORE INTO log_stream (group_id, name, created_at) SELECT id, ?, ? FROM log_group WHERE name = ?
            """, .text(stream), .integer(time), .text(group)) == 1
    }

    /// - Parameter event: the id of the newest event.
    /// - Returns: whether events were deleted, and maybe streams with them.
    private func deleteOldest(ifDueAt event: Int64, in transaction: borrowing Transaction) throws -> Bool {
        guard event.isMultiple(of: Self.writesBetweenChecks) else { return false }
        func pragma(_ name: String) throws -> Int {
            try transaction.snapshot.first("PRAGMA \(name)") { $0.int(0) } ?? 0
        }
        let used = (try pragma("page_count") - pragma("freelist_count")) * (try pragma("page_size"))
        guard used > sizeLimit else { return false }
        try transaction.execute(
            "DELETE FROM log_event WHERE id IN (SELECT id FROM log_event ORDER BY id LIMIT ?)",
            .integer(Self.removedAtOnce))
        try transaction.execute(
            "DELETE FROM log_stream WHERE NOT EXISTS (SELECT 1 FROM log_event WHERE stream_id = log_stream.id)")
        return true
    }

    // MARK: Reading

    /// The filters that were stored before.
    func subscriptions() throws -> [SubscriptionFilter] {
        try store.read { snapshot in
            try snapshot.all("SELECT declaration FROM log_subscription") { row in
                try SubscriptionFilter(try JSON(parsing: row.blob(0)).object ?? [:])
            }
        }
    }

    /// Reads a state with all events that were logged before the call.
    func read<Value>(_ body: (borrowing Snapshot) throws -> Value) async throws -> Value {
        try await write { _ in }
        return try store.read(body)
    }
}
