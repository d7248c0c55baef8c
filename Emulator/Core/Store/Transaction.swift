/// A consistent view of the state, for reading.
package struct Snapshot: ~Copyable {
    let connection: Connection

    // Inlined into generic callers, this crashes the cross-module optimizer of Swift 6.3.1: it cannot clone the
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

    /// The first row of a query, made into a value; nil when there is none.
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

    /// All rows of a query, each made into a value.
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

/// Changes that become durable together, or not at all. It sees its own changes.
package struct Transaction: ~Copyable {
    /// The state with the changes made so far.
    package let snapshot: Snapshot
    let committed: CommitActions

    init(_ connection: Connection, _ committed: CommitActions) {
        snapshot = Snapshot(connection: connection)
        self.committed = committed
    }

    /// Runs one statement that returns no rows.
    /// - Returns: how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ values: SQLValue...) throws -> Int {
        try snapshot.connection.run(sql, values) { _ in true }
        return snapshot.connection.changes
    }

    /// The row id of the last insert.
    package var lastInsertedRow: Int64 { snapshot.connection.lastInsertedRow }

    /// Runs `action` once the changes are durable; never if they are not. For bells, not for work that can fail.
    package func afterCommit(_ action: @escaping @Sendable () -> Void) { committed.actions.append(action) }
}

/// What is to happen when the batch under way is durable. Used by the writer thread alone.
final class CommitActions {
    var actions: [@Sendable () -> Void] = []
}
