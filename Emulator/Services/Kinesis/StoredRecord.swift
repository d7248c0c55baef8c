internal import EmulatorCore
internal import JSON
internal import Time

/// A record as the store has it.
///
/// Its row id is its shard's id and its index in the shard, so a shard's records are neighbours in the order of their arrival,
/// a new one is appended, and any place in a shard is found by its number.
struct StoredRecord: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kinesis_record (
            id INTEGER PRIMARY KEY, arrived_at INTEGER NOT NULL, partition_key TEXT NOT NULL, data BLOB NOT NULL) STRICT;
        """

    /// A shard has room for a million million records.
    private static let indexBits: Int64 = 40

    let index: Int64
    /// Milliseconds since 1970.
    let arrivedAt: Int64
    let partitionKey: String
    let data: [UInt8]

    /// What counts against the limits of a shard and a request.
    var size: Int { data.count + partitionKey.utf8.count }

    static func rowID(_ shard: StoredShard, _ index: Int64) -> Int64 { shard.id << indexBits | index }

    static func insert(
        _ index: Int64, of shard: StoredShard, partitionKey: String, data: [UInt8],
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO kinesis_record VALUES (?, ?, ?, ?)", .integer(rowID(shard, index)),
            .integer(shard.lastArrival), .text(partitionKey), .blob(data))
    }

    /// The records from `index` on, until `take` returns false.
    static func scan(
        _ shard: StoredShard, from index: Int64, in snapshot: borrowing Snapshot,
        take: (StoredRecord) throws -> Bool
    ) throws {
        guard index <= shard.lastIndex else { return }
        try snapshot.scan(
            "SELECT id, arrived_at, partition_key, data FROM kinesis_record WHERE id BETWEEN ? AND ? ORDER BY id",
            values: [.integer(rowID(shard, index)), .integer(rowID(shard, shard.lastIndex))]
        ) { row in
            try take(
                StoredRecord(
                    index: row.integer(0) & (1 << indexBits - 1), arrivedAt: row.integer(1), partitionKey: row.text(2),
                    data: row.blob(3)))
        }
    }

    /// The first record from `index` on that arrived at `moment` or later; the place of the next record when there is none.
    static func firstIndex(
        arrivedFrom moment: Int64, in shard: StoredShard, from index: Int64 = 0, _ snapshot: borrowing Snapshot
    ) throws -> Int64 {
        // Records arrive in the order of their indices, so the place is found by halving.
        var (low, high) = (max(1, index), shard.lastIndex + 1)
        while low < high {
            let middle = low + (high - low) / 2
            let arrived = try snapshot.first(
                "SELECT arrived_at FROM kinesis_record WHERE id = ?", .integer(rowID(shard, middle))
            ) { $0.integer(0) }
            // A record that is gone was older than any that is kept.
            if arrived ?? .min >= moment { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Removes the oldest records before `index`, at most `limit` of them.
    /// - Returns: whether none before `index` is left.
    static func remove(
        before index: Int64, of shard: StoredShard, atMost limit: Int64 = .max, in transaction: borrowing Transaction
    ) throws -> Bool {
        let oldest = try transaction.snapshot.first(
            "SELECT id FROM kinesis_record WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", .integer(rowID(shard, 0)),
            .integer(rowID(shard, index))
        ) { $0.integer(0) & (1 << indexBits - 1) }
        guard let oldest else { return true }
        let end = index - oldest > limit ? oldest + limit : index
        try transaction.execute(
            "DELETE FROM kinesis_record WHERE id >= ? AND id < ?", .integer(rowID(shard, 0)),
            .integer(rowID(shard, end)))
        return end == index
    }

    func json(in shard: StoredShard, of stream: StoredStream) -> JSON {
        var record: JSONObject = [
            "SequenceNumber": .string(shard.sequenceNumber(of: index, arrived: arrivedAt).text),
            "ApproximateArrivalTimestamp": Timestamp.json(arrivedAt), "Data": .string(data.base64),
            "PartitionKey": .string(partitionKey),
        ]
        if stream.keyID != nil { record["EncryptionType"] = .string(stream.encryptionType) }
        return .object(record)
    }
}
