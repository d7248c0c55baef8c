internal import EmulatorCore
internal import JSON

/// A stream as the store has it.
struct StoredStream: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kinesis_stream (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL,
            mode TEXT NOT NULL, retention_hours INTEGER NOT NULL, key_id TEXT, metrics BLOB NOT NULL, tags BLOB NOT NULL)
            STRICT;
        """

    enum Mode: String, Sendable, CaseIterable {
        case provisioned = "PROVISIONED"
        case onDemand = "ON_DEMAND"
    }

    /// Given by the store; 0 before the stream is in it.
    var id: Int64 = 0
    let name: String
    /// Milliseconds since 1970.
    let createdAt: Int64
    var mode: Mode
    var retentionHours = 24
    /// The key that records are said to be encrypted with; nil for none.
    var keyID: String?
    /// The names of shard-level metrics.
    var metrics: [String] = []
    var tags: JSONObject = [:]

    init(name: String, createdAt: Int64, mode: Mode) {
        self.name = name
        self.createdAt = createdAt
        self.mode = mode
    }

    private static let columns = "id, name, created_at, mode, retention_hours, key_id, metrics, tags"

    private init(_ row: borrowing Row) throws {
        id = row.integer(0)
        name = row.text(1)
        createdAt = row.integer(2)
        mode = Mode(rawValue: row.text(3)) ?? .provisioned
        retentionHours = row.int(4)
        keyID = row.textOrNil(5)
        metrics = try JSON(parsing: row.blob(6)).array?.compactMap(\.string) ?? []
        tags = try JSON(parsing: row.blob(7)).object ?? [:]
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredStream? {
        try snapshot.first("SELECT \(columns) FROM kinesis_stream WHERE name = ?", .text(name)) {
            try StoredStream($0)
        }
    }

    static func find(id: Int64, in snapshot: borrowing Snapshot) throws -> StoredStream? {
        try snapshot.first("SELECT \(columns) FROM kinesis_stream WHERE id = ?", .integer(id)) { try StoredStream($0) }
    }

    /// All streams after `name`, in the order of their names.
    static func all(after name: String = "", in snapshot: borrowing Snapshot) throws -> [StoredStream] {
        try snapshot.all("SELECT \(columns) FROM kinesis_stream WHERE name > ? ORDER BY name", .text(name)) {
            try StoredStream($0)
        }
    }

    /// Adds the stream, and gives it its id.
    mutating func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO kinesis_stream VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", .text(name), .integer(createdAt),
            .text(mode.rawValue), .integer(retentionHours), .text(keyID), .blob(metricsBytes),
            .blob(JSON.object(tags).bytes))
        id = transaction.lastInsertedRow
    }

    func update(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            UPDATE kinesis_stream SET mode = ?, retention_hours = ?, key_id = ?, metrics = ?, tags = ? WHERE id = ?
            """, .text(mode.rawValue), .integer(retentionHours), .text(keyID), .blob(metricsBytes),
            .blob(JSON.object(tags).bytes), .integer(id))
    }

    private var metricsBytes: [UInt8] { JSON.array(metrics.map { .string($0) }).bytes }

    /// Records that arrived before this moment are gone.
    func horizon(at now: Int64) -> Int64 { now - Int64(retentionHours) * 3_600_000 }

    var encryptionType: String { keyID == nil ? "NONE" : "KMS" }
}
