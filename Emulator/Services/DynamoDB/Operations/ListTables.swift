internal import EmulatorCore
internal import JSON

/// Lists the tables by name, a page at a time.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html>
struct ListTables: ReadingOperation {
    private let start: String?
    private let limit: Int

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        start = try request.string("ExclusiveStartTableName")
        constraints.indexName("exclusiveStartTableName", start)
        let limit = try request.integer("Limit")
        constraints.value("limit", limit, 1...100)
        try constraints.check()
        self.limit = limit ?? 100
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let names = try state.catalog.names(in: snapshot).filter { name in start.map { name > $0 } ?? true }
        var answer: JSONObject = ["TableNames": .array(names.prefix(limit).map { .string($0) })]
        if names.count > limit { answer["LastEvaluatedTableName"] = .string(names[limit - 1]) }
        return .object(answer)
    }
}
