internal import EmulatorCore
internal import JSON
internal import Time

/// Reads records of a shard after an iterator.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html>
struct GetRecords: ReadingOperation {
    private let iterator: ShardIterator
    private let limit: Int

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let text = try request.string("ShardIterator")
        constraints.notNull("shardIterator", isPresent: text != nil)
        let limit = try request.integer("Limit")
        constraints.value("limit", limit, 1...1000)
        try constraints.check()
        guard let iterator = text.flatMap(ShardIterator.init) else { throw .validation("Invalid ShardIterator") }
        self.iterator = iterator
        self.limit = limit ?? 1000
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let now = state.clock.now().milliseconds
        guard now - iterator.issued <= ShardIterator.lifetimeMilliseconds else {
            throw DynamoDBFault.expiredIterator(
                "Iterator expired. The iterator was created more than 15 minutes ago.")
        }
        let stream = try ChangeLog.stream(arn: iterator.arn, in: snapshot)
        let records = try ChangeLog.records(of: stream.id, after: iterator.after, limit: limit, in: snapshot)
        let last = records.last?.sequence ?? iterator.after
        var answer: JSONObject = ["Records": .array(records.map(\.record))]
        // An ended shard has no next iterator once all records are read.
        if stream.ended == nil || last < stream.lastSequence {
            answer["NextShardIterator"] = .string(ShardIterator(arn: iterator.arn, after: last, issued: now).text)
        }
        return .object(answer)
    }
}
