internal import EmulatorCore
internal import JSON

/// The common parameters of PutItem, UpdateItem and DeleteItem: the table, the condition, and the content of the
/// answer.
struct WriteParameters: Sendable {
    let tableName: String
    let returnValues: ReturnValues
    let capacity: ReturnConsumedCapacity
    let metrics: ReturnItemCollectionMetrics
    let onFailure: ReturnValuesOnConditionCheckFailure

    /// Reads the parameters and collects broken rules. A missing `tableName` is empty, and ``Constraints/check()``
    /// refuses it.
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

    /// PutItem and DeleteItem return only the old item; only UpdateItem returns the new one.
    func checkReturnsOldOnly() throws(DynamoDBFault) {
        if returnValues != .none, returnValues != .allOld {
            throw .validation("ReturnValues can only be ALL_OLD or NONE")
        }
    }

    /// Whether the answer or the condition needs the stored item.
    func needsStoredItem(_ condition: Condition?, in table: Table) -> Bool {
        condition != nil || returnValues != .none || capacity != .none || table.stream != nil
            || !table.indexes.isEmpty
    }

    /// The answer to a successful write.
    func answer(attributes: Item?, key: Item, table: Table, old: Item?, new: Item?) -> JSON {
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
    /// Throws unless the condition is true for the stored item.
    func check(_ stored: Item?, _ onFailure: ReturnValuesOnConditionCheckFailure) throws(DynamoDBFault) {
        if holds(for: stored ?? Item()) { return }
        throw .conditionalCheckFailed(item: onFailure == .allOld ? stored : nil)
    }
}

extension Table {
    /// The size estimate for writes to a table with local indexes, which is always the smallest one here.
    func itemCollectionMetrics(of item: Item) -> JSON {
        [
            "ItemCollectionKey": item.only(keys.hashes.map(\.name)).document,
            "SizeEstimateRangeGB": [0, 1],
        ]
    }
}
