internal import EmulatorCore
internal import JSON
internal import Time

/// Creates a table. It is active at once, but the answer says CREATING, as on AWS.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>
struct CreateTable: WritingOperation {
    let request: TableRequest

    init(_ request: WireStructure) throws(DynamoDBFault) {
        self.request = try TableRequest(request)
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        if try state.catalog.table(named: request.name, in: transaction.snapshot) != nil {
            throw DynamoDBFault.resourceInUse("Table already exists: \(request.name)")
        }
        let table = try create(on: state, in: transaction)
        return ["TableDescription": table.shown(status: "CREATING", count: 0, bytes: 0, indexCounts: [:])]
    }

    func create(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> Table {
        let now = state.clock.now().milliseconds
        let id = try state.catalog.freshID(in: transaction)
        var definition = TableDefinition(
            description: request.description(
                arn: state.account.arn("dynamodb", "table/\(request.name)"), tableID: state.clock.uuid(), at: now))
        definition.tags = request.tags
        for name in request.indexNames { definition.indexIDs[name] = try state.catalog.freshID(in: transaction) }
        if let view = request.streamView {
            try definition.openStream(view: view, on: state, in: transaction)
        }
        guard let table = try state.catalog.save(definition, id: id, in: transaction) else {
            throw DynamoDBFault.validation("The table's definition contradicts itself")
        }
        return table
    }
}

extension TableDefinition {
    /// Opens a new stream of the table's changes.
    mutating func openStream(
        view: TableStream.View, on state: DynamoDBState, in transaction: borrowing Transaction
    ) throws {
        let table = description["TableArn"]?.string ?? ""
        // A label is a time, and two streams of one millisecond need different labels.
        var time = state.clock.now().milliseconds
        while try ChangeLog.hasStream(arn: Self.streamARN(of: table, at: time), in: transaction.snapshot) { time += 1 }
        let label = Self.streamLabel(at: time)
        let arn = Self.streamARN(of: table, at: time)
        description["StreamSpecification"] = ["StreamEnabled": true, "StreamViewType": .string(view.rawValue)]
        description["LatestStreamLabel"] = .string(label)
        description["LatestStreamArn"] = .string(arn)
        try state.changes.open(
            StreamDescription(
                arn: arn, label: label, tableName: description["TableName"]?.string ?? "", view: view.rawValue,
                keySchema: description["KeySchema"] ?? []),
            id: try state.catalog.freshID(in: transaction), in: transaction)
    }

    private static func streamLabel(at time: Int64) -> String {
        String(Timestamp(milliseconds: time).rfc3339.dropLast())
    }

    private static func streamARN(of table: String, at time: Int64) -> String {
        "\(table)/stream/\(streamLabel(at: time))"
    }
}
