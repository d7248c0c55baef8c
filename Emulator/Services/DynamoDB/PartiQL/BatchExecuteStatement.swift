internal import EmulatorCore
internal import JSON

/// Performs up to 25 PartiQL statements, each on one item and on its own.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html>
struct BatchExecuteStatement: WritingOperation {
    private struct Member: Sendable {
        var request: PartiQLRequest
        var isConsistent: Bool
        var onFailure: ReturnValuesOnConditionCheckFailure
    }

    private let members: [Member]
    private let capacity: ReturnConsumedCapacity
    private static let limit = 25

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        capacity = try request.capacity(&constraints)
        let elements = try request.structures("Statements", type: "BatchStatementRequest")
        constraints.notNull("statements", isPresent: elements != nil)
        if let elements { constraints.length("statements", elements.count, shown: "[]", 1...Self.limit) }
        var members: [Member] = []
        for (position, element) in (elements ?? []).enumerated() {
            members.append(
                Member(
                    request: try PartiQLRequest(
                        element, path: "statements.\(position + 1).member.", &constraints),
                    isConsistent: try element.boolean("ConsistentRead") ?? false,
                    onFailure: try element.onConditionFailure(&constraints)))
        }
        try constraints.check()
        self.members = members
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        var responses: [JSON] = []
        var consumed = CapacityTotals()
        for member in members {
            var response = JSONObject()
            do {
                let statement = try member.request.parsed()
                let table = try state.table(named: statement.tableName, in: transaction.snapshot)
                response["TableName"] = .string(table.name)
                let (item, used) = try perform(statement, of: member, on: state, table, in: transaction)
                response["Item"] = item.map(\.document)
                consumed.add(used)
            } catch let fault as DynamoDBFault {
                guard let error = fault.batchError else { throw fault }
                response["Error"] = error
            }
            responses.append(.object(response))
        }
        var answer: JSONObject = ["Responses": .array(responses)]
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }

    private func perform(
        _ statement: PartiQLStatement, of member: Member, on state: DynamoDBState, _ table: Table,
        in transaction: borrowing Transaction
    ) throws -> (Item?, ConsumedCapacity) {
        guard case .select(_, let index, _) = statement.work else {
            return try state.write(statement, member.onFailure, in: transaction)
        }
        guard index == nil, let key = statement.key(in: table.keys) else {
            throw DynamoDBFault.validation(
                "Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
        }
        let reading = try PartiQLReading(statement, on: table, isConsistent: member.isConsistent)
        let stored = try transaction.snapshot.item(at: table.keys.key(given: key), in: table)
        let found = stored.flatMap { statement.condition?.holds(for: $0) ?? true ? $0 : nil }
        return (
            found.map(reading.selected),
            ConsumedCapacity(reading: table, bytes: stored?.sizeInBytes ?? 0, consistent: member.isConsistent)
        )
    }
}

extension DynamoDBFault {
    /// The error of one statement of a batch; nil for an error of the whole request.
    fileprivate var batchError: JSON? {
        let code: String
        var item: Item?
        switch self {
        case .validation: code = "ValidationError"
        case .resourceNotFound: code = "ResourceNotFound"
        case .duplicateItem: code = "DuplicateItem"
        case .conditionalCheckFailed(let stored):
            code = "ConditionalCheckFailed"
            item = stored
        default: return nil
        }
        var document: JSONObject = ["Code": .string(code), "Message": .string(answer.message)]
        document["Item"] = item.map(\.document)
        return .object(document)
    }
}
