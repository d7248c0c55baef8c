public import AWSModels
internal import JSON

/// DynamoDB: items by key.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html>
public struct DynamoDB: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// The same client with a deadline for its calls; see ``AWSClient/limited(to:)``.
    public func limited(to deadline: ContinuousClock.Instant) -> DynamoDB { DynamoDB(client.limited(to: deadline)) }

    /// Reads one item; nil if it does not exist.
    public func get(_ request: GetItem) throws(AWSError) -> Item? {
        try item("Item", of: try call("GetItem", request.json, isRepeatable: true), "GetItem")
    }

    /// Writes one item.
    ///
    /// A write with a condition is retried if its response is lost. A write that took effect may then throw
    /// ``AWSError/conditionFailed(operation:reasons:)``; read the stored item to find out.
    public func put(_ request: PutItem) throws(AWSError) {
        _ = try call("PutItem", request.json, isRepeatable: request.condition != nil)
    }

    /// Changes one item and returns the attributes that the request selects.
    /// - SeeAlso: ``put(_:)`` for the meaning of a failed condition.
    @discardableResult
    public func update(_ request: UpdateItem) throws(AWSError) -> Item? {
        let answer = try call("UpdateItem", request.json, isRepeatable: request.condition != nil)
        return try item("Attributes", of: answer, "UpdateItem")
    }

    /// Reads one page of a partition.
    public func query(_ request: Query) throws(AWSError) -> QueryPage {
        let answer = try call("Query", request.json, isRepeatable: true)
        guard let entries = answer["Items"]?.array else {
            throw .unexpectedResponse(operation: "dynamodb Query", reason: "Items is missing")
        }
        var items: [Item] = []
        for entry in entries { items.append(try decode(entry, "Query")) }
        return QueryPage(items: items, lastEvaluatedKey: try item("LastEvaluatedKey", of: answer, "Query"))
    }

    /// Reads a partition across pages until `body` returns false.
    public func forEach(_ request: Query, _ body: (Item) throws(AWSError) -> Bool) throws(AWSError) {
        var request = request
        repeat {
            let page = try query(request)
            for item in page.items where try !body(item) { return }
            request.exclusiveStartKey = page.lastEvaluatedKey
        } while request.exclusiveStartKey != nil
    }

    /// Makes all writes or none.
    public func transact(_ writes: [TransactWriteItems.Write]) throws(AWSError) {
        let request = TransactWriteItems(writes, clientRequestToken: client.newToken())
        _ = try call("TransactWriteItems", request.json, isRepeatable: true)
    }

    func call(_ action: String, _ input: JSON, isRepeatable: Bool) throws(AWSError) -> JSON {
        try client.jsonCall(
            service: "dynamodb", target: "DynamoDB_20120810", action: action, input: input, isRepeatable: isRepeatable)
    }

    private func item(_ name: String, of answer: JSON, _ action: String) throws(AWSError) -> Item? {
        guard let json = answer[name], !json.isNull else { return nil }
        return try decode(json, action)
    }

    func decode(_ json: JSON, _ action: String) throws(AWSError) -> Item {
        do throws(ModelError) {
            return try Item(attributes: json)
        } catch {
            throw .unexpectedResponse(operation: "dynamodb \(action)", reason: "\(error)")
        }
    }
}
