internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// An asynchronous invocation in the store.
struct QueuedEvent: Sendable {
    var id: Int64
    var function: String
    var requestID: String
    var payload: [UInt8]
    /// The number of failed attempts.
    var attempts: Int
    /// Milliseconds since 1970.
    var createdAt: Int64
}

/// Names that threads add and the dispatcher takes.
private final class StirredFunctions: Sendable {
    let names = Mutex<Set<String>>([])
}

/// Asynchronous invocations, which are durable from the commit that queues them to the commit that ends them.
///
/// An event that was running when the emulator crashed is still in the queue, and runs again.
struct EventQueue: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS lambda_event (
            id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT NOT NULL, request_id TEXT NOT NULL,
            payload BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS lambda_event_due ON lambda_event (function, due_at, id);
        CREATE INDEX IF NOT EXISTS lambda_event_next ON lambda_event (due_at);
        """

    let store: Store
    let clock: ClockAndChance
    /// Rings when an event may be ready to run.
    let bell = Bell()
    /// The functions for which the bell rang.
    private let stirred = StirredFunctions()

    /// - Returns: the request ID.
    @discardableResult
    func add(function: String, payload: [UInt8], in transaction: borrowing Transaction) throws -> String {
        let requestID = clock.uuid()
        let now = clock.now().milliseconds
        try transaction.execute(
            "INSERT INTO lambda_event (function, request_id, payload, created_at, due_at) VALUES (?, ?, ?, ?, ?)",
            .text(function), .text(requestID), .blob(payload), .integer(now), .integer(now))
        transaction.afterCommit { stir(function) }
        return requestID
    }

    /// Rings the bell: an event of `function` may be ready, or a worker of it free.
    func stir(_ function: String) {
        stirred.names.withLock { _ = $0.insert(function) }
        bell.ring()
    }

    /// Takes the functions whose events changed since the last call.
    func takeStirred() -> Set<String> {
        stirred.names.withLock { names in
            defer { names = [] }
            return names
        }
    }

    /// The oldest events of `function` that are ready to run, without those in `excluded`.
    func due(function: String, limit: Int, excluding excluded: Set<Int64>) throws -> [QueuedEvent] {
        try store.read { snapshot in
            var events: [QueuedEvent] = []
            try snapshot.query(
                """
                SELECT id, request_id, payload, attempts, created_at FROM lambda_event
                WHERE function = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?
                """, .text(function), .integer(clock.now().milliseconds), .integer(limit + excluded.count)
            ) { row in
                guard events.count < limit, !excluded.contains(row.integer(0)) else { return }
                events.append(
                    QueuedEvent(
                        id: row.integer(0), function: function, requestID: row.text(1), payload: row.blob(2),
                        attempts: row.int(3), createdAt: row.integer(4)))
            }
            return events
        }
    }

    /// The first time after `now` at which a delayed event is ready to run; nil if there is none.
    func nextDue(after now: Int64) throws -> Int64? {
        try store.read { snapshot in
            try snapshot.first("SELECT min(due_at) FROM lambda_event WHERE due_at > ?", .integer(now)) {
                $0.integerOrNil(0)
            } ?? nil
        }
    }

    func postpone(_ event: QueuedEvent, attempts: Int, until due: Int64) async throws {
        try await store.write { transaction in
            try transaction.execute(
                "UPDATE lambda_event SET attempts = ?, due_at = ? WHERE id = ?", .integer(attempts), .integer(due),
                .integer(event.id))
        }
    }

    /// Ends an event; `then` is committed with it. After a power cut the event may run again, as it may on AWS.
    func finish(
        _ event: QueuedEvent, then: @escaping @Sendable (borrowing Transaction) throws -> Void = { _ in }
    ) async throws {
        try await store.write(waitsForDisk: false) { transaction in
            try transaction.execute("DELETE FROM lambda_event WHERE id = ?", .integer(event.id))
            try then(transaction)
        }
    }
}
