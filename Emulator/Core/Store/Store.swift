import Synchronization

/// The emulator's state: one SQLite database, one writer with group commit, many readers.
///
/// Concurrent writes share one SQLite transaction, so that one fsync makes them all durable. Each write still succeeds
/// or fails alone, in a savepoint. A write returns once its changes would survive a power cut.
/// - SeeAlso: <https://www.sqlite.org/wal.html>
package final class Store: Sendable {
    private let writer: StoreWriter
    private let readers: ReaderPool
    /// The folder of the database; services keep their files beside it.
    package let directory: String

    /// The failures that a commit survives.
    package enum Durability: String, Sendable {
        /// A power cut.
        case powerCut = "FULL"
        /// A crash of the process, but not of the machine.
        case crash = "OFF"
    }

    /// Opens (or creates) a database in `directory`, which must exist, and creates the tables that are missing.
    /// - Parameters:
    ///   - file: the name of the database without `.sqlite`.
    ///   - schema: `CREATE … IF NOT EXISTS` statements of all services.
    ///   - reservesSpace: whether to keep some space for writes that free space on a full disk.
    ///   - migrations: bring a database of version 1 to version 2, and so on.
    package init(
        directory: String, file: String = "state", durability: Durability = .powerCut, schema: [String],
        migrations: [Migration] = [], reservesSpace: Bool = false
    ) throws(StoreError) {
        let path = "\(directory)/\(file).sqlite"
        let connection = try Connection(path: path, readOnly: false)
        try connection.run(
            script: """
                PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = \(durability.rawValue);
                PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 2000;
                """)
        try connection.migrate(migrations, schema: schema)
        self.directory = directory
        writer = StoreWriter(connection, reserve: reservesSpace ? SpaceReserve(path: directory + "/reserve") : nil)
        readers = ReaderPool(path: path)
        writer.start()
    }

    /// Runs `body` in a transaction and returns when it is durable.
    /// - Parameters:
    ///   - freesSpace: whether it is a deletion, which must work on a full disk too.
    ///   - waitsForDisk: false returns before the changes would survive a power cut; the next write that waits makes them
    ///     durable too. For work that is repeated if it is lost.
    /// - Throws: what `body` throws, its changes undone; ``StoreError`` when the commit failed.
    @discardableResult
    package func write<Value: Sendable>(
        freesSpace: Bool = false, waitsForDisk: Bool = true,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        try await writer.write(freesSpace: freesSpace, waitsForDisk: waitsForDisk, body)
    }

    /// Runs `body` in a transaction without waiting for it. If it throws, its changes are rolled back.
    package func submit(_ body: @escaping @Sendable (borrowing Transaction) throws -> Void) {
        writer.submit(
            StoreWriter.Work(
                run: { transaction in
                    try body(transaction)
                    return {}
                }, failed: { _ in }))
    }

    /// Runs `body`, whose writes return before they would survive a power cut. The first write afterwards makes them
    /// durable too. Use it for work that is repeated if it is lost, before its result is visible to a client.
    package func unhurried<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        writer.synchronizesCommits.store(false, ordering: .sequentiallyConsistent)
        defer { writer.synchronizesCommits.store(true, ordering: .sequentiallyConsistent) }
        return try await body()
    }

    /// Runs `body` on the last committed state.
    package func read<Value>(_ body: (borrowing Snapshot) throws -> Value) throws -> Value {
        try readers.withConnection { connection in
            try connection.run("BEGIN")
            defer { try? connection.run("COMMIT") }
            return try body(Snapshot(connection: connection))
        }
    }

    /// Waits for the queued writes. Later writes fail with ``StoreError/closed``.
    package func close() { writer.stop() }
}

/// Read-only connections, opened when needed and then kept.
final class ReaderPool: Sendable {
    private let path: String
    private let idle = Mutex<[Connection]>([])
    private static let keptAtMost = 4

    init(path: String) { self.path = path }

    func withConnection<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let connection = try idle.withLock { $0.popLast() } ?? Connection(path: path, readOnly: true)
        defer {
            idle.withLock { idle in
                if idle.count < Self.keptAtMost { idle.append(connection) }
            }
        }
        return try body(connection)
    }
}
