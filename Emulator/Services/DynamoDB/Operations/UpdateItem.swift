internal import EmulatorCore
internal import JSON

/// Changes attributes of one item, or creates it; with a condition, only if it is true for the stored item.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>
struct UpdateItem: WritingOperation {
    let parameters: WriteParameters
    let key: Item
    let update: Update
    let condition: Condition?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        do throws(DynamoDBFault) { try self.init(read: request) } catch { throw error.enveloped }
    }

    private init(read request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        parameters = try WriteParameters(request, &constraints)
        let unchecked = try request.attributes("Key")
        constraints.notNull("key", isPresent: unchecked != nil)
        let expected = try LegacyConditions(expectedIn: request, &constraints)
        let updates = try AttributeUpdates(request, &constraints)
        var expressions = try ExpressionParameters(
            request, expressions: ["UpdateExpression", "ConditionExpression"],
            legacy: ["AttributeUpdates", "Expected", "ConditionalOperator"], .current)
        try constraints.check()

        try expressions.checkMix()
        key = try unchecked?.item(.current) ?? Item()
        let attributeUpdate = try updates.update()
        let expectedCondition = try expected.condition()
        try expressions.placeholders.check()
        update = try expressions.update("UpdateExpression") ?? attributeUpdate
        condition = try expressions.condition("ConditionExpression") ?? expectedCondition
        try expressions.placeholders.checkAllUsed()
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.table(named: parameters.tableName, in: transaction.snapshot)
        let key = try table.keys.key(given: self.key)
        try update.checkLeavesKey(of: table)
        let stored = try transaction.snapshot.item(at: key, in: table)
        try condition?.check(stored, parameters.onFailure)
        let updated = try update.result(on: stored, key: self.key, of: table)
        try state.change(key, of: table, from: stored, to: updated, in: transaction)
        return parameters.answer(
            attributes: returned(stored, updated), key: self.key, table: table, old: stored, new: updated)
    }

    private func returned(_ stored: Item?, _ updated: Item?) -> Item? {
        switch parameters.returnValues {
        case .none: nil
        case .allOld: stored
        case .allNew: updated
        case .updatedOld: stored.map { Projection(paths: update.paths).of($0) }
        case .updatedNew: updated.map { Projection(paths: update.paths).of($0) }
        }
    }
}

extension Update {
    func checkLeavesKey(of table: Table) throws(DynamoDBFault) {
        for path in paths where table.keys.has(path.attribute) {
            throw .invalidParameter("Cannot update attribute \(path.attribute). This attribute is part of the key")
        }
    }

    /// The checked item after the update; nil if there was none and the update creates none.
    /// - Parameter isTransactional: a transaction's errors about index keys are those of a put.
    func result(
        on stored: Item?, key: Item, of table: Table, isTransactional: Bool = false
    ) throws(DynamoDBFault) -> Item? {
        let updated = try applied(to: stored ?? key)
        if stored == nil, onlyRemoves { return nil }
        if updated.sizeInBytes > Item.sizeLimit {
            throw .validation("Item size to update has exceeded the maximum allowed size")
        }
        for index in table.indexesByName {
            for key in index.keys.keys {
                guard let value = updated[key.name] else { continue }
                if value.kind != key.kind {
                    if isTransactional { throw index.typeMismatch(of: key, value) }
                    throw .validation(
                        "The update expression attempted to update the secondary index key to unsupported type")
                }
                if value.isEmptyKey {
                    throw .validation(
                        "One or more parameter values are not valid. The update expression attempted to update a "
                            + "secondary index key to a value that is not supported. The AttributeValue for a key "
                            + "attribute cannot contain an empty \(key.kind == .string ? "string" : "binary") value.")
                }
            }
        }
        return updated
    }
}
