internal import EmulatorCore
internal import JSON

/// Describes a table. Its items are counted at once, not every six hours as on AWS.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html>
struct DescribeTable: ReadingOperation {
    private let tableName: String

    init(_ request: WireStructure) throws(DynamoDBFault) { tableName = try request.requiredTableName() }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.describedTable(named: tableName, in: snapshot)
        return ["Table": try table.shown(status: "ACTIVE", in: snapshot)]
    }
}

extension WireStructure {
    /// `TableName`, if it is the only required parameter.
    func requiredTableName() throws(DynamoDBFault) -> String {
        var constraints = Constraints()
        let name = try string("TableName")
        constraints.tableName("tableName", name)
        try constraints.check()
        return name ?? ""
    }
}
