internal import EmulatorCore
internal import JSON

/// A delivery stream in the store.
struct StoredDeliveryStream: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS firehose_stream (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, declaration BLOB NOT NULL,
            tags BLOB NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;
        """

    /// Assigned by the store.
    private(set) var id: Int64 = 0
    let name: String
    /// The members of CreateDeliveryStream, or a template's properties, that configure the delivery.
    var declaration: JSON
    var tags: JSONObject
    /// Grows with every change of the configuration, from 1.
    var version = 1
    /// Milliseconds since 1970.
    let createdAt: Int64
    var updatedAt: Int64

    init(name: String, declaration: JSON, tags: JSONObject, createdAt: Int64) {
        self.name = name
        self.declaration = declaration
        self.tags = tags
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    private static let columns = "id, name, declaration, tags, version, created_at, updated_at"

    private init(_ row: borrowing Row) throws {
        id = row.integer(0)
        name = row.text(1)
        declaration = try JSON(parsing: row.blob(2))
        tags = try JSON(parsing: row.blob(3)).object ?? [:]
        version = row.int(4)
        createdAt = row.integer(5)
        updatedAt = row.integer(6)
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredDeliveryStream? {
        try snapshot.first("SELECT \(columns) FROM firehose_stream WHERE name = ?", .text(name)) {
            try StoredDeliveryStream($0)
        }
    }

    /// All delivery streams after `name`, in the order of their names.
    static func all(after name: String = "", in snapshot: borrowing Snapshot) throws -> [StoredDeliveryStream] {
        try snapshot.all("SELECT \(columns) FROM firehose_stream WHERE name > ? ORDER BY name", .text(name)) {
            try StoredDeliveryStream($0)
        }
    }

    /// Adds the delivery stream, and sets its id.
    mutating func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO firehose_stream VALUES (NULL, ?, ?, ?, ?, ?, ?)", .text(name), .blob(declaration.bytes),
            .blob(JSON.object(tags).bytes), .integer(version), .integer(createdAt), .integer(updatedAt))
        id = transaction.lastInsertedRow
    }

    func update(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "UPDATE firehose_stream SET declaration = ?, tags = ?, version = ?, updated_at = ? WHERE id = ?",
            .blob(declaration.bytes), .blob(JSON.object(tags).bytes), .integer(version), .integer(updatedAt),
            .integer(id))
    }

    /// Removes the delivery stream with the records that it has not delivered.
    func delete(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM firehose_chunk WHERE buffer IN (SELECT id FROM firehose_buffer WHERE stream = ?)", .integer(id)
        )
        for table in ["firehose_buffer", "firehose_block", "firehose_position"] {
            try transaction.execute("DELETE FROM \(table) WHERE stream = ?", .integer(id))
        }
        try transaction.execute("DELETE FROM firehose_stream WHERE id = ?", .integer(id))
    }
}
