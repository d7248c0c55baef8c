internal import EmulatorCore
internal import JSON

/// One page of a SELECT statement.
struct PartiQLPage {
    var items: [Item] = []
    /// The size of all items that were read, also of those that the condition excludes.
    var bytes = 0
    /// The position after which the next page starts; nil after the last one.
    var lastKey: Item?
    var capacity: ConsumedCapacity
}

/// A SELECT statement on a table or one of its indexes.
struct PartiQLReading {
    let table: Table
    let index: SecondaryIndex?
    private let statement: PartiQLStatement
    private let paths: [DocumentPath]?
    private let order: PartiQLStatement.Order?

    /// A page ends at the first item that brings it to this size.
    private static let sizeLimit = 1 << 20

    /// - Throws: the service's errors for an index that is missing or lacks attributes.
    init(_ statement: PartiQLStatement, on table: Table, isConsistent: Bool) throws(DynamoDBFault) {
        self.statement = statement
        self.table = table
        guard case .select(let paths, let indexName, let order) = statement.work else {
            (paths, order, index) = (nil, nil, nil)
            return
        }
        self.paths = paths
        self.order = order
        guard let indexName else {
            index = nil
            return
        }
        guard let index = table.index(named: indexName) else {
            throw .validation("The table does not have the specified index")
        }
        if isConsistent, index.isGlobal {
            throw .validation("Strongly consistent read is not supported on Global Secondary Indexes")
        }
        let filtered = (statement.condition?.attributes ?? []).filter { !index.holds($0, tableKeys: table.keys) }
        if !filtered.isEmpty {
            throw .invalidParameter(
                "Secondary index \(index.name) does not project one or more filter attributes: "
                    + "[\(filtered.joined(separator: ", "))]")
        }
        let missing = (paths ?? []).map(\.attribute).filter { !index.holds($0, tableKeys: table.keys) }
        if index.isGlobal, !missing.isEmpty {
            throw .invalidParameter(
                "Global secondary index \(index.name) does not project [\(missing.joined(separator: ", "))]")
        }
        self.index = index
    }

    func page(
        after start: Item?, limit: Int?, isConsistent: Bool, in snapshot: borrowing Snapshot
    ) throws -> PartiQLPage {
        let keys = index?.keys ?? table.keys
        let range = try range(keys)
        var columns = index == nil ? ["range"] : ["range", "item_hash", "item_range"]
        if range == nil { columns.insert("hash", at: 0) }
        var terms = range?.terms ?? []
        let isDescending = order?.isDescending ?? false
        if let start, let position = try position(start) {
            if let range {
                terms = range.terms(after: position, inIndex: index != nil, isForward: !isDescending)
            } else {
                let item = index == nil ? [] : [position.item.hash, position.item.range]
                terms.append(
                    PageTerm(
                        columns: columns, comparator: ">", values: [position.entry.hash, position.entry.range] + item))
            }
        }
        var page = PartiQLPage(
            capacity: ConsumedCapacity(reading: table, index: index, bytes: 0, consistent: isConsistent))
        var count = 0
        try snapshot.eachItem(
            of: table, index, where: terms, orderedBy: columns, descending: isDescending
        ) { stored in
            let item = paths == nil ? index?.part(of: stored, tableKeys: table.keys) ?? stored : stored
            count += 1
            page.bytes += item.sizeInBytes
            if statement.condition?.holds(for: item) ?? true { page.items.append(selected(item)) }
            guard count == limit || page.bytes >= Self.sizeLimit else { return true }
            page.lastKey = stored.only(table.keys.names + (index?.keys.names ?? []))
            return false
        }
        page.capacity = ConsumedCapacity(
            reading: table, index: index, bytes: page.bytes, consistent: isConsistent)
        return page
    }

    /// The range of keys to read; nil if the whole table is to be read.
    private func range(_ keys: KeySchema) throws(DynamoDBFault) -> KeyRange? {
        let given = statement.keyConditions(keys)
        func condition(on key: KeySchema.Key) -> KeyCondition? {
            given.first { $0.attribute.hasSameBytes(as: key.name) && key.kind == $0.values.first?.kind }
        }
        var used: [KeyCondition] = []
        for key in keys.hashes {
            guard let found = condition(on: key), found.comparison == .equal else {
                if let order, keys.has(order.attribute) {
                    throw .validation(
                        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY "
                            + "clause.")
                }
                return nil
            }
            used.append(found)
        }
        for key in keys.ranges {
            guard let found = condition(on: key) else { break }
            used.append(found)
            if found.comparison != .equal { break }
        }
        if let order, !keys.has(order.attribute) {
            throw .validation(
                "Variable reference \(order.attribute) in ORDER BY clause must be part of the primary key")
        }
        return try KeyRange(used, keys)
    }

    private func position(_ start: Item) throws(DynamoDBFault) -> PagePosition? {
        let item = try table.keys.key(given: start.only(table.keys.names))
        guard let index else { return PagePosition(entry: item, item: item) }
        return index.keys.entry(of: start).map { PagePosition(entry: $0, item: item) }
    }

    /// The selected values, each under the last name of its path.
    func selected(_ item: Item) -> Item {
        guard let paths else { return item }
        var selected = Item()
        for path in paths {
            guard let value = path.value(in: item) else { continue }
            let name =
                switch path.steps.last {
                case .member(let name): name
                case .element(let index): "\(path.attribute)[\(index)]"
                case nil: path.attribute
                }
            selected[name] = value
        }
        return selected
    }
}
