internal import EmulatorCore
internal import JSON

/// What PutItem, UpdateItem and DeleteItem have in common: the table, the condition, and what the answer is to hold.
struct WriteParameters: Sendable {
    let tableName: String
    let returnValues: ReturnValues
    let capacity: ReturnConsumedCapacity
    let metrics: ReturnItemCollectionMetrics
    let onFailure: ReturnValuesOnConditionCheckFailure

    /// Reads them and notes broken rules; `tableName` is empty where missing, which ``Constraints/check()`` refuses.
    init(_ request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        let name = try request.string("TableName")
        constraints.tableName("tableName", name)
        tableName = name ?? ""
        capacity = try request.capacity(&constraints)
        metrics =
            constraints.oneOf(
                "returnItemCollectionMetrics", try request.string("ReturnItemCollectionMetrics"),
                ReturnItemCollectionMetrics.self) ?? .none
        returnValues =
            constraints.oneOf("returnValues", try request.string("ReturnValues"), ReturnValues.self) ?? .none
        onFailure = try request.onConditionFailure(&constraints)
    }

    /// PutItem and DeleteItem know what was; only UpdateItem tells what is.
    func checkReturnsOldOnly() throws(DynamoDBFault) {
        if returnValues != .none, returnValues != .allOld {
            throw .validation("ReturnValues can only be ALL_OLD or NONE")
        }
    }

    /// Whether the answer, or the rule that lets the write go ahead, needs the item that is stored.
    func needsStoredItem(_ condition: Condition?, in table: Table) -> Bool {
        condition != nil || returnValues != .none || capacity != .none || table.stream != nil
            || !table.indexes.isEmpty
    }

    /// The answer to a write that was made.
    func answer(
        attributes: Item?, key: Item, table: Table, old: Item?, new: Item?
    ) -> JSON {
        var answer = JSONObject()
        if let attributes, !attributes.isEmpty { answer["Attributes"] = attributes.document }
        answer["ConsumedCapacity"] = ConsumedCapacity(writing: table, from: old, to: new).document(capacity)
        if metrics == .size, table.hasLocalIndexes {
            answer["ItemCollectionMetrics"] = table.itemCollectionMetrics(of: key)
        }
        return .object(answer)
    }
}

extension WireStructure {
    func capacity(_ constraints: inout Constraints) throws(DynamoDBFault) -> ReturnConsumedCapacity {
        constraints.oneOf(
            "returnConsumedCapacity", try string("ReturnConsumedCapacity"), ReturnConsumedCapacity.self) ?? .none
    }

    func onConditionFailure(
        _ constraints: inout Constraints
    ) throws(DynamoDBFault) -> ReturnValuesOnConditionCheckFailure {
        constraints.oneOf(
            "returnValuesOnConditionCheckFailure", try string("ReturnValuesOnConditionCheckFailure"),
            ReturnValuesOnConditionCheckFailure.self) ?? .none
    }
}

extension Condition {
    /// Lets a write go ahead, or not.
    func check(
        _ stored: Item?, _ onFailure: ReturnValuesOnConditionCheckFailure
    ) throws(DynamoDBFault) {
        if holds(for: stored ?? Item()) { return }
        throw .conditionalCheckFailed(item: onFailure == .allOld ? stored : nil)
    }
}

extension Table {
    /// The estimate that the service gives with writes to a table with local indexes: here always the smallest step.
    func itemCollectionMetrics(of item: Item) -> JSON {
        [
            "ItemCollectionKey": item.only([keys.hash.name]).document,
            "SizeEstimateRangeGB": [0, 1],
        ]
    }
}
