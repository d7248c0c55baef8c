internal import EmulatorCore

// Items and index entries in the store. An entry has only keys: the projected attributes are read from the item.

enum ItemStorage {
    static let schema = """
        CREATE TABLE IF NOT EXISTS dynamodb_item (
            table_id INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL, item BLOB NOT NULL,
            PRIMARY KEY (table_id, hash, range)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS dynamodb_index_entry (
            index_id INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL,
            item_hash BLOB NOT NULL, item_range BLOB NOT NULL,
            PRIMARY KEY (index_id, hash, range, item_hash, item_range)
        ) STRICT, WITHOUT ROWID;
        """
}

extension Snapshot {
    func item(at key: PrimaryKey, in table: Table) throws -> Item? {
        try first(
            "SELECT item FROM dynamodb_item WHERE table_id = ? AND hash = ? AND range = ?", .integer(table.id),
            .blob(key.hash), .blob(key.range)
        ) { try ItemReader.item(from: $0.blob(0)) }
    }

    /// The number of items in the table, and their stored bytes.
    func extent(of table: Table) throws -> (count: Int, bytes: Int) {
        try first(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(item)), 0) FROM dynamodb_item WHERE table_id = ?", .integer(table.id)
        ) { ($0.int(0), $0.int(1)) } ?? (0, 0)
    }

    func entryCount(of index: SecondaryIndex) throws -> Int {
        try first("SELECT COUNT(*) FROM dynamodb_index_entry WHERE index_id = ?", .integer(index.id)) { $0.int(0) } ?? 0
    }
}

extension Transaction {
    func store(_ item: Item, at key: PrimaryKey, in table: Table) throws {
        try execute(
            "INSERT OR REPLACE INTO dynamodb_item VALUES (?, ?, ?, ?)", .integer(table.id), .blob(key.hash),
            .blob(key.range), .blob(ItemWriter.bytes(of: item)))
    }

    func deleteItem(at key: PrimaryKey, in table: Table) throws {
        try execute(
            "DELETE FROM dynamodb_item WHERE table_id = ? AND hash = ? AND range = ?", .integer(table.id),
            .blob(key.hash), .blob(key.range))
    }

    func storeEntry(_ entry: PrimaryKey, of key: PrimaryKey, in index: SecondaryIndex) throws {
        try execute(
            "INSERT OR REPLACE INTO dynamodb_index_entry VALUES (?, ?, ?, ?, ?)", .integer(index.id),
            .blob(entry.hash), .blob(entry.range), .blob(key.hash), .blob(key.range))
    }

    func deleteEntry(_ entry: PrimaryKey, of key: PrimaryKey, in index: SecondaryIndex) throws {
        try execute(
            """
            DELETE FROM dynamodb_index_entry
            WHERE index_id = ? AND hash = ? AND range = ? AND item_hash = ? AND item_range = ?
            """, .integer(index.id), .blob(entry.hash), .blob(entry.range), .blob(key.hash), .blob(key.range))
    }

    func deleteAllItems(of table: Table) throws {
        try execute("DELETE FROM dynamodb_item WHERE table_id = ?", .integer(table.id))
        for index in table.indexes { try deleteAllEntries(of: index.id) }
    }

    func deleteAllEntries(of indexID: Int64) throws {
        try execute("DELETE FROM dynamodb_index_entry WHERE index_id = ?", .integer(indexID))
    }

    /// Fills a new index from the existing items.
    func buildIndex(_ index: SecondaryIndex, of table: Table) throws {
        try snapshot.query(
            "SELECT hash, range, item FROM dynamodb_item WHERE table_id = ?", .integer(table.id)
        ) { row in
            let key = PrimaryKey(hash: row.blob(0), range: row.blob(1))
            if let entry = index.keys.entry(of: try ItemReader.item(from: row.blob(2))) {
                try storeEntry(entry, of: key, in: index)
            }
        }
    }
}
