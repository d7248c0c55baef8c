internal import EmulatorCore

/// Records that wait to become one object, as the store has them.
///
/// A buffer is open until it is full or its time has passed. Then it gets the key of its object, takes no more records, and
/// is removed once the object is stored. So the object has the same key and bytes however often it is written.
struct StoredBuffer: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS firehose_buffer (
            id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, prefix TEXT NOT NULL,
            kind INTEGER NOT NULL, opened_at INTEGER NOT NULL, oldest INTEGER NOT NULL, size INTEGER NOT NULL,
            object_key TEXT) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS firehose_buffer_open ON firehose_buffer (stream, kind, prefix)
            WHERE object_key IS NULL;
        CREATE INDEX IF NOT EXISTS firehose_buffer_closed ON firehose_buffer (stream, id) WHERE object_key IS NOT NULL;
        CREATE TABLE IF NOT EXISTS firehose_chunk (
            id INTEGER PRIMARY KEY AUTOINCREMENT, buffer INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS firehose_chunk_buffer ON firehose_chunk (buffer, id);
        """

    /// What a buffer's records are.
    enum Kind: Int64, Sendable, Hashable {
        case data = 0
        /// Failed records, as documents.
        case errors = 1
        /// Records as they were before their transformation.
        case backup = 2
    }

    let id: Int64
    let kind: Kind
    /// The resolved prefix, as ``KeyPrefix/stored``.
    let prefix: String
    /// Milliseconds since 1970.
    let openedAt: Int64
    /// When the oldest record arrived.
    let oldest: Int64
    /// In bytes, before compression.
    let size: Int
    /// Nil while the buffer is open.
    let objectKey: String?

    private static let columns = "id, kind, prefix, opened_at, oldest, size, object_key"

    private init(_ row: borrowing Row) {
        id = row.integer(0)
        kind = Kind(rawValue: row.integer(1)) ?? .data
        prefix = row.text(2)
        openedAt = row.integer(3)
        oldest = row.integer(4)
        size = row.int(5)
        objectKey = row.textOrNil(6)
    }

    /// Turns the mark of error buffers into a kind, of which backups are one more.
    static func addKinds(in transaction: borrowing Transaction) throws {
        let table = try transaction.snapshot.first(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'firehose_buffer'"
        ) { $0.text(0) }
        guard table?.firstRange(of: "is_error") != nil else { return }
        try transaction.execute("DROP INDEX IF EXISTS firehose_buffer_open")
        try transaction.execute("ALTER TABLE firehose_buffer RENAME COLUMN is_error TO kind")
    }

    /// Gives the data of chunks the form that may be compressed.
    static func packChunks(in transaction: borrowing Transaction) throws {
        let exists = try transaction.snapshot.first(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'firehose_chunk'"
        ) { _ in true }
        guard exists == true else { return }
        let ids = try transaction.snapshot.all("SELECT id FROM firehose_chunk") { $0.integer(0) }
        for id in ids {
            let data = try transaction.snapshot.first(
                "SELECT data FROM firehose_chunk WHERE id = ?", .integer(id)
            ) { $0.blob(0) }
            var packed = PackedBytes()
            packed.append((data ?? [])[...])
            try transaction.execute(
                "UPDATE firehose_chunk SET data = ? WHERE id = ?", .blob(packed.stored), .integer(id))
        }
    }

    // MARK: Adding

    /// Records for one prefix, already joined.
    struct Addition: Sendable {
        let kind: Kind
        let prefix: String
        /// When the oldest record arrived.
        let oldest: Int64
        /// In bytes.
        let size: Int
        /// The records as a row has them.
        fileprivate let stored: [UInt8]

        /// - Parameter data: a single string.
        init(_ kind: Kind, _ prefix: String, _ data: PackedBytes, oldest: Int64) {
            self.kind = kind
            self.prefix = prefix
            self.oldest = oldest
            size = data.singleCount
            stored = data.stored
        }
    }

    /// Adds to the open buffer of the prefix, or opens one.
    /// - Returns: the buffer with the addition.
    static func add(
        _ addition: Addition, to stream: Int64, at now: Int64, in transaction: borrowing Transaction
    ) throws -> StoredBuffer? {
        let updated = try transaction.execute(
            """
            UPDATE firehose_buffer SET size = size + ?, oldest = MIN(oldest, ?)
            WHERE stream = ? AND kind = ? AND prefix = ? AND object_key IS NULL
            """, .integer(addition.size), .integer(addition.oldest), .integer(stream),
            .integer(addition.kind.rawValue), .text(addition.prefix))
        if updated == 0 {
            try transaction.execute(
                "INSERT INTO firehose_buffer VALUES (NULL, ?, ?, ?, ?, ?, ?, NULL)", .integer(stream),
                .text(addition.prefix), .integer(addition.kind.rawValue), .integer(now), .integer(addition.oldest),
                .integer(addition.size))
        }
        let buffer = try transaction.snapshot.first(
            "SELECT \(columns) FROM firehose_buffer WHERE stream = ? AND kind = ? AND prefix = ? AND object_key IS NULL",
            .integer(stream), .integer(addition.kind.rawValue), .text(addition.prefix)
        ) { StoredBuffer($0) }
        if let buffer {
            try transaction.execute(
                "INSERT INTO firehose_chunk VALUES (NULL, ?, ?)", .integer(buffer.id), .blob(addition.stored))
        }
        return buffer
    }

    func close(objectKey: String, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "UPDATE firehose_buffer SET object_key = ? WHERE id = ? AND object_key IS NULL", .text(objectKey),
            .integer(id))
    }

    // MARK: Finding

    /// The open buffers, the oldest first.
    static func open(of stream: Int64, in snapshot: borrowing Snapshot) throws -> [StoredBuffer] {
        try snapshot.all(
            """
            SELECT \(columns) FROM firehose_buffer WHERE stream = ? AND object_key IS NULL ORDER BY opened_at, id
            """, .integer(stream)
        ) { StoredBuffer($0) }
    }

    /// Open and closed buffers, the oldest first.
    static func oldest(of stream: Int64, limit: Int64, in snapshot: borrowing Snapshot) throws -> [StoredBuffer] {
        try snapshot.all(
            "SELECT \(columns) FROM firehose_buffer WHERE stream = ? ORDER BY opened_at, id LIMIT ?", .integer(stream),
            .integer(limit)
        ) { StoredBuffer($0) }
    }

    /// The closed buffer to deliver next: buffers of one prefix are delivered in the order in which they were opened.
    static func nextClosed(of stream: Int64, in snapshot: borrowing Snapshot) throws -> StoredBuffer? {
        try snapshot.first(
            "SELECT \(columns) FROM firehose_buffer WHERE stream = ? AND object_key IS NOT NULL ORDER BY id LIMIT 1",
            .integer(stream)
        ) { StoredBuffer($0) }
    }

    /// The prefixes whose data is not delivered yet.
    static func activePrefixes(of stream: Int64, in snapshot: borrowing Snapshot) throws -> Set<String> {
        Set(
            try snapshot.all(
                "SELECT DISTINCT prefix FROM firehose_buffer WHERE stream = ? AND kind = ?", .integer(stream),
                .integer(Kind.data.rawValue)
            ) { $0.text(0) })
    }

    // MARK: Delivery

    /// Calls `body` with the buffer's bytes, chunk by chunk, outside any snapshot.
    func forEachChunk(in store: Store, _ body: (ArraySlice<UInt8>) -> Void) throws {
        var last: Int64 = 0
        while true {
            let chunk = try store.read { snapshot in
                try snapshot.first(
                    "SELECT id, data FROM firehose_chunk WHERE buffer = ? AND id > ? ORDER BY id LIMIT 1", .integer(id),
                    .integer(last)
                ) { ($0.integer(0), $0.blob(1)) }
            }
            guard let chunk else { return }
            last = chunk.0
            var data = try PackedBytes(stored: chunk.1)
            guard let data = data.next() else {
                throw StoreError.damaged(path: "state.sqlite", reason: "chunk \(last) of a buffer is cut off")
            }
            body(data)
        }
    }

    func remove(in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM firehose_chunk WHERE buffer = ?", .integer(id))
        try transaction.execute("DELETE FROM firehose_buffer WHERE id = ?", .integer(id))
    }
}
