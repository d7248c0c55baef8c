internal import EmulatorCore
internal import JSON

/// A stream in the store.
struct StoredStream: Sendable {
    var id: Int64
    var description: StreamDescription
    /// Milliseconds since 1970.
    var created: Int64
    /// When the stream was disabled, or its table deleted.
    var ended: Int64?
    var lastSequence: Int64

    /// Every stream is one shard, which is named after its creation time, as on AWS.
    var shardID: String { Self.shardID(created: created) }

    fileprivate static func shardID(created: Int64) -> String {
        let digits = String(created)
        return "shardId-" + String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits + "-00000001"
    }

    fileprivate static let columns = "id, description, created, ended, last_sequence"

    fileprivate init(_ row: borrowing Row) throws {
        id = row.integer(0)
        description = StreamDescription(stored: try JSON(parsing: row.blob(1)))
        created = row.integer(2)
        ended = row.integerOrNil(3)
        lastSequence = row.integer(4)
    }
}

/// What readers of a stream need of it, each time that a record was added.
struct StreamPlace: Sendable {
    var id: Int64
    var shardID: String
    var lastSequence: Int64
    var isEnded: Bool
}

extension ChangeLog {
    static func place(ofStream arn: String, in snapshot: borrowing Snapshot) throws -> StreamPlace {
        let place = try snapshot.first(
            "SELECT id, created, ended, last_sequence FROM dynamodb_stream WHERE arn = ?", .text(arn)
        ) { row in
            StreamPlace(
                id: row.integer(0), shardID: StoredStream.shardID(created: row.integer(1)),
                lastSequence: row.integer(3), isEnded: !row.isNull(2))
        }
        guard let place else {
            throw DynamoDBFault.resourceNotFound("Requested resource not found: Stream: \(arn) not found")
        }
        return place
    }

    static func stream(arn: String, in snapshot: borrowing Snapshot) throws -> StoredStream {
        let stream = try snapshot.first(
            "SELECT \(StoredStream.columns) FROM dynamodb_stream WHERE arn = ?", .text(arn)
        ) { try StoredStream($0) }
        guard let stream else {
            throw DynamoDBFault.resourceNotFound("Requested resource not found: Stream: \(arn) not found")
        }
        return stream
    }

    static func hasStream(arn: String, in snapshot: borrowing Snapshot) throws -> Bool {
        try snapshot.first("SELECT 1 FROM dynamodb_stream WHERE arn = ?", .text(arn)) { _ in true } ?? false
    }

    /// The streams of a table, or all streams, in the order of their ARNs.
    static func streams(ofTable name: String?, in snapshot: borrowing Snapshot) throws -> [StoredStream] {
        try snapshot.all(
            "SELECT \(StoredStream.columns) FROM dynamodb_stream WHERE ?1 IS NULL OR table_name = ?1 ORDER BY arn",
            .text(name)
        ) { try StoredStream($0) }
    }

    /// At most `limit` records after `sequence`, oldest first.
    static func records(
        of stream: Int64, after sequence: Int64, limit: Int, in snapshot: borrowing Snapshot
    ) throws -> [(sequence: Int64, record: JSON)] {
        try snapshot.all(
            """
            SELECT sequence, record FROM dynamodb_stream_record WHERE stream_id = ? AND sequence > ?
            ORDER BY sequence LIMIT ?
            """, .integer(stream), .integer(sequence), .integer(limit)
        ) { ($0.integer(0), try JSON(parsing: $0.blob(1))) }
    }

    /// The sequence of the oldest record; nil if there is none.
    static func oldestSequence(of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> Int64? {
        try snapshot.first(
            "SELECT MIN(sequence) FROM dynamodb_stream_record WHERE stream_id = ?", .integer(stream.id)
        ) { $0.integerOrNil(0) } ?? nil
    }
}
