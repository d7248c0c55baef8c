internal import EmulatorCore
internal import JSON

/// A page of a query or scan.
struct ItemPage {
    private let parameters: PageParameters
    private let table: Table
    private let index: SecondaryIndex?
    private var items: [Item] = []
    private var count = 0
    private var scannedCount = 0
    private var bytes = 0
    private var lastKey: Item?

    /// A page ends at the first item that brings it to this size.
    private static let sizeLimit = 1 << 20

    init(_ parameters: PageParameters, _ table: Table, _ index: SecondaryIndex?) {
        self.parameters = parameters
        self.table = table
        self.index = index
    }

    /// Adds the next item.
    /// - Returns: whether the page has room for another.
    mutating func take(_ stored: Item) -> Bool {
        let item = parameters.part(of: stored, in: index, of: table)
        scannedCount += 1
        bytes += item.sizeInBytes
        if parameters.filter?.holds(for: item) ?? true {
            count += 1
            if !parameters.countsOnly { items.append(parameters.projection?.of(item) ?? item) }
        }
        guard scannedCount == parameters.limit || bytes >= Self.sizeLimit else { return true }
        lastKey = stored.only(table.keys.names + (index?.keys.names ?? []))
        return false
    }

    var answer: JSON {
        var answer = JSONObject()
        if !parameters.countsOnly { answer["Items"] = .array(items.map(\.document)) }
        answer["Count"] = .int(count)
        answer["ScannedCount"] = .int(scannedCount)
        answer["LastEvaluatedKey"] = lastKey.map(\.document)
        answer["ConsumedCapacity"] =
            ConsumedCapacity(reading: table, index: index, bytes: bytes, consistent: parameters.isConsistent)
            .document(parameters.capacity)
        return .object(answer)
    }
}

extension Snapshot {
    /// Fills a page from the table or index, in the order of its keys.
    func fill(
        _ page: inout ItemPage, from table: Table, _ index: SecondaryIndex?, where terms: [PageTerm],
        orderedBy columns: [String], descending: Bool
    ) throws {
        try eachItem(of: table, index, where: terms, orderedBy: columns, descending: descending) { item in
            page.take(item)
        }
    }

    /// Calls `body` with the items of the table or index, in the order of its keys, until it returns false.
    func eachItem(
        of table: Table, _ index: SecondaryIndex?, where terms: [PageTerm], orderedBy columns: [String],
        descending: Bool, _ body: (Item) throws -> Bool
    ) throws {
        let prefix = index == nil ? "i" : "e"
        var sql: String
        var values: [SQLValue]
        if let index {
            // CROSS JOIN makes SQLite read in this order: entries first, then their items.
            sql = """
                SELECT i.item FROM dynamodb_index_entry AS e CROSS JOIN dynamodb_item AS i \
                ON i.table_id = ? AND i.hash = e.item_hash AND i.range = e.item_range WHERE e.index_id = ?
                """
            values = [.integer(table.id), .integer(index.id)]
        } else {
            sql = "SELECT i.item FROM dynamodb_item AS i WHERE i.table_id = ?"
            values = [.integer(table.id)]
        }
        for term in terms {
            let left = term.columns.map { "\(prefix).\($0)" }.joined(separator: ", ")
            let right = term.columns.map { _ in "?" }.joined(separator: ", ")
            sql += " AND (\(left)) \(term.comparator) (\(right))"
            values += term.values.map { .blob($0) }
        }
        sql += " ORDER BY " + columns.map { "\(prefix).\($0)\(descending ? " DESC" : "")" }.joined(separator: ", ")
        try scan(sql, values: values) { row in try body(try ItemReader.item(from: row.blob(0))) }
    }
}

/// A bound on the rows of a page: columns compared with bytes, as SQL row values.
struct PageTerm {
    var columns: [String]
    var comparator: String
    var values: [[UInt8]]
}
