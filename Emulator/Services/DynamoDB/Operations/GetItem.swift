internal import EmulatorCore
internal import JSON

/// Reads one item by its key.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html>
struct GetItem: ReadingOperation {
    private let tableName: String
    private let key: Item
    private let projection: Projection?
    private let isConsistent: Bool
    private let capacity: ReturnConsumedCapacity

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let name = try request.string("TableName")
        constraints.tableName("tableName", name)
        tableName = name ?? ""
        capacity = try request.capacity(&constraints)
        let unchecked = try request.attributes("Key")
        constraints.notNull("key", isPresent: unchecked != nil)
        isConsistent = try request.boolean("ConsistentRead") ?? false
        let names = try request.attributesToGet(&constraints)
        var expressions = try ExpressionParameters(
            request, expressions: ["ProjectionExpression"], legacy: ["AttributesToGet"], .current)
        try constraints.check()

        try expressions.checkMix()
        key = try unchecked?.item(.current) ?? Item()
        try names.checkDistinct()
        try expressions.placeholders.check()
        projection = try expressions.projection() ?? names.projection
        try expressions.placeholders.checkAllUsed()
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.table(named: tableName, in: snapshot)
        let item = try snapshot.item(at: table.keys.key(given: key), in: table)
        var answer = JSONObject()
        if let item { answer["Item"] = (projection?.of(item) ?? item).document }
        answer["ConsumedCapacity"] =
            ConsumedCapacity(reading: table, bytes: item?.sizeInBytes ?? 0, consistent: isConsistent)
            .document(capacity)
        return .object(answer)
    }
}
