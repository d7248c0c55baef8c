internal import EmulatorCore
internal import JSON

/// Performs one PartiQL statement.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html>
struct ExecuteStatement: WritingOperation {
    private let statement: PartiQLStatement
    private let isConsistent: Bool
    private let limit: Int?
    private let start: Item?
    private let capacity: ReturnConsumedCapacity
    private let onFailure: ReturnValuesOnConditionCheckFailure

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let unparsed = try PartiQLRequest(request, path: "", &constraints)
        limit = try request.integer("Limit")
        constraints.value("limit", limit, 1...Int.max)
        let token = try request.string("NextToken")
        capacity = try request.capacity(&constraints)
        onFailure = try request.onConditionFailure(&constraints)
        isConsistent = try request.boolean("ConsistentRead") ?? false
        try constraints.check()
        statement = try unparsed.parsed()
        start = try token.map { token throws(DynamoDBFault) in try PageToken.item(in: token) }
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        guard statement.isRead else {
            let (returned, consumed) = try state.write(statement, onFailure, in: transaction)
            var answer: JSONObject = ["Items": .array(returned.map { [$0.document] } ?? [])]
            answer["ConsumedCapacity"] = consumed.document(capacity)
            return .object(answer)
        }
        let table = try state.table(named: statement.tableName, in: transaction.snapshot)
        let reading = try PartiQLReading(statement, on: table, isConsistent: isConsistent)
        let page = try reading.page(
            after: start, limit: limit, isConsistent: isConsistent, in: transaction.snapshot)
        var answer: JSONObject = ["Items": .array(page.items.map(\.document))]
        if let lastKey = page.lastKey {
            answer["NextToken"] = .string(PageToken.token(of: lastKey))
            answer["LastEvaluatedKey"] = lastKey.document
        }
        answer["ConsumedCapacity"] = page.capacity.document(capacity)
        return .object(answer)
    }
}

/// A statement of a request with its parameters, not parsed yet.
struct PartiQLRequest: Sendable {
    let text: String
    private let parameters: [UncheckedValue]

    /// - Parameter path: the place of the statement in the service's constraints.
    init(_ structure: WireStructure, path: String, _ constraints: inout Constraints) throws(DynamoDBFault) {
        let text = try structure.string("Statement")
        constraints.notNull("\(path)statement", isPresent: text != nil)
        if let text { constraints.length("\(path)statement", text.utf8.count, shown: text, 1...8192) }
        self.text = text ?? ""
        let parameters = try structure.attributeValues("Parameters")
        if let parameters {
            constraints.length("\(path)parameters", parameters.count, shown: "[]", 1...Int.max)
        }
        self.parameters = parameters ?? []
    }

    func parsed() throws(DynamoDBFault) -> PartiQLStatement {
        var values: [AttributeValue] = []
        for parameter in parameters { values.append(try parameter.checked(.current)) }
        return try PartiQLParser.parse(text, values)
    }
}

/// The position of a page as an opaque text.
enum PageToken {
    static func token(of key: Item) -> String { key.document.bytes.base64 }

    static func item(in token: String) throws(DynamoDBFault) -> Item {
        guard let bytes = [UInt8](base64: token), let document = try? JSON(parsing: bytes).object else {
            throw .validation("Invalid NextToken")
        }
        return try UncheckedItem(document).item()
    }
}
