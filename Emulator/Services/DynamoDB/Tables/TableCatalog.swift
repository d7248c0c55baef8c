internal import EmulatorCore
internal import JSON
internal import Synchronization

/// The tables by name. A parsed definition is cached as long as its revision equals that in the store.
final class TableCatalog: Sendable {
    private let parsed = Mutex<[String: Table]>([:])

    static let schema = """
        CREATE TABLE IF NOT EXISTS dynamodb_table (
            name TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE, revision INTEGER NOT NULL, definition BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS dynamodb_id (next INTEGER NOT NULL) STRICT;
        INSERT INTO dynamodb_id SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM dynamodb_id);
        """

    /// The table in `snapshot`, or nil.
    func table(named name: String, in snapshot: borrowing Snapshot) throws -> Table? {
        let name = Self.plainName(name)
        let stamp = try snapshot.first("SELECT id, revision FROM dynamodb_table WHERE name = ?", .text(name)) {
            ($0.integer(0), $0.integer(1))
        }
        guard let (id, revision) = stamp else { return nil }
        if let known = parsed.withLock({ $0[name] }), known.id == id, known.revision == revision { return known }
        let definition = try snapshot.first("SELECT definition FROM dynamodb_table WHERE name = ?", .text(name)) {
            TableDefinition(stored: try JSON(parsing: $0.blob(0)))
        }
        guard let definition, let table = Table(id: id, revision: revision, definition: definition) else { return nil }
        parsed.withLock { $0[name] = table }
        return table
    }

    func names(in snapshot: borrowing Snapshot) throws -> [String] {
        try snapshot.all("SELECT name FROM dynamodb_table ORDER BY name") { $0.text(0) }
    }

    /// A new ID for a table or an index.
    func freshID(in transaction: borrowing Transaction) throws -> Int64 {
        try transaction.execute("UPDATE dynamodb_id SET next = next + 1")
        return try transaction.snapshot.first("SELECT next FROM dynamodb_id") { $0.integer(0) } ?? 0
    }

    /// Stores a new table, or the changed definition of one.
    func save(_ definition: TableDefinition, id: Int64, in transaction: borrowing Transaction) throws -> Table? {
        let name = definition.description["TableName"]?.string ?? ""
        let revision = try freshID(in: transaction)
        try transaction.execute(
            """
            INSERT INTO dynamodb_table VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (name) DO UPDATE SET revision = ?3, definition = ?4
            """, .text(name), .integer(id), .integer(revision), .blob(definition.stored.bytes))
        return Table(id: id, revision: revision, definition: definition)
    }

    func remove(_ table: Table, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM dynamodb_table WHERE name = ?", .text(table.name))
    }

    /// The name in a table's ARN, or the name itself.
    static func plainName(_ nameOrARN: String) -> String {
        guard let resource = ARN(nameOrARN)?.resource, resource.hasPrefix("table/") else { return nameOrARN }
        return String(resource.dropFirst("table/".count).prefix { $0 != "/" })
    }
}
