internal import EmulatorCore
internal import JSON

/// Sets the attribute with the expiry time of items, or switches expiry off.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html>
struct UpdateTimeToLive: WritingOperation {
    private let tableName: String
    private let isEnabled: Bool
    private let attribute: String

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let name = try request.string("TableName")
        constraints.tableName("tableName", name)
        tableName = name ?? ""
        let specification = try request.structure("TimeToLiveSpecification", type: "TimeToLiveSpecification")
        constraints.notNull("timeToLiveSpecification", isPresent: specification != nil)
        let enabled = try specification?.boolean("Enabled")
        let attribute = try specification?.string("AttributeName")
        if specification != nil {
            constraints.notNull("timeToLiveSpecification.enabled", isPresent: enabled != nil)
            constraints.notNull("timeToLiveSpecification.attributeName", isPresent: attribute != nil)
        }
        if let attribute {
            constraints.length(
                "timeToLiveSpecification.attributeName", attribute.utf8.count, shown: attribute, 1...255)
        }
        try constraints.check()
        isEnabled = enabled ?? false
        self.attribute = attribute ?? ""
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.describedTable(named: tableName, in: transaction.snapshot)
        var definition = table.definition
        switch (isEnabled, definition.timeToLiveAttribute) {
        case (true, _?): throw DynamoDBFault.validation("TimeToLive is already enabled")
        case (false, nil): throw DynamoDBFault.validation("TimeToLive is already disabled")
        case (false, let current?) where current != attribute:
            throw DynamoDBFault.validation(
                "TimeToLive is active on a different AttributeName: current AttributeName is \(current)")
        default: definition.timeToLiveAttribute = isEnabled ? attribute : nil
        }
        _ = try state.catalog.save(definition, id: table.id, in: transaction)
        return ["TimeToLiveSpecification": ["AttributeName": .string(attribute), "Enabled": .bool(isEnabled)]]
    }
}

/// Returns the attribute with the expiry time of items.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTimeToLive.html>
struct DescribeTimeToLive: ReadingOperation {
    private let tableName: String

    init(_ request: WireStructure) throws(DynamoDBFault) { tableName = try request.requiredTableName() }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.describedTable(named: tableName, in: snapshot)
        guard let attribute = table.definition.timeToLiveAttribute else {
            return ["TimeToLiveDescription": ["TimeToLiveStatus": "DISABLED"]]
        }
        return ["TimeToLiveDescription": ["TimeToLiveStatus": "ENABLED", "AttributeName": .string(attribute)]]
    }
}
