internal import JSON

/// Deletes one item by its key; with a condition, only if that holds for it.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html>
struct DeleteItem: WritingOperation {
    let parameters: WriteParameters
    let key: Item
    let condition: Condition?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        parameters = try WriteParameters(request, &constraints)
        let unchecked = try request.attributes("Key")
        constraints.notNull("key", isPresent: unchecked != nil)
        let expected = try LegacyConditions(expectedIn: request, &constraints)
        var expressions = try ExpressionParameters(
            request, expressions: ["ConditionExpression"], legacy: ["Expected", "ConditionalOperator"])
        try constraints.check()

        try expressions.checkMix()
        key = try unchecked?.item() ?? Item()
        try parameters.checkReturnsOldOnly()
        let expectedCondition = try expected.condition()
        try expressions.placeholders.check()
        condition = try expressions.condition("ConditionExpression") ?? expectedCondition
        try expressions.placeholders.checkAllUsed()
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
