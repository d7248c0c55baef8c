internal import EmulatorCore
internal import JSON
internal import Time

/// The state of all operations: the tables, their items, and their changes.
struct DynamoDBState: Sendable {
    let account: Account
    let clock: ClockAndChance
    let catalog = TableCatalog()
    let changes: ChangeLog
    let endpoint: EndpointAddress

    init(account: Account, clock: ClockAndChance, endpoint: EndpointAddress) {
        self.endpoint = endpoint
        self.account = account
        self.clock = clock
        changes = ChangeLog(account: account, clock: clock)
    }

    /// The table of a data operation.
    func table(named name: String, in snapshot: borrowing Snapshot) throws -> Table {
        guard let table = try catalog.table(named: name, in: snapshot) else { throw DynamoDBFault.noSuchTable }
        return table
    }

    /// The table of an operation on tables. Here the service's error names a missing table.
    func describedTable(named name: String, in snapshot: borrowing Snapshot) throws -> Table {
        guard let table = try catalog.table(named: name, in: snapshot) else {
            throw DynamoDBFault.resourceNotFound(
                "Requested resource not found: Table: \(TableCatalog.plainName(name)) not found")
        }
        return table
    }

    /// Replaces the item at `key` in the table and its indexes, and records the change in its stream. Does nothing if
    /// the items are equal.
    /// - Parameters:
    ///   - old: the stored item.
    ///   - new: the new item; nil deletes.
    func change(
        _ key: PrimaryKey, of table: Table, from old: Item?, to new: Item?, by actor: ChangeLog.Actor = .user,
        in transaction: borrowing Transaction
    ) throws {
        guard old != new else { return }
        if let new {
            try transaction.store(new, at: key, in: table)
        } else {
            try transaction.deleteItem(at: key, in: table)
        }
        for index in table.indexes {
            let before = old.flatMap { index.keys.entry(of: $0) }
            let after = new.flatMap { index.keys.entry(of: $0) }
            guard before != after else { continue }
            if let before { try transaction.deleteEntry(before, of: key, in: index) }
            if let after { try transaction.storeEntry(after, of: key, in: index) }
        }
        if let stream = table.stream {
            try changes.append(
                ItemChange(keys: table.keys, old: old, new: new, actor: actor), to: stream, in: transaction)
        }
    }
}
