internal import EmulatorCore
internal import JSON

/// An INSERT, UPDATE or DELETE statement on its table, or the EXISTS of a transaction.
struct PartiQLWriting {
    let statement: PartiQLStatement
    let table: Table
    let key: PrimaryKey
    private let given: Item

    /// - Throws: the service's error unless the statement names one item.
    init(_ statement: PartiQLStatement, on table: Table) throws(DynamoDBFault) {
        self.statement = statement
        self.table = table
        if case .insert(let item) = statement.work {
            try item.checkSize()
            given = item
            key = try table.keys.key(ofItem: item)
            try table.checkIndexKeys(of: item)
            return
        }
        guard let given = statement.key(in: table.keys) else {
            throw .validation("Where clause does not contain a mandatory equality on all key attributes")
        }
        if case .update(let update, _) = statement.work { try update.checkLeavesKey(of: table) }
        self.given = given
        key = try table.keys.key(given: given)
    }

    /// The item that replaces `stored`.
    /// - Throws: the error for an item that exists, is missing, or does not meet the condition.
    func result(
        on stored: Item?, _ onFailure: ReturnValuesOnConditionCheckFailure = .none
    ) throws(DynamoDBFault) -> Item? {
        switch statement.work {
        case .insert(let item):
            if stored != nil { throw .duplicateItem }
            return item
        case .update(let update, _):
            try check(stored, onFailure)
            return try update.result(on: stored, key: given, of: table)
        case .delete:
            if stored != nil { try check(stored, onFailure) }
            return nil
        case .exists, .select:
            try check(stored, onFailure)
            return stored
        }
    }

    private func check(_ stored: Item?, _ onFailure: ReturnValuesOnConditionCheckFailure) throws(DynamoDBFault) {
        guard let stored, statement.condition?.holds(for: stored) ?? true else {
            throw .conditionalCheckFailed(item: onFailure == .allOld ? stored : nil)
        }
    }

    /// What the statement's RETURNING clause asks for; nil if that is nothing.
    func returned(_ old: Item?, _ new: Item?) -> Item? {
        guard let returning = statement.returning, let item = returning.isNew ? new : old else { return nil }
        guard returning.onlyModified, case .update(let update, _) = statement.work else { return item }
        let modified = Projection(paths: update.paths).of(item)
        return modified.isEmpty ? nil : modified
    }
}

extension DynamoDBState {
    /// Performs a statement that names one item.
    func write(
        _ statement: PartiQLStatement, _ onFailure: ReturnValuesOnConditionCheckFailure,
        in transaction: borrowing Transaction
    ) throws -> (returned: Item?, capacity: ConsumedCapacity) {
        let table = try table(named: statement.tableName, in: transaction.snapshot)
        let writing = try PartiQLWriting(statement, on: table)
        let old = try transaction.snapshot.item(at: writing.key, in: table)
        let new = try writing.result(on: old, onFailure)
        try change(writing.key, of: table, from: old, to: new, in: transaction)
        return (writing.returned(old, new), ConsumedCapacity(writing: table, from: old, to: new))
    }
}
