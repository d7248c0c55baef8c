internal import EmulatorCore
internal import JSON

/// Puts and deletes up to 25 items, each on its own and without conditions. Here no item is left unprocessed.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
struct BatchWriteItem: WritingOperation {
    private enum Write: Sendable {
        case put(Item)
        case delete(Item)
    }

    private let tables: [(name: String, writes: [Write])]
    private let capacity: ReturnConsumedCapacity
    private let metrics: ReturnItemCollectionMetrics
    private static let limit = 25

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        capacity = try request.capacity(&constraints)
        metrics =
            constraints.oneOf(
                "returnItemCollectionMetrics", try request.string("ReturnItemCollectionMetrics"),
                ReturnItemCollectionMetrics.self) ?? .none
        let members = try request.map(
            "RequestItems", type: "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>")
        constraints.notNull("requestItems", isPresent: members != nil)
        var unchecked: [(name: String, writes: [(put: UncheckedItem?, delete: UncheckedItem?)])] = []
        for (name, value) in members ?? JSONObject() {
            var writes: [(put: UncheckedItem?, delete: UncheckedItem?)] = []
            for element in try Wire.list(value) {
                let write = try WireStructure(element: element, type: "WriteRequest")
                writes.append(
                    (
                        try write.structure("PutRequest", type: "PutRequest")?.attributes("Item"),
                        try write.structure("DeleteRequest", type: "DeleteRequest")?.attributes("Key")
                    ))
            }
            constraints.tableName("requestItems", name)
            unchecked.append((name, writes))
        }
        if let members { constraints.length("requestItems", members.count, shown: "{}", 1...Self.limit) }
        constraints.batchLengths("requestItems", of: members ?? JSONObject(), limit: Self.limit)
        try constraints.check()

        if unchecked.reduce(0, { $0 + $1.writes.count }) > Self.limit {
            throw .validation("Too many items requested for the BatchWriteItem call")
        }
        var tables: [(name: String, writes: [Write])] = []
        for (name, requests) in unchecked {
            var writes: [Write] = []
            for request in requests { writes.append(try Self.checked(request.put, request.delete)) }
            tables.append((name, writes))
        }
        self.tables = tables
    }

    private static func checked(_ put: UncheckedItem?, _ delete: UncheckedItem?) throws(DynamoDBFault) -> Write {
        switch (put, delete) {
        case (let put?, nil):
            let item = try put.item()
            try item.checkSize()
            return .put(item)
        case (nil, let delete?): return .delete(try delete.item())
        case (nil, nil):
            throw .validation(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
        case (_?, _?):
            throw .validation(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                    + "datatypes")
        }
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        var planned: [(table: Table, key: PrimaryKey, given: Item, new: Item?)] = []
        for (name, writes) in tables {
            let table = try state.table(named: name, in: transaction.snapshot)
            var keys: Set<PrimaryKey> = []
            for write in writes {
                let key: PrimaryKey
                switch write {
                case .put(let item):
                    guard table.keys.keys.allSatisfy({ item[$0.name]?.kind == $0.kind }) else {
                        throw DynamoDBFault.keyDoesNotMatchSchema
                    }
                    key = try table.keys.key(ofItem: item)
                    try table.checkIndexKeys(of: item)
                    planned.append((table, key, item, item))
                case .delete(let given):
                    key = try table.keys.key(given: given)
                    planned.append((table, key, given, nil))
                }
                guard keys.insert(key).inserted else {
                    throw DynamoDBFault.validation("Provided list of item keys contains duplicates")
                }
            }
        }
        var consumed = CapacityTotals()
        var collections = JSONObject()
        for (table, key, given, new) in planned {
            let old = try transaction.snapshot.item(at: key, in: table)
            try state.change(key, of: table, from: old, to: new, in: transaction)
            consumed.add(ConsumedCapacity(writing: table, from: old, to: new))
            if metrics == .size, table.hasLocalIndexes {
                let known = collections[table.name]?.array ?? []
                collections[table.name] = .array(known + [table.itemCollectionMetrics(of: given)])
            }
        }
        var answer: JSONObject = ["UnprocessedItems": [:]]
        if !collections.isEmpty { answer["ItemCollectionMetrics"] = .object(collections) }
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }
}

extension Constraints {
    /// The numbers of requests to each table of a batch.
    mutating func batchLengths(_ path: String, of tables: JSONObject, limit: Int) {
        let isBroken = tables.members.contains { !(1...limit).contains($0.value.array?.count ?? 0) }
        guard isBroken else { return }
        let shown = tables.members.map { name, value in
            "\(name)=[\((value.array ?? []).map(\.text).joined(separator: ", "))]"
        }
        violateMapValue(
            path, shown: "{\(shown.joined(separator: ", "))}",
            "Member must have length less than or equal to \(limit), "
                + "Member must have length greater than or equal to 1")
    }
}

/// The capacity that a request over several tables costs, table by table.
struct CapacityTotals {
    private var tables: [ConsumedCapacity] = []

    mutating func add(_ consumed: ConsumedCapacity) {
        if let position = tables.firstIndex(where: { $0.table.id == consumed.table.id }) {
            tables[position].add(consumed)
        } else {
            tables.append(consumed)
        }
    }

    func document(_ detail: ReturnConsumedCapacity) -> JSON? {
        detail == .none ? nil : .array(tables.compactMap { $0.document(detail) })
    }
}
