internal import EmulatorCore
internal import Time

/// Deletes expired items. AWS takes up to days for this, the emulator minutes.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>
extension DynamoDB {
    private static let sweepInterval: Int64 = 60_000
    /// The pause after a sweep, in units of its duration, so that sweeps are only a small part of the load.
    private static let restFactor: Int64 = 50
    /// The number of items read and deleted at a time.
    private static let pageSize = 500
    /// An item that expired longer ago is not deleted: the service assumes that its attribute is not an expiry time.
    private static let oldestExpirySeconds = 5 * 365 * 86400

    /// Deletes expired items regularly until the task is cancelled.
    func deleteExpiredItemsRegularly() async {
        while !Task.isCancelled {
            let start = state.clock.now().milliseconds
            // Callers of the store see its failure; the next sweep retries.
            _ = try? await deleteExpiredItems()
            let now = state.clock.now().milliseconds
            let rest = max(Self.sweepInterval, (now - start) * Self.restFactor)
            do { try await state.clock.sleep(Timestamp(milliseconds: now + rest)) } catch { return }
        }
    }

    /// Deletes the items that have expired, from all tables with a time to live.
    /// - Returns: the number of deleted items.
    @discardableResult
    func deleteExpiredItems() async throws -> Int {
        let state = state
        let tables = try store.read { snapshot in
            try state.catalog.names(in: snapshot).compactMap { name in
                try state.catalog.table(named: name, in: snapshot)
            }
        }
        var deleted = 0
        for table in tables where table.definition.timeToLiveAttribute != nil {
            var position: PrimaryKey? = PrimaryKey(hash: [], range: [])
            while let start = position, !Task.isCancelled {
                let page = try store.read { snapshot in try expiredKeys(of: table, after: start, in: snapshot) }
                position = page.next
                if !page.expired.isEmpty { deleted += try await delete(page.expired, from: table) }
            }
        }
        return deleted
    }

    private func expiredKeys(
        of table: Table, after start: PrimaryKey, in snapshot: borrowing Snapshot
    ) throws -> (expired: [PrimaryKey], next: PrimaryKey?) {
        var expired: [PrimaryKey] = []
        var last: PrimaryKey?
        var count = 0
        try snapshot.query(
            """
            SELECT hash, range, item FROM dynamodb_item WHERE table_id = ? AND (hash, range) > (?, ?)
            ORDER BY hash, range LIMIT ?
            """, .integer(table.id), .blob(start.hash), .blob(start.range), .integer(Self.pageSize)
        ) { row in
            let key = PrimaryKey(hash: row.blob(0), range: row.blob(1))
            if hasExpired(try ItemReader.item(from: row.blob(2)), in: table) { expired.append(key) }
            last = key
            count += 1
        }
        return (expired, count == Self.pageSize ? last : nil)
    }

    /// Checks each item again, because its expiry may have changed.
    private func delete(_ keys: [PrimaryKey], from table: Table) async throws -> Int {
        let state = state
        return try await store.write { [self] transaction in
            guard let table = try state.catalog.table(named: table.name, in: transaction.snapshot) else { return 0 }
            var deleted = 0
            for key in keys {
                guard let item = try transaction.snapshot.item(at: key, in: table), hasExpired(item, in: table) else {
                    continue
                }
                try state.change(key, of: table, from: item, to: nil, by: .timeToLive, in: transaction)
                deleted += 1
            }
            return deleted
        }
    }

    private func hasExpired(_ item: Item, in table: Table) -> Bool {
        guard let attribute = table.definition.timeToLiveAttribute, case .number(let time)? = item[attribute] else {
            return false
        }
        let now = Int(state.clock.now().milliseconds / 1000)
        return time < DecimalNumber(now) && time > DecimalNumber(now - Self.oldestExpirySeconds)
    }
}
