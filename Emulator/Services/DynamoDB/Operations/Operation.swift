internal import EmulatorCore
internal import JSON

/// One operation of DynamoDB: made from a request, which it checks as far as the request alone tells, then performed.
protocol DynamoDBOperation: Sendable {
    init(_ request: WireStructure) throws(DynamoDBFault)
}

/// An operation that changes nothing.
protocol ReadingOperation: DynamoDBOperation {
    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON
}

/// An operation that changes something; its answer goes out when the change is durable.
protocol WritingOperation: DynamoDBOperation {
    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON
}
