internal import EmulatorCore
internal import JSON
internal import Time

/// A record of a shard.
///
/// The store has what one request put into one shard as one row, because a row for each record costs more than the record.
/// The row's id is its shard's id and the index of its last record, so a shard's rows are neighbours in the order of their
/// arrival, a new one is appended, and any place in a shard is found by its number.
struct StoredRecord: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kinesis_block (
            id INTEGER PRIMARY KEY, count INTEGER NOT NULL, arrived_at INTEGER NOT NULL, records BLOB NOT NULL) STRICT;
        """

    /// A shard has room for a million million records.
    private static let indexBits: Int64 = 40

    let index: Int64
    /// Milliseconds since 1970.
    let arrivedAt: Int64
    let partitionKey: String
    let data: ArraySlice<UInt8>

    /// What counts against the limits of a shard and a request.
    var size: Int { data.count + partitionKey.utf8.count }

    private static func rowID(_ shard: Int64, _ index: Int64) -> Int64 { shard << indexBits | index }

    /// Records that arrive together, each as its partition key and its data.
    struct Block: Sendable {
        private(set) var count: Int64 = 0
        private(set) var records = PackedBytes()

        mutating func append(partitionKey: String, _ data: ArraySlice<UInt8>) {
            records.append(partitionKey)
            records.append(data)
            count += 1
        }
    }

    /// What a row has of records that arrive together.
    struct PackedBlock: Sendable {
        let count: Int64
        fileprivate let records: [UInt8]

        /// Compresses the records.
        init(_ block: Block) {
            count = block.count
            records = block.records.stored
        }
    }

    /// Adds the newest records of a shard.
    static func insert(_ block: PackedBlock, into shard: StoredShard, in transaction: borrowing Transaction) throws {
        try insert(block, at: rowID(shard.id, shard.lastIndex), arrivedAt: shard.lastArrival, in: transaction)
    }

    private static func insert(
        _ block: PackedBlock, at id: Int64, arrivedAt: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO kinesis_block VALUES (?, ?, ?, ?)", .integer(id), .integer(block.count), .integer(arrivedAt),
            .blob(block.records))
    }

    /// The records from `index` on, until `take` returns false.
    static func scan(
        _ shard: StoredShard, from index: Int64, in snapshot: borrowing Snapshot,
        take: (StoredRecord) throws -> Bool
    ) throws {
        guard index <= shard.lastIndex else { return }
        try snapshot.scan(
            "SELECT id, count, arrived_at, records FROM kinesis_block WHERE id BETWEEN ? AND ? ORDER BY id",
            values: [.integer(rowID(shard.id, index)), .integer(rowID(shard.id, shard.lastIndex))]
        ) { row in
            var next = row.integer(0) & (1 << indexBits - 1) - row.integer(1)
            let arrivedAt = row.integer(2)
            var records = try PackedBytes(stored: row.blob(3))
            while let key = records.next(), let data = records.next() {
                next += 1
                guard next >= index else { continue }
                let record = StoredRecord(
                    index: next, arrivedAt: arrivedAt, partitionKey: String(decoding: key, as: UTF8.self), data: data)
                guard try take(record) else { return false }
            }
            return true
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
            let place = rowID(shard.id, middle)
            let arrived = try snapshot.first(
                "SELECT arrived_at, id - count FROM kinesis_block WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1",
                .integer(place), .integer(rowID(shard.id, shard.lastIndex))
            ) { $0.integer(1) < place ? $0.integer(0) : .min }
            // A record that is gone was older than any that is kept.
            if arrived ?? .min >= moment { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Removes the oldest records before `index`, which begins a row, at most about `limit` of them.
    /// - Returns: whether none before `index` is left.
    static func remove(
        before index: Int64, of shard: StoredShard, atMost limit: Int64 = .max, in transaction: borrowing Transaction
    ) throws -> Bool {
        let oldest = try transaction.snapshot.first(
            "SELECT id FROM kinesis_block WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", .integer(rowID(shard.id, 0)),
            .integer(rowID(shard.id, index))
        ) { $0.integer(0) & (1 << indexBits - 1) }
        guard let oldest else { return true }
        let end = index - oldest > limit ? oldest + limit : index
        try transaction.execute(
            "DELETE FROM kinesis_block WHERE id >= ? AND id < ?", .integer(rowID(shard.id, 0)),
            .integer(rowID(shard.id, end)))
        return end == index
    }

    /// Brings a database whose records have rows of their own to the present table.
    static func join(in transaction: borrowing Transaction) throws {
        let hasRows = try transaction.snapshot.first(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'kinesis_record'"
        ) { _ in true }
        guard hasRows == true else { return }
        try transaction.execute(schema)
        try transaction.snapshot.query("SELECT id, arrived_at, partition_key, data FROM kinesis_record") { row in
            var block = Block()
            block.append(partitionKey: row.text(2), row.blob(3)[...])
            try insert(PackedBlock(block), at: row.integer(0), arrivedAt: row.integer(1), in: transaction)
        }
        try transaction.execute("DROP TABLE kinesis_record")
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
