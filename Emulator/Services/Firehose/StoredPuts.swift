internal import EmulatorCore

/// The records that clients put into delivery streams and that are not taken in yet, as the store has them.
///
/// What one request put is one row, whose id is the number of its last record. Numbers count the records of all delivery
/// streams and are never given twice.
enum StoredPuts {
    static let schema = """
        CREATE TABLE IF NOT EXISTS firehose_block (
            id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, count INTEGER NOT NULL,
            arrived_at INTEGER NOT NULL, records BLOB NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS firehose_block_stream ON firehose_block (stream, id);
        """

    /// What one request puts, as a row has it.
    struct Block: Sendable {
        let count: Int64
        fileprivate let stored: [UInt8]

        init(_ records: [ArraySlice<UInt8>]) {
            var packed = PackedBytes(capacity: records.reduce(0) { $0 + $1.count + 4 })
            for record in records { packed.append(record) }
            count = Int64(records.count)
            stored = packed.stored
        }
    }

    /// - Returns: the numbers of the records.
    static func insert(
        _ block: Block, into stream: Int64, at now: Int64, in transaction: borrowing Transaction
    ) throws -> ClosedRange<Int64> {
        let last = try transaction.snapshot.first(
            "SELECT seq FROM sqlite_sequence WHERE name = 'firehose_block'"
        ) { $0.integer(0) }
        let numbers = (last ?? 0) + 1...(last ?? 0) + block.count
        try insert(block, numbers.upperBound, stream, at: now, in: transaction)
        return numbers
    }

    private static func insert(
        _ block: Block, _ last: Int64, _ stream: Int64, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO firehose_block VALUES (?, ?, ?, ?, ?)", .integer(last), .integer(stream),
            .integer(block.count), .integer(now), .blob(block.stored))
    }

    /// The records of a delivery stream after the one with the number `sequence`: whole rows, until there are `limit`.
    static func records(
        of stream: Int64, after sequence: Int64, limit: Int, in snapshot: borrowing Snapshot
    ) throws -> [SourceRecord] {
        var found: [SourceRecord] = []
        try snapshot.scan(
            "SELECT id, count, arrived_at, records FROM firehose_block WHERE stream = ? AND id > ? ORDER BY id",
            .integer(stream), .integer(sequence)
        ) { row in
            var number = row.integer(0) - row.integer(1)
            let arrivedAt = row.integer(2)
            var records = try PackedBytes(stored: row.blob(3))
            while let data = records.next() {
                number += 1
                guard number > sequence else { continue }
                found.append(SourceRecord(IncomingRecord(sequence: number, arrivedAt: arrivedAt, data: data)))
            }
            return found.count < limit
        }
        return found
    }

    /// Removes the rows whose records have all been taken in.
    static func remove(upTo sequence: Int64, of stream: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM firehose_block WHERE stream = ? AND id <= ?", .integer(stream), .integer(sequence))
    }

    /// How many records of a delivery stream come after the one with the number `sequence`, and when the first of them came.
    static func waiting(
        of stream: Int64, after sequence: Int64, in snapshot: borrowing Snapshot
    ) throws -> (count: Int64, oldest: Int64?) {
        try snapshot.first(
            """
            SELECT COALESCE(SUM(MIN(count, id - ?)), 0), MIN(arrived_at) FROM firehose_block
            WHERE stream = ? AND id > ?
            """, .integer(sequence), .integer(stream), .integer(sequence)
        ) { ($0.integer(0), $0.integerOrNil(1)) } ?? (0, nil)
    }

    /// Brings a database whose records have rows of their own to the present table.
    static func join(in transaction: borrowing Transaction) throws {
        let hasRows = try transaction.snapshot.first(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'firehose_record'"
        ) { _ in true }
        guard hasRows == true else { return }
        for statement in schema.split(separator: ";") where statement.contains("TABLE") {
            try transaction.execute(String(statement))
        }
        try transaction.snapshot.query("SELECT id, stream, arrived_at, data FROM firehose_record ORDER BY id") { row in
            try insert(Block([row.blob(3)[...]]), row.integer(0), row.integer(1), at: row.integer(2), in: transaction)
        }
        // Numbers that were given are not given again.
        try transaction.execute("DELETE FROM sqlite_sequence WHERE name = 'firehose_block'")
        try transaction.execute(
            "INSERT INTO sqlite_sequence SELECT 'firehose_block', seq FROM sqlite_sequence WHERE name = 'firehose_record'"
        )
        try transaction.execute("DROP TABLE firehose_record")
    }
}
