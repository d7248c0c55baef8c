internal import EmulatorCore
internal import JSON

/// One operation of DynamoDB. Its initialiser checks all rules that depend only on the request.
protocol DynamoDBOperation: Sendable {
    init(_ request: WireStructure) throws(DynamoDBFault)
}

/// An operation that changes nothing.
protocol ReadingOperation: DynamoDBOperation {
    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON
}

/// An operation that moves a table to or from the object store, in several transactions.
protocol TransferOperation: DynamoDBOperation {
    func perform(with transfers: Transfers) async throws -> JSON
}

/// An operation that changes something. Its answer is sent once the change is durable.
protocol WritingOperation: DynamoDBOperation {
    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON
}
