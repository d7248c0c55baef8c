internal import EmulatorCore
internal import JSON

/// A queue in the store.
struct StoredQueue: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS sqs_queue (
            name TEXT PRIMARY KEY, attributes BLOB NOT NULL, tags BLOB NOT NULL, created_at INTEGER NOT NULL,
            modified_at INTEGER NOT NULL) STRICT;
        """

    let name: String
    var settings: QueueSettings
    var tags: JSONObject
    /// Milliseconds since 1970.
    let createdAt: Int64
    var modifiedAt: Int64

    /// - Throws: ``AWSFault`` `QueueDoesNotExist`.
    init(named name: String, in snapshot: borrowing Snapshot) throws {
        guard let queue = try Self.find(name, in: snapshot) else { throw AWSFault.noQueue }
        self = queue
    }

    init(name: String, settings: QueueSettings, tags: JSONObject, createdAt: Int64) {
        self.name = name
        self.settings = settings
        self.tags = tags
        self.createdAt = createdAt
        modifiedAt = createdAt
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredQueue? {
        try snapshot.first(
            "SELECT attributes, tags, created_at, modified_at FROM sqs_queue WHERE name = ?", .text(name)
        ) { row in
            var queue = StoredQueue(
                name: name, settings: QueueSettings(try JSON(parsing: row.blob(0)).object ?? [:]),
                tags: try JSON(parsing: row.blob(1)).object ?? [:], createdAt: row.integer(2))
            queue.modifiedAt = row.integer(3)
            return queue
        }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO sqs_queue VALUES (?, ?, ?, ?, ?)", .text(name),
            .blob(JSON.object(settings.given).bytes), .blob(JSON.object(tags).bytes), .integer(createdAt),
            .integer(modifiedAt))
    }

    /// The queue's name, which is the last part of its URL, whatever the host and port.
    static func name(inURL url: String) -> String { String(url.split(separator: "/").last ?? "") }
    static func name(inARN arn: String) -> String { String(arn.split(separator: ":").last ?? "") }

    /// Messages sent before this time have expired.
    func oldestSent(at now: Int64) -> Int64 { now - settings.retention }
}
