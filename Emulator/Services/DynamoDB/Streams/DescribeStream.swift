internal import EmulatorCore
internal import JSON
internal import Time

/// Describes a stream and its shard.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html>
struct DescribeStream: ReadingOperation {
    private let arn: String
    private let startShard: String?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let arn = try request.string("StreamArn")
        constraints.notNull("streamArn", isPresent: arn != nil)
        startShard = try request.string("ExclusiveStartShardId")
        let limit = try request.integer("Limit")
        constraints.value("limit", limit, 1...100)
        try constraints.check()
        self.arn = arn ?? ""
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let stream = try ChangeLog.stream(arn: arn, in: snapshot)
        var range: JSONObject = ["StartingSequenceNumber": .string(StreamPosition.shown(1))]
        if stream.ended != nil {
            range["EndingSequenceNumber"] = .string(StreamPosition.shown(max(1, stream.lastSequence)))
        }
        let shard: JSON = ["ShardId": .string(stream.shardID), "SequenceNumberRange": .object(range)]
        return [
            "StreamDescription": [
                "StreamArn": .string(stream.description.arn), "StreamLabel": .string(stream.description.label),
                "StreamStatus": stream.ended == nil ? "ENABLED" : "DISABLED",
                "StreamViewType": .string(stream.description.view),
                "CreationRequestDateTime": Timestamp(milliseconds: stream.created).json,
                "TableName": .string(stream.description.tableName), "KeySchema": stream.description.keySchema,
                "Shards": startShard == nil ? [shard] : [],
            ]
        ]
    }
}
