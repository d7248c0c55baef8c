internal import EmulatorCore
internal import JSON

/// Reads up to 100 items of one or more tables. Above 16 MB, the rest is left for another call.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
struct BatchGetItem: ReadingOperation {
    private struct TableKeys: Sendable {
        var name: String
        var request: JSON
        var keys: [Item]
        var projection: Projection?
        var isConsistent: Bool
    }

    private let tables: [TableKeys]
    private let capacity: ReturnConsumedCapacity
    private static let limit = 100
    private static let sizeLimit = 16 << 20

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        capacity = try request.capacity(&constraints)
        let members = try request.structureMap("RequestItems", type: "KeysAndAttributes")
        constraints.notNull("requestItems", isPresent: members != nil)
        if let members { constraints.length("requestItems", members.count, shown: "{}", 1...Self.limit) }
        var parts:
            [(
                name: String, keys: [UncheckedItem], names: AttributesToGet, expressions: ExpressionParameters,
                isConsistent: Bool
            )] = []
        for (name, part) in members ?? [] {
            constraints.tableName("requestItems", name)
            var keys: [UncheckedItem] = []
            let list = try part.list("Keys")
            constraints.notNull("requestItems.\(name).member.keys", isPresent: list != nil)
            for key in list ?? [] { keys.append(try UncheckedItem(Wire.map(key, type: "AttributeValue"))) }
            if list != nil {
                constraints.length("requestItems.\(name).member.keys", keys.count, shown: nil, 1...Self.limit)
            }
            parts.append(
                (
                    name, keys, try part.attributesToGet(&constraints),
                    try ExpressionParameters(
                        part, expressions: ["ProjectionExpression"], legacy: ["AttributesToGet"],
                        .current),
                    try part.boolean("ConsistentRead") ?? false
                ))
        }
        try constraints.check()

        var tables: [TableKeys] = []
        for part in parts {
            var expressions = part.expressions
            try expressions.checkMix()
            var keys: [Item] = []
            for key in part.keys { keys.append(try key.item(.current)) }
            try part.names.checkDistinct()
            try expressions.placeholders.check()
            let projection = try expressions.projection() ?? part.names.projection
            try expressions.placeholders.checkAllUsed()
            tables.append(
                TableKeys(
                    name: part.name, request: request.members["RequestItems"]?[part.name] ?? [:], keys: keys,
                    projection: projection, isConsistent: part.isConsistent))
        }
        if tables.reduce(0, { $0 + $1.keys.count }) > Self.limit {
            throw .validation("Too many items requested for the BatchGetItem call")
        }
        self.tables = tables
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        var responses = JSONObject()
        var unprocessed = JSONObject()
        var consumed = CapacityTotals()
        var bytes = 0
        for part in tables {
            let table = try state.table(named: part.name, in: snapshot)
            var seen: Set<PrimaryKey> = []
            var items: [JSON] = []
            var left: [JSON] = []
            for given in part.keys {
                let key = try table.keys.key(given: given)
                guard seen.insert(key).inserted else {
                    throw DynamoDBFault.validation("Provided list of item keys contains duplicates")
                }
                guard bytes < Self.sizeLimit else {
                    left.append(given.document)
                    continue
                }
                let item = try snapshot.item(at: key, in: table)
                bytes += item?.sizeInBytes ?? 0
                if let item { items.append((part.projection?.of(item) ?? item).document) }
                consumed.add(
                    ConsumedCapacity(reading: table, bytes: item?.sizeInBytes ?? 0, consistent: part.isConsistent))
            }
            responses[part.name] = .array(items)
            if !left.isEmpty, var request = part.request.object {
                request["Keys"] = .array(left)
                unprocessed[part.name] = .object(request)
            }
        }
        var answer: JSONObject = ["Responses": .object(responses), "UnprocessedKeys": .object(unprocessed)]
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }
}
