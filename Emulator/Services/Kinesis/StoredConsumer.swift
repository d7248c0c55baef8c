internal import EmulatorCore
internal import JSON
internal import Time

/// A registered consumer of a stream, which subscribes to its shards.
struct StoredConsumer: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kinesis_consumer (
            stream INTEGER NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (stream, name))
            STRICT, WITHOUT ROWID;
        """

    /// How many consumers a stream has at most.
    static let limit = 20

    let stream: Int64
    let name: String
    /// Milliseconds since 1970.
    let createdAt: Int64

    static func find(_ name: String, of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> StoredConsumer?
    { try all(of: stream, in: snapshot).first { $0.name == name } }

    /// The consumers of a stream, in the order of their names.
    static func all(of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> [StoredConsumer] {
        try snapshot.all(
            "SELECT name, created_at FROM kinesis_consumer WHERE stream = ? ORDER BY name", .integer(stream.id)
        ) { StoredConsumer(stream: stream.id, name: $0.text(0), createdAt: $0.integer(1)) }
    }

    func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO kinesis_consumer VALUES (?, ?, ?)", .integer(stream), .text(name), .integer(createdAt))
    }

    func delete(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM kinesis_consumer WHERE stream = ? AND name = ?", .integer(stream), .text(name))
    }

    /// `<stream>/consumer/<name>:<second of its creation>`
    func arn(_ streamARN: String) -> String { "\(streamARN)/consumer/\(name):\(createdAt / 1000)" }

    func document(_ streamARN: String) -> JSONObject {
        [
            "ConsumerName": .string(name), "ConsumerARN": .string(arn(streamARN)), "ConsumerStatus": "ACTIVE",
            "ConsumerCreationTimestamp": Timestamp.json(createdAt),
        ]
    }
}
