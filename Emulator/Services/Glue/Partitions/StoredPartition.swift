internal import EmulatorCore
internal import JSON

/// A partition of a table that is not Iceberg's.
struct StoredPartition: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_partition (
            table_id INTEGER NOT NULL, key TEXT NOT NULL, input TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (table_id, key)) STRICT, WITHOUT ROWID;
        """

    let tableID: Int64
    let values: [String]
    /// The `PartitionInput`.
    let input: JSONObject
    /// Milliseconds since 1970.
    let createdAt: Int64

    /// The values as one text.
    var key: String { Self.key(of: values) }

    private static func key(of values: [String]) -> String { JSON.array(values.map { .string($0) }).text }

    init(_ input: JSONObject, values: [String], of tableID: Int64, createdAt: Int64) {
        self.tableID = tableID
        self.values = values
        self.input = input
        self.createdAt = createdAt
    }

    static func find(_ values: [String], of table: StoredTable, in snapshot: borrowing Snapshot) throws
        -> StoredPartition?
    {
        try snapshot.first(
            "SELECT input, created_at FROM glue_partition WHERE table_id = ? AND key = ?", .integer(table.id),
            .text(key(of: values))
        ) { row in
            StoredPartition(
                try JSON(parsing: row.text(0)).object ?? [:], values: values, of: table.id, createdAt: row.integer(1))
        }
    }

    /// Calls `body` for each partition after the one with `key`, in the order of their keys, until it returns false.
    /// - Parameter matches: whether a partition with such values is wanted; its description is read only then.
    static func scan(
        of table: StoredTable, after key: String, in snapshot: borrowing Snapshot,
        where matches: ([String]) throws -> Bool, _ body: (StoredPartition) throws -> Bool
    ) throws {
        try snapshot.scan(
            "SELECT key, input, created_at FROM glue_partition WHERE table_id = ? AND key > ? ORDER BY key",
            .integer(table.id), .text(key)
        ) { row in
            let values = (try JSON(parsing: row.text(0)).array ?? []).compactMap(\.string)
            guard try matches(values) else { return true }
            return try body(
                StoredPartition(
                    try JSON(parsing: row.text(1)).object ?? [:], values: values, of: table.id,
                    createdAt: row.integer(2)))
        }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO glue_partition VALUES (?, ?, ?, ?)", .integer(tableID), .text(key),
            .text(JSON.object(input).text), .integer(createdAt))
    }

    /// Removes it with its statistics.
    func remove(in transaction: borrowing Transaction) throws {
        try StoredStatistics.deleteAll(of: tableID, key, in: transaction)
        try transaction.execute(
            "DELETE FROM glue_partition WHERE table_id = ? AND key = ?", .integer(tableID), .text(key))
    }
}
