internal import EmulatorCore
internal import JSON

/// Reads up to 100 items in one consistent snapshot.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html>
struct TransactGetItems: ReadingOperation {
    private let gets: [(tableName: String, key: Item, projection: Projection?)]
    private let capacity: ReturnConsumedCapacity
    private static let limit = 100

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        capacity = try request.capacity(&constraints)
        let elements = try request.structures("TransactItems", type: "TransactGetItem")
        constraints.notNull("transactItems", isPresent: elements != nil)
        if let elements { constraints.length("transactItems", elements.count, shown: "[]", 1...Self.limit) }
        var parts: [(tableName: String, key: UncheckedItem?, expressions: ExpressionParameters)] = []
        for (position, element) in (elements ?? []).enumerated() {
            let path = "transactItems.\(position + 1).member.get"
            let get = try element.structure("Get", type: "Get")
            constraints.notNull(path, isPresent: get != nil)
            guard let get else { continue }
            let name = try get.string("TableName")
            constraints.tableName("\(path).tableName", name)
            let key = try get.attributes("Key")
            constraints.notNull("\(path).key", isPresent: key != nil)
            parts.append(
                (name ?? "", key, try ExpressionParameters(get, expressions: ["ProjectionExpression"])))
        }
        try constraints.check()

        var gets: [(tableName: String, key: Item, projection: Projection?)] = []
        for part in parts {
            var expressions = part.expressions
            try expressions.checkMix()
            let key = try part.key?.item() ?? Item()
            try expressions.placeholders.check()
            let projection = try expressions.projection()
            try expressions.placeholders.checkAllUsed()
            gets.append((part.tableName, key, projection))
        }
        self.gets = gets
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        var responses: [JSON] = []
        var consumed = CapacityTotals()
        var seen: Set<String> = []
        for get in gets {
            let table = try state.table(named: get.tableName, in: snapshot)
            let key = try table.keys.key(given: get.key)
            guard seen.insert("\(table.id) \(key.hash) \(key.range)").inserted else {
                throw DynamoDBFault.validation("Transaction request cannot include multiple operations on one item")
            }
            let item = try snapshot.item(at: key, in: table)
            var response = JSONObject()
            if let item { response["Item"] = (get.projection?.of(item) ?? item).document }
            responses.append(.object(response))
            consumed.add(
                ConsumedCapacity(
                    reading: table, bytes: item?.sizeInBytes ?? 0, consistent: true, transactional: true))
        }
        var answer: JSONObject = ["Responses": .array(responses)]
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }
}
