internal import EmulatorCore
internal import JSON

/// Deletes one item by its key; with a condition, only if it is true for the item.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html>
struct DeleteItem: WritingOperation {
    let parameters: WriteParameters
    let key: Item
    let condition: Condition?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        do throws(DynamoDBFault) { try self.init(read: request) } catch { throw error.enveloped }
    }

    private init(read request: WireStructure) throws(DynamoDBFault) {
        var write = try ConditionedWrite(request, given: ("Key", "key"))
        parameters = write.parameters
        key = write.given
        condition = try write.condition()
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.table(named: parameters.tableName, in: transaction.snapshot)
        let key = try table.keys.key(given: self.key)
        let stored = try transaction.snapshot.item(at: key, in: table)
        try condition?.check(stored, parameters.onFailure)
        try state.change(key, of: table, from: stored, to: nil, in: transaction)
        return parameters.answer(
            attributes: parameters.returnValues == .allOld ? stored : nil, key: self.key, table: table, old: stored,
            new: nil)
    }
}
