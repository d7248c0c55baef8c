internal import EmulatorCore
internal import JSON

/// An earlier version of a table that was kept.
enum StoredTableVersion {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_table_version (
            table_id INTEGER NOT NULL, version INTEGER NOT NULL, input TEXT NOT NULL, updated_at INTEGER NOT NULL,
            PRIMARY KEY (table_id, version)) STRICT, WITHOUT ROWID;
        """

    static func keep(_ table: StoredTable, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO glue_table_version VALUES (?, ?, ?, ?)", .integer(table.id), .integer(table.version),
            .text(JSON.object(table.input).text), .integer(table.updatedAt))
    }

    /// The versions of a table, the current one first.
    static func all(of table: StoredTable, in snapshot: borrowing Snapshot) throws -> [StoredTable] {
        let earlier = try snapshot.all(
            "SELECT version, input, updated_at FROM glue_table_version WHERE table_id = ? ORDER BY version DESC",
            .integer(table.id)
        ) { row in
            table.earlier(
                version: row.int(0), try JSON(parsing: row.text(1)).object ?? [:], updatedAt: row.integer(2))
        }
        return [table] + earlier
    }

    /// - Returns: whether it was there. The current version cannot be deleted.
    static func delete(_ version: Int, of table: StoredTable, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            "DELETE FROM glue_table_version WHERE table_id = ? AND version = ?", .integer(table.id), .integer(version))
            == 1
    }
}
