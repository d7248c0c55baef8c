internal import EmulatorCore
internal import JSON
internal import Time

/// A shard as the store has it. A shard that was split or merged is closed: it takes no records, and is read to its end.
struct StoredShard: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kinesis_shard (
            id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, number INTEGER NOT NULL,
            first_key BLOB NOT NULL, last_key BLOB NOT NULL, parent INTEGER, adjacent_parent INTEGER,
            opened_at INTEGER NOT NULL, closed_at INTEGER, last_index INTEGER NOT NULL, last_arrival INTEGER NOT NULL,
            UNIQUE (stream, number)) STRICT;
        """

    /// How many open shards the streams of provisioned mode have at most, together.
    static let limit = 500

    /// Given by the store; 0 before the shard is in it.
    private(set) var id: Int64 = 0
    let stream: Int64
    let number: Int
    let range: HashKeyRange
    let parent: Int?
    let adjacentParent: Int?
    /// Milliseconds since 1970.
    let openedAt: Int64
    private(set) var closedAt: Int64?
    /// The index of the newest record; they count from 1.
    private(set) var lastIndex: Int64 = 0
    /// When the newest record arrived; 0 when there was none.
    private(set) var lastArrival: Int64 = 0

    init(
        stream: Int64, number: Int, range: HashKeyRange, parent: Int? = nil, adjacentParent: Int? = nil, openedAt: Int64
    ) {
        self.stream = stream
        self.number = number
        self.range = range
        self.parent = parent
        self.adjacentParent = adjacentParent
        self.openedAt = openedAt
    }

    private static let columns = """
        id, stream, number, first_key, last_key, parent, adjacent_parent, opened_at, closed_at, last_index, last_arrival
        """

    private init(_ row: borrowing Row) {
        id = row.integer(0)
        stream = row.integer(1)
        number = row.int(2)
        range = HashKeyRange(first: HashKeyRange.number(row.blob(3)), last: HashKeyRange.number(row.blob(4)))
        parent = row.integerOrNil(5).map { Int($0) }
        adjacentParent = row.integerOrNil(6).map { Int($0) }
        openedAt = row.integer(7)
        closedAt = row.integerOrNil(8)
        lastIndex = row.integer(9)
        lastArrival = row.integer(10)
    }

    static func find(_ number: Int, of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> StoredShard? {
        try snapshot.first(
            "SELECT \(columns) FROM kinesis_shard WHERE stream = ? AND number = ?", .integer(stream.id),
            .integer(number)
        ) { StoredShard($0) }
    }

    /// All shards of a stream, in the order of their ids.
    static func all(of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> [StoredShard] {
        try snapshot.all(
            "SELECT \(columns) FROM kinesis_shard WHERE stream = ? ORDER BY number", .integer(stream.id)
        ) { StoredShard($0) }
    }

    /// The shards that take records, in the order of their hash keys; together they cover every key.
    static func open(of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> [StoredShard] {
        try snapshot.all(
            "SELECT \(columns) FROM kinesis_shard WHERE stream = ? AND closed_at IS NULL ORDER BY first_key",
            .integer(stream.id)
        ) { StoredShard($0) }
    }

    /// How many open shards the streams of a mode have, together.
    static func openCount(_ mode: StoredStream.Mode, in snapshot: borrowing Snapshot) throws -> Int {
        try snapshot.first(
            """
            SELECT COUNT(*) FROM kinesis_shard JOIN kinesis_stream ON kinesis_stream.id = kinesis_shard.stream
            WHERE closed_at IS NULL AND mode = ?
            """, .text(mode.rawValue)
        ) { $0.int(0) } ?? 0
    }

    /// The number of a stream's next shard. The newest shard has no children, so it is never the one that was dropped.
    static func nextNumber(of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> Int {
        try snapshot.first("SELECT MAX(number) FROM kinesis_shard WHERE stream = ?", .integer(stream.id)) { row in
            row.isNull(0) ? 0 : row.int(0) + 1
        } ?? 0
    }

    /// Adds the shard, and gives it its id.
    mutating func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO kinesis_shard VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, NULL, 0, 0)", .integer(stream),
            .integer(number), .blob(HashKeyRange.bytes(range.first)), .blob(HashKeyRange.bytes(range.last)),
            .integer(parent.map { Int64($0) }), .integer(adjacentParent.map { Int64($0) }), .integer(openedAt))
        id = transaction.lastInsertedRow
    }

    mutating func close(at moment: Int64, in transaction: borrowing Transaction) throws {
        closedAt = moment
        try transaction.execute("UPDATE kinesis_shard SET closed_at = ? WHERE id = ?", .integer(moment), .integer(id))
    }

    /// The index of the next record, which arrives now, or when the record before it did if the clock was set back since.
    mutating func nextIndex(at now: Int64) -> Int64 {
        lastIndex += 1
        lastArrival = max(lastArrival, now)
        return lastIndex
    }

    /// Notes what ``nextIndex(at:)`` gave out.
    func saveIndex(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "UPDATE kinesis_shard SET last_index = ?, last_arrival = ? WHERE id = ?", .integer(lastIndex),
            .integer(lastArrival), .integer(id))
    }

    // MARK: As clients see it

    var name: String { Self.name(number) }

    static func name(_ number: Int) -> String {
        let digits = String(number)
        return "shardId-" + String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
    }

    /// - Returns: nil for a text that names no shard. The digits alone name one too.
    static func number(_ name: String) -> Int? {
        let digits = name.split(separator: "-", omittingEmptySubsequences: false).last ?? ""
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int32(digits).map { Int($0) }
    }

    func sequenceNumber(of index: Int64, arrived: Int64) -> SequenceNumber {
        SequenceNumber(shardOpened: openedAt / 1000, shard: number, index: index, arrived: arrived / 1000)
    }

    var json: JSON {
        var sequences: JSONObject = [
            "StartingSequenceNumber": .string(sequenceNumber(of: 0, arrived: openedAt).text)
        ]
        if let closedAt {
            let end = sequenceNumber(of: SequenceNumber.endIndex, arrived: closedAt)
            sequences["EndingSequenceNumber"] = .string(end.text)
        }
        var shard: JSONObject = ["ShardId": .string(name)]
        if let parent { shard["ParentShardId"] = .string(Self.name(parent)) }
        if let adjacentParent { shard["AdjacentParentShardId"] = .string(Self.name(adjacentParent)) }
        shard["HashKeyRange"] = range.json
        shard["SequenceNumberRange"] = .object(sequences)
        return .object(shard)
    }
}
