internal import EmulatorCore
internal import JSON

/// A database of the catalog: a namespace of Iceberg.
struct StoredDatabase: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_database (
            name TEXT PRIMARY KEY, input TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
        """

    let name: String
    /// The `DatabaseInput`, with its name in lower case.
    var input: JSONObject
    /// Milliseconds since 1970.
    let createdAt: Int64

    init(_ input: JSONObject, createdAt: Int64) {
        name = (input["Name"]?.string ?? "").lowercased()
        self.input = input
        self.input["Name"] = .string(name)
        self.createdAt = createdAt
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredDatabase? {
        try snapshot.first(
            "SELECT input, created_at FROM glue_database WHERE name = ?", .text(name.lowercased()), row: Self.read)
    }

    /// In the order of their names.
    static func all(in snapshot: borrowing Snapshot) throws -> [StoredDatabase] {
        try snapshot.all("SELECT input, created_at FROM glue_database ORDER BY name", row: Self.read)
    }

    private static func read(_ row: borrowing Row) throws -> StoredDatabase {
        StoredDatabase(try JSON(parsing: row.text(0)).object ?? [:], createdAt: row.integer(1))
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO glue_database VALUES (?, ?, ?)", .text(name), .text(JSON.object(input).text),
            .integer(createdAt))
    }

    /// The last part of the database's ARN.
    var resource: String { "database/\(name)" }

    /// Whether it has no tables.
    func isEmpty(in snapshot: borrowing Snapshot) throws -> Bool {
        try snapshot.first("SELECT 1 FROM glue_table WHERE database = ?", .text(name)) { _ in true } == nil
    }

    /// Removes the database with everything in it.
    func remove(in transaction: borrowing Transaction) throws {
        for table in try StoredTable.all(of: name, in: transaction.snapshot) { try table.remove(in: transaction) }
        try StoredTags.remove(of: resource, in: transaction)
        try transaction.execute("DELETE FROM glue_database WHERE name = ?", .text(name))
    }
}
