internal import EmulatorCore

/// The tables that templates declare. CloudFormation knows a table by its name alone, and deletes it by that.
enum DeclaredTables {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_declared_table (
            database TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (database, name)) STRICT, WITHOUT ROWID;
        """

    static func add(_ name: TableName, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR IGNORE INTO glue_declared_table VALUES (?, ?)", .text(name.database), .text(name.table))
    }

    static func forget(_ name: TableName, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM glue_declared_table WHERE database = ? AND name = ?", .text(name.database),
            .text(name.table))
    }

    static func all(named name: String, in snapshot: borrowing Snapshot) throws -> [TableName] {
        try snapshot.all(
            "SELECT database, name FROM glue_declared_table WHERE name = ?", .text(name.lowercased())
        ) { TableName($0.text(0), $0.text(1)) }
    }
}
