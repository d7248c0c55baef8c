internal import EmulatorCore
internal import JSON

/// The common parameters of Query and Scan: what to read, where to start, how far, and what to answer.
struct PageParameters: Sendable {
    enum Select: String, Sendable, CaseIterable {
        case specificAttributes = "SPECIFIC_ATTRIBUTES"
        case count = "COUNT"
        case allAttributes = "ALL_ATTRIBUTES"
        case allProjectedAttributes = "ALL_PROJECTED_ATTRIBUTES"
    }

    let tableName: String
    let indexName: String?
    let limit: Int?
    let isConsistent: Bool
    let capacity: ReturnConsumedCapacity
    private let uncheckedStart: UncheckedItem?
    private let select: Select?
    private let attributesToGet: AttributesToGet
    private(set) var filter: Condition?
    private(set) var start: Item?
    private(set) var projection: Projection?

    init(_ request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        limit = try request.integer("Limit")
        constraints.value("limit", limit, 1...Int.max)
        uncheckedStart = try request.attributes("ExclusiveStartKey")
        capacity = try request.capacity(&constraints)
        attributesToGet = try request.attributesToGet(&constraints)
        select = constraints.oneOf("select", try request.string("Select"), Select.self)
        let name = try request.string("TableName")
        constraints.tableName("tableName", name)
        tableName = name ?? ""
        indexName = try request.string("IndexName")
        constraints.indexName("indexName", indexName)
        isConsistent = try request.boolean("ConsistentRead") ?? false
    }

    /// Checks the starting key's values and the legacy projection.
    mutating func checkStart(_ layer: ValueLayer) throws(DynamoDBFault) {
        try attributesToGet.checkDistinct()
        do throws(DynamoDBFault) {
            start = try uncheckedStart?.item(layer)
        } catch {
            if layer == .current { throw error }
            throw .validation("The provided starting key is invalid: \(error.answer.message)")
        }
    }

    /// Parses the expressions of both operations.
    mutating func resolve(
        _ expressions: inout ExpressionParameters, filter legacy: Condition?, _ layer: ValueLayer
    ) throws(DynamoDBFault) {
        filter = try expressions.condition("FilterExpression") ?? legacy
        let expression = try expressions.projection()
        projection = expression ?? attributesToGet.projection
        try expressions.placeholders.checkAllUsed()
        do throws(DynamoDBFault) {
            try checkSelect(parameter: expression == nil ? "AttributesToGet" : "ProjectionExpression")
        } catch {
            throw layer == .current ? error.enveloped : error
        }
    }

    private func checkSelect(parameter: String) throws(DynamoDBFault) {
        switch select {
        case .specificAttributes where projection == nil:
            throw .validation(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
        case .allProjectedAttributes where indexName == nil:
            throw .validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        case let select? where select != .specificAttributes && projection != nil:
            throw .validation(
                "Cannot specify the \(parameter) when choosing to get "
                    + (select == .count ? "only the Count" : select.rawValue))
        default: break
        }
    }

    var countsOnly: Bool { select == .count }

    /// The index to read, checked against the request; nil for the table itself.
    func index(of table: Table) throws(DynamoDBFault) -> SecondaryIndex? {
        guard let indexName else { return nil }
        guard let index = table.index(named: indexName) else {
            throw .validation("The table does not have the specified index: \(indexName)")
        }
        guard index.isGlobal else { return index }
        if isConsistent {
            throw .validation("Consistent reads are not supported on global secondary indexes")
        }
        if select == .allAttributes, !index.projectsAll {
            throw .invalidParameter(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index \(index.name) because its "
                    + "projection type is not ALL")
        }
        if let projection, !index.projectsAll {
            let missing = projection.paths.map(\.attribute).filter { !index.holds($0, tableKeys: table.keys) }
            if !missing.isEmpty {
                throw .invalidParameter(
                    "Global secondary index \(index.name) does not project [\(missing.joined(separator: ", "))]")
            }
        }
        return index
    }

    /// The part of a stored item that is read from `index`, or the whole item if a local index fetches it from the
    /// table.
    func part(of item: Item, in index: SecondaryIndex?, of table: Table) -> Item {
        guard let index, select != .allAttributes, index.isGlobal || projection == nil else { return item }
        return index.part(of: item, tableKeys: table.keys)
    }

    /// The position of the starting key in the table and the index, whose keys the request must give exactly.
    func position(in table: Table, _ index: SecondaryIndex?) throws(DynamoDBFault) -> PagePosition? {
        guard let start else { return nil }
        let names = table.keys.names + (index?.keys.names ?? [])
        guard start.count == Set(names).count, names.allSatisfy({ start[$0] != nil }) else {
            throw .validation(
                index == nil
                    ? "The provided starting key is invalid: The provided key element does not match the schema"
                    : "The provided starting key is invalid")
        }
        let item: PrimaryKey
        do throws(DynamoDBFault) {
            item = try table.keys.key(given: start.only(table.keys.names))
        } catch {
            throw .validation("The provided starting key is invalid: \(error.answer.message)")
        }
        guard let index else { return PagePosition(entry: item, item: item) }
        guard let entry = index.keys.entry(of: start) else {
            throw .validation("The provided starting key is invalid")
        }
        return PagePosition(entry: entry, item: item)
    }
}

/// The start of a page: after this entry of the table or index, and among equal entries after this item.
struct PagePosition: Sendable {
    var entry: PrimaryKey
    var item: PrimaryKey
}

extension SecondaryIndex {
    func holds(_ attribute: String, tableKeys: KeySchema) -> Bool {
        if tableKeys.has(attribute) || keys.has(attribute) { return true }
        return switch projected {
        case .all: true
        case .keysOnly: false
        case .include(let names): names.contains { $0.hasSameBytes(as: attribute) }
        }
    }
}
