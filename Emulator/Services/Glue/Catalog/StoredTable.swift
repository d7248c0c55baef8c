internal import EmulatorCore
internal import JSON

/// A table of the catalog, in its current version.
struct StoredTable: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_table (
            id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
            input TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            UNIQUE (database, name)) STRICT;
        """

    /// Differs from that of a table of the same name that was there before.
    private(set) var id: Int64 = 0
    let name: TableName
    /// The `VersionId`: it grows by one with each change.
    private(set) var version = 0
    /// The `TableInput`, with its name in lower case.
    var input: JSONObject
    /// Milliseconds since 1970.
    let createdAt: Int64
    var updatedAt: Int64

    init(_ name: TableName, _ input: JSONObject, now: Int64) {
        self.name = name
        self.input = input
        self.input["Name"] = .string(name.table)
        createdAt = now
        updatedAt = now
    }

    static func find(_ name: TableName, in snapshot: borrowing Snapshot) throws -> StoredTable? {
        try snapshot.first(
            "SELECT \(columns) FROM glue_table WHERE database = ? AND name = ?", .text(name.database),
            .text(name.table), row: Self.read)
    }

    /// In the order of their names.
    static func all(of database: String, in snapshot: borrowing Snapshot) throws -> [StoredTable] {
        try snapshot.all(
            "SELECT \(columns) FROM glue_table WHERE database = ? ORDER BY name", .text(database.lowercased()),
            row: Self.read)
    }

    private static let columns = "id, database, name, version, input, created_at, updated_at"

    private static func read(_ row: borrowing Row) throws -> StoredTable {
        var table = StoredTable(
            TableName(row.text(1), row.text(2)), try JSON(parsing: row.text(4)).object ?? [:], now: row.integer(5))
        table.id = row.integer(0)
        table.version = row.int(3)
        table.updatedAt = row.integer(6)
        return table
    }

    /// Whether nobody has changed the table since it was read.
    func isCurrent(in snapshot: borrowing Snapshot) throws -> Bool {
        try snapshot.first(
            "SELECT 1 FROM glue_table WHERE id = ? AND version = ?", .integer(id), .integer(version)
        ) { _ in true } ?? false
    }

    func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO glue_table (database, name, version, input, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
            .text(name.database), .text(name.table), .integer(version), .text(JSON.object(input).text),
            .integer(createdAt), .integer(updatedAt))
    }

    /// Writes the next version, if nobody has changed the table since it was read.
    /// - Returns: whether it was written.
    func replace(in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            "UPDATE glue_table SET version = version + 1, input = ?, updated_at = ? WHERE id = ? AND version = ?",
            .text(JSON.object(input).text), .integer(updatedAt), .integer(id), .integer(version)) == 1
    }

    /// Removes the table with its versions, partitions, statistics and tags.
    func remove(in transaction: borrowing Transaction) throws {
        for table in ["glue_table_version", "glue_partition", "glue_column_statistics"] {
            try transaction.execute("DELETE FROM \(table) WHERE table_id = ?", .integer(id))
        }
        try StoredTags.remove(of: resource, in: transaction)
        try transaction.execute("DELETE FROM glue_table WHERE id = ?", .integer(id))
    }

    /// The last part of the table's ARN.
    var resource: String { "table/\(name.database)/\(name.table)" }

    /// An earlier version of this table.
    func earlier(version: Int, _ input: JSONObject, updatedAt: Int64) -> StoredTable {
        var table = self
        table.version = version
        table.input = input
        table.updatedAt = updatedAt
        return table
    }
}
