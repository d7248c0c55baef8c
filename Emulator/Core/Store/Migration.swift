/// One step that brings a database of an earlier version to the next one.
package typealias Migration = @Sendable (borrowing Transaction) throws -> Void

extension Transaction {
    /// Rebuilds tables whose row ids were reused as tables whose row ids never are. Their indexes go with the old tables;
    /// the schema makes them again.
    package func addAutoincrement(to tables: [String]) throws {
        for table in tables {
            let sql = try snapshot.first(
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", .text(table)
            ) { $0.text(0) }
            let old = "INTEGER PRIMARY KEY"
            guard let sql, let start = sql.firstIndex(of: "("), let place = sql.firstRange(of: old),
                sql.firstRange(of: "AUTOINCREMENT") == nil
            else { continue }
            let columns = sql[start..<place.lowerBound] + old + " AUTOINCREMENT" + sql[place.upperBound...]
            try execute("CREATE TABLE migrated \(columns)")
            try execute("INSERT INTO migrated SELECT * FROM \(table)")
            try execute("DROP TABLE \(table)")
            try execute("ALTER TABLE migrated RENAME TO \(table)")
        }
    }
}

extension Connection {
    /// Brings the database to the version that `migrations` and `schema` describe, in one transaction.
    ///
    /// Databases from before there were versions are of version 1; each migration adds one.
    func migrate(_ migrations: [Migration], schema: [String]) throws(StoreError) {
        let current = migrations.count + 1
        var version = 0
        var isNew = true
        do {
            try run("PRAGMA user_version", []) { row in
                version = row.int(0)
                return false
            }
            try run("SELECT 1 FROM sqlite_schema LIMIT 1", []) { _ in
                isNew = false
                return false
            }
        } catch { throw Self.storeError(error) }
        if version == 0 { version = isNew ? current : 1 }
        guard version <= current else { throw .newer(path: path, version: version, known: current) }
        try run(script: "BEGIN IMMEDIATE")
        do {
            let transaction = Transaction(self, CommitActions())
            for migration in migrations.dropFirst(version - 1) { try migration(transaction) }
            try run(script: schema.joined(separator: ";"))
            try run(script: "PRAGMA user_version = \(current); COMMIT")
        } catch {
            try? run(script: "ROLLBACK")
            throw Self.storeError(error)
        }
    }

    private static func storeError(_ error: any Error) -> StoreError {
        error as? StoreError ?? .failed(code: 0, reason: "\(error)", statement: "a migration")
    }
}
