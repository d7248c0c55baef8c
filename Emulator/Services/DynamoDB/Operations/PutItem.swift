internal import EmulatorCore
internal import JSON

/// Replaces the item with the same key; with a condition, only if it is true for the stored item.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html>
struct PutItem: WritingOperation {
    let parameters: WriteParameters
    let item: Item
    let condition: Condition?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        do throws(DynamoDBFault) { try self.init(read: request) } catch { throw error.enveloped }
    }

    private init(read request: WireStructure) throws(DynamoDBFault) {
        var write = try ConditionedWrite(request, given: ("Item", "item"))
        parameters = write.parameters
        item = write.given
        try item.checkSize()
        condition = try write.condition()
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.table(named: parameters.tableName, in: transaction.snapshot)
        let key = try table.keys.key(ofItem: item)
        try table.checkIndexKeys(of: item)
        guard parameters.needsStoredItem(condition, in: table) else {
            try transaction.store(item, at: key, in: table)
            return parameters.answer(attributes: nil, key: item, table: table, old: nil, new: item)
        }
        let stored = try transaction.snapshot.item(at: key, in: table)
        try condition?.check(stored, parameters.onFailure)
        try state.change(key, of: table, from: stored, to: item, in: transaction)
        return parameters.answer(
            attributes: parameters.returnValues == .allOld ? stored : nil, key: item, table: table, old: stored,
            new: item)
    }
}

extension Item {
    func checkSize() throws(DynamoDBFault) {
        if sizeInBytes > Self.sizeLimit { throw .validation(DynamoDBFault.itemTooLarge) }
    }
}

extension Table {
    /// Refuses an item whose value for an index key has the wrong type or is empty.
    func checkIndexKeys(of item: Item) throws(DynamoDBFault) {
        for index in indexesByName {
            for key in index.keys.keys {
                guard let value = item[key.name] else { continue }
                guard value.kind == key.kind else { throw index.typeMismatch(of: key, value) }
                guard value.isEmptyKey else { continue }
                throw .validation(
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                        + "supported. The AttributeValue for a key attribute cannot contain an empty "
                        + "\(key.kind == .string ? "string" : "binary") value. IndexName: \(index.name), IndexKey: "
                        + key.name)
            }
        }
    }
}

extension SecondaryIndex {
    func typeMismatch(of key: KeySchema.Key, _ value: AttributeValue) -> DynamoDBFault {
        .invalidParameter(
            "Type mismatch for Index Key \(key.name) Expected: \(key.kind.rawValue) Actual: \(value.kind.rawValue) "
                + "IndexName: \(name)")
    }
}

extension AttributeValue {
    var isEmptyKey: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .binary(let bytes): bytes.isEmpty
        default: false
        }
    }
}
