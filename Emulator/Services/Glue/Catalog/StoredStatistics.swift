internal import EmulatorCore
internal import JSON

/// Statistics of a column, of a whole table or of a partition.
enum StoredStatistics {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_column_statistics (
            table_id INTEGER NOT NULL, partition TEXT NOT NULL, column TEXT NOT NULL, document TEXT NOT NULL,
            PRIMARY KEY (table_id, partition, column)) STRICT, WITHOUT ROWID;
        """

    /// - Parameter partition: its key; empty for the whole table.
    static func find(
        _ column: String, of table: StoredTable, _ partition: String, in snapshot: borrowing Snapshot
    ) throws -> JSON? {
        try snapshot.first(
            "SELECT document FROM glue_column_statistics WHERE table_id = ? AND partition = ? AND column = ?",
            .integer(table.id), .text(partition), .text(column.lowercased())
        ) { try JSON(parsing: $0.text(0)) }
    }

    static func save(
        _ document: JSON, _ column: String, of table: StoredTable, _ partition: String,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO glue_column_statistics VALUES (?, ?, ?, ?)", .integer(table.id), .text(partition),
            .text(column.lowercased()), .text(document.text))
    }

    /// - Returns: whether there were any.
    static func delete(
        _ column: String, of table: StoredTable, _ partition: String, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            "DELETE FROM glue_column_statistics WHERE table_id = ? AND partition = ? AND column = ?",
            .integer(table.id), .text(partition), .text(column.lowercased())) == 1
    }

    /// Removes those of a partition.
    static func deleteAll(of tableID: Int64, _ partition: String, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM glue_column_statistics WHERE table_id = ? AND partition = ?", .integer(tableID),
            .text(partition))
    }
}
