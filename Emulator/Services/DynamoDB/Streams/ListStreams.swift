internal import EmulatorCore
internal import JSON

/// Lists streams, of one table or all.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ListStreams.html>
struct ListStreams: ReadingOperation {
    private let tableName: String?
    private let start: String?
    private let limit: Int

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        tableName = try request.string("TableName")
        if let tableName { constraints.tableName("tableName", tableName) }
        start = try request.string("ExclusiveStartStreamArn")
        let limit = try request.integer("Limit")
        constraints.value("limit", limit, 1...100)
        try constraints.check()
        self.limit = limit ?? 100
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let streams = try ChangeLog.streams(ofTable: tableName.map(TableCatalog.plainName), in: snapshot)
            .map(\.description).filter { stream in start.map { stream.arn > $0 } ?? true }
        var answer: JSONObject = [
            "Streams": .array(
                streams.prefix(limit).map { stream in
                    [
                        "StreamArn": .string(stream.arn), "TableName": .string(stream.tableName),
                        "StreamLabel": .string(stream.label),
                    ]
                })
        ]
        if streams.count > limit { answer["LastEvaluatedStreamArn"] = .string(streams[limit - 1].arn) }
        return .object(answer)
    }
}
