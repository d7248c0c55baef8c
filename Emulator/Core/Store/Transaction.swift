/// A consistent view of the state, for reading.
package struct Snapshot: ~Copyable {
    let connection: Connection

    // If this is inlined into generic callers, the cross-module optimizer of Swift 6.3.1 crashes: it cannot clone the
    // initialiser of a non-copyable struct.
    @inline(never) init(connection: Connection) { self.connection = connection }

    /// Calls `row` for each row of a query.
    package func query(_ sql: String, _ values: SQLValue..., row: (borrowing Row) throws -> Void) throws {
        try connection.run(sql, values) { found in
            try row(found)
            return true
        }
    }

    /// Calls `row` for each row of a query until it returns false.
    package func scan(_ sql: String, _ values: SQLValue..., row: (borrowing Row) throws -> Bool) throws {
        try scan(sql, values: values, row: row)
    }

    package func scan(_ sql: String, values: [SQLValue], row: (borrowing Row) throws -> Bool) throws {
        try connection.run(sql, values, row: row)
    }

    /// The first row of a query, converted to a value; nil if there is none.
    package func first<Value>(_ sql: String, _ values: SQLValue..., row: (borrowing Row) throws -> Value) throws
        -> Value?
    {
        var value: Value?
        try connection.run(sql, values) { found in
            value = try row(found)
            return false
        }
        return value
    }

    /// All rows of a query, each converted to a value.
    package func all<Value>(_ sql: String, _ values: SQLValue..., row: (borrowing Row) throws -> Value) throws
        -> [Value]
    {
        var all: [Value] = []
        try connection.run(sql, values) { found in
            all.append(try row(found))
            return true
        }
        return all
    }
}

/// Changes that become durable together or not at all. Reads see the changes made so far.
package struct Transaction: ~Copyable {
    /// The state with the changes made so far.
    package let snapshot: Snapshot
    let committed: CommitActions

    init(_ connection: Connection, _ committed: CommitActions) {
        snapshot = Snapshot(connection: connection)
        self.committed = committed
    }

    /// Runs one statement that returns no rows.
    /// - Returns: the number of changed rows.
    @discardableResult
    package func execute(_ sql: String, _ values: SQLValue...) throws -> Int {
        try snapshot.connection.run(sql, values) { _ in true }
        return snapshot.connection.changes
    }

    /// The row id of the last insert.
    package var lastInsertedRow: Int64 { snapshot.connection.lastInsertedRow }

    /// Runs `action` once the changes are durable, or never. Use it for bells, not for work that can fail.
    package func afterCommit(_ action: @escaping @Sendable () -> Void) { committed.actions.append(action) }
}

/// The actions to run once the current batch is durable. Only the writer thread uses it.
final class CommitActions {
    var actions: [@Sendable () -> Void] = []
}
