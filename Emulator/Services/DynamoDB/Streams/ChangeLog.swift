internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// The change of an item, before it becomes a record with the stream's view.
struct ItemChange {
    let keys: KeySchema
    let old: Item?
    let new: Item?
    let actor: ChangeLog.Actor

    fileprivate var eventName: String {
        switch (old, new) {
        case (nil, _): "INSERT"
        case (_, nil): "REMOVE"
        default: "MODIFY"
        }
    }
}

/// The streams of all tables. A record is written in the transaction of its change, and kept for 24 hours.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
final class ChangeLog: Sendable {
    enum Actor { case user, timeToLive }

    private let account: Account
    private let clock: ClockAndChance
    private let nextTrim = Mutex<Int64>(0)
    /// The bells of the streams' readers.
    let readers = BellGroup()

    static let keptMilliseconds: Int64 = 24 * 3600 * 1000
    private static let trimInterval: Int64 = 60_000

    static let schema = """
        CREATE TABLE IF NOT EXISTS dynamodb_stream (
            arn TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE, table_name TEXT NOT NULL, description BLOB NOT NULL,
            created INTEGER NOT NULL, ended INTEGER, last_sequence INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS dynamodb_stream_record (
            stream_id INTEGER NOT NULL, sequence INTEGER NOT NULL, created INTEGER NOT NULL, record BLOB NOT NULL,
            PRIMARY KEY (stream_id, sequence)
        ) STRICT, WITHOUT ROWID;
        """

    init(account: Account, clock: ClockAndChance) {
        self.account = account
        self.clock = clock
    }

    // MARK: Streams

    func open(_ stream: StreamDescription, id: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO dynamodb_stream VALUES (?, ?, ?, ?, ?, NULL, 0)", .text(stream.arn), .integer(id),
            .text(stream.tableName), .blob(stream.stored.bytes), .integer(clock.now().milliseconds))
    }

    /// Ends the stream. Its records stay until they expire, and none are added.
    func end(streamARN arn: String, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "UPDATE dynamodb_stream SET ended = ? WHERE arn = ? AND ended IS NULL", .integer(clock.now().milliseconds),
            .text(arn))
    }

    // MARK: Records

    func append(_ change: ItemChange, to stream: TableStream, in transaction: borrowing Transaction) throws {
        let place = try transaction.snapshot.first(
            "UPDATE dynamodb_stream SET last_sequence = last_sequence + 1 WHERE arn = ? RETURNING id, last_sequence",
            .text(stream.arn)
        ) { ($0.integer(0), $0.integer(1)) }
        guard let (id, sequence) = place else { return }
        let now = clock.now().milliseconds
        try transaction.execute(
            "INSERT INTO dynamodb_stream_record VALUES (?, ?, ?, ?)", .integer(id), .integer(sequence), .integer(now),
            .blob(record(of: change, to: stream, sequence: sequence, at: now).bytes))
        try trim(stream: id, at: now, in: transaction)
        transaction.afterCommit { [readers] in readers.ring() }
    }

    private func record(of change: ItemChange, to stream: TableStream, sequence: Int64, at now: Int64) -> JSON {
        let keys = (change.new ?? change.old ?? Item()).only(change.keys.names)
        var size = keys.sizeInBytes
        var dynamodb: JSONObject = ["ApproximateCreationDateTime": .int(now / 1000), "Keys": keys.document]
        if let new = change.new, stream.view == .newImage || stream.view == .newAndOldImages {
            dynamodb["NewImage"] = new.document
            size += new.sizeInBytes
        }
        if let old = change.old, stream.view == .oldImage || stream.view == .newAndOldImages {
            dynamodb["OldImage"] = old.document
            size += old.sizeInBytes
        }
        dynamodb["SequenceNumber"] = .string(StreamPosition.shown(sequence))
        dynamodb["SizeBytes"] = .int(size)
        dynamodb["StreamViewType"] = .string(stream.view.rawValue)
        var record: JSONObject = [
            "eventID": .string(clock.uuid().filter { $0 != "-" }), "eventName": .string(change.eventName),
            "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": .string(account.region),
            "dynamodb": .object(dynamodb),
        ]
        if change.actor == .timeToLive {
            record["userIdentity"] = ["Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"]
        }
        return .object(record)
    }

    /// Deletes expired records and streams that ended as long ago, at most once a minute.
    private func trim(stream id: Int64, at now: Int64, in transaction: borrowing Transaction) throws {
        let due = nextTrim.withLock { next in
            guard now >= next else { return false }
            next = now + Self.trimInterval
            return true
        }
        guard due else { return }
        let horizon = now - Self.keptMilliseconds
        try transaction.execute(
            """
            DELETE FROM dynamodb_stream_record WHERE stream_id = ?1 AND sequence < (
                SELECT sequence FROM dynamodb_stream_record WHERE stream_id = ?1 AND created >= ?2
                ORDER BY sequence LIMIT 1)
            """, .integer(id), .integer(horizon))
        try transaction.execute(
            """
            DELETE FROM dynamodb_stream_record WHERE stream_id IN (SELECT id FROM dynamodb_stream WHERE ended < ?)
            """, .integer(horizon))
        try transaction.execute("DELETE FROM dynamodb_stream WHERE ended < ?", .integer(horizon))
    }
}

/// Sequence numbers in their wire form: 21 or more digits, increasing.
enum StreamPosition {
    private static let base = UInt128(100_000_000_000_000) * 1_000_000

    static func shown(_ sequence: Int64) -> String { String(base + UInt128(sequence)) }

    static func read(_ text: String) -> Int64? {
        guard let number = UInt128(text), number >= base else { return nil }
        return Int64(exactly: number - base)
    }
}
