internal import EmulatorCore

/// Which of DynamoDB's two generations of request checks an operation has. They differ in the texts of some errors.
enum ValueLayer: Sendable {
    /// GetItem, BatchGetItem, Query, and inside an envelope PutItem, UpdateItem and DeleteItem.
    case current
    /// BatchWriteItem, Scan and the transactions.
    case older
}

extension DynamoDBFault {
    /// The error in the envelope that PutItem, UpdateItem and DeleteItem put around every error of a request itself. An
    /// error that depends on the table or its items has none.
    var enveloped: DynamoDBFault {
        guard case .validation(let message) = self, !message.contains(" detected: "), message != Self.itemTooLarge
        else { return self }
        return .validation("1 validation error detected: \(message)")
    }

    static let itemTooLarge = "Item size has exceeded the maximum allowed size"
}
