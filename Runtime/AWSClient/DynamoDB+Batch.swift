public import AWSModels
internal import JSON

extension DynamoDB {
    private static let attempts = 5

    /// Reads some items of a table, as they are now, with one request; more only if the service leaves some out.
    /// - Returns: the items that exist, in any order.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
    public func get(_ keys: [Item], of table: String) throws(AWSError) -> [Item] {
        var items: [Item] = []
        var wanted: JSONObject = [table: ["Keys": .array(keys.map(\.json)), "ConsistentRead": true]]
        for _ in 0..<Self.attempts {
            let answer = try call("BatchGetItem", ["RequestItems": .object(wanted)], isRepeatable: true)
            for entry in answer["Responses"]?[table]?.array ?? [] { items.append(try decode(entry, "BatchGetItem")) }
            guard let rest = answer["UnprocessedKeys"]?.object, !rest.isEmpty else { return items }
            wanted = rest
        }
        throw .service(
            code: "ProvisionedThroughputExceededException", message: "the service left keys out of each answer",
            status: 400, requestID: nil, operation: "dynamodb BatchGetItem")
    }
}
