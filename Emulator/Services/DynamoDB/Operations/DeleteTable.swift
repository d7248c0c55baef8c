internal import EmulatorCore
internal import JSON

/// Deletes a table with its items. Its stream ends, but its records can be read until they expire.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html>
struct DeleteTable: WritingOperation {
    private let tableName: String

    init(_ request: WireStructure) throws(DynamoDBFault) { tableName = try request.requiredTableName() }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.describedTable(named: tableName, in: transaction.snapshot)
        if table.definition.description["DeletionProtectionEnabled"]?.bool == true {
            throw DynamoDBFault.validation(
                "1 validation error detected: Table '\(table.name)' can't be deleted while DeletionProtectionEnabled is "
                    + "set to True")
        }
        let answer: JSON = ["TableDescription": try table.shown(status: "DELETING", in: transaction.snapshot)]
        try transaction.deleteAllItems(of: table)
        try state.catalog.remove(table, in: transaction)
        if let stream = table.stream { try state.changes.end(streamARN: stream.arn, in: transaction) }
        return answer
    }
}
