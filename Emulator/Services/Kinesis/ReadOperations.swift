internal import EmulatorCore
internal import JSON
internal import Time

// Records go out. See <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html>

extension KinesisService {
    /// What one answer holds at most.
    private static let answerLimit = 10 << 20

    enum IteratorType: String, CaseIterable {
        // In the order in which the service names them.
        case afterSequenceNumber = "AFTER_SEQUENCE_NUMBER"
        case latest = "LATEST"
        case atTimestamp = "AT_TIMESTAMP"
        case atSequenceNumber = "AT_SEQUENCE_NUMBER"
        case trimHorizon = "TRIM_HORIZON"
    }

    // MARK: GetShardIterator

    /// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>
    func getShardIterator(_ request: inout RequestReader) throws -> JSON {
        let shardName = try request.string("ShardId", .name, isRequired: true) ?? ""
        let type = try request.choice("ShardIteratorType", IteratorType.self, isRequired: true) ?? .latest
        let number = try request.string("StartingSequenceNumber", .sequenceNumber)
        let moment = try request.moment("Timestamp")
        let name = try streamName(&request)
        let now = clock.now().milliseconds
        let shardNumber = try shardNumber(shardName, name)
        return try store.read { snapshot in
            // Without the stream it has no shard either, and that is what the service says.
            guard let stream = try StoredStream.find(name, in: snapshot),
                let shard = try StoredShard.find(shardNumber, of: stream, in: snapshot)
            else { throw AWSFault.noShardToRead(StoredShard.name(shardNumber), name, account) }
            let index = try startingIndex(type, number, moment, in: shard, of: stream, snapshot)
            return ["ShardIterator": .string(ShardIterator(stream, shard, index: index, issued: now).text)]
        }
    }

    /// The index of the first record that a reader gets which starts so.
    func startingIndex(
        _ type: IteratorType, _ number: String?, _ moment: Int64?, in shard: StoredShard, of stream: StoredStream,
        _ snapshot: borrowing Snapshot
    ) throws -> Int64 {
        let now = clock.now().milliseconds
        let horizon = stream.horizon(at: now)
        let index: Int64
        switch type {
        case .trimHorizon:
            index = try StoredRecord.firstIndex(arrivedFrom: horizon, in: shard, snapshot)
        case .latest: index = shard.lastIndex + 1
        case .atTimestamp:
            guard let moment else {
                throw AWSFault.kinesisArgument(
                    "Must specify timestampInMillis parameter for iterator of type \(type.rawValue).")
            }
            guard moment <= now else {
                throw AWSFault.kinesisArgument(
                    "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                        + "timestampInMillis: \(moment), currentTimestampInMillis: \(now)")
            }
            index = try StoredRecord.firstIndex(arrivedFrom: max(moment, horizon), in: shard, snapshot)
        case .atSequenceNumber, .afterSequenceNumber:
            let start = try startingIndex(number, type, in: shard, of: stream)
            index = type == .atSequenceNumber ? max(1, start) : start + 1
        }
        if number != nil, type != .atSequenceNumber, type != .afterSequenceNumber {
            throw Self.iteratorArguments("\(type.rawValue) and also a StartingSequenceNumber")
        }
        return index
    }

    private static func iteratorArguments(_ found: String) -> AWSFault {
        .kinesisArgument(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) "
                + "TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified \(found).")
    }

    /// The index that a sequence number of the shard stands for, or that of its last record for a later one.
    private func startingIndex(
        _ text: String?, _ type: IteratorType, in shard: StoredShard, of stream: StoredStream
    ) throws(AWSFault) -> Int64 {
        guard let text else { throw Self.iteratorArguments("\(type.rawValue) and no StartingSequenceNumber") }
        func invalid(_ reason: String) -> AWSFault {
            .kinesisArgument(
                "StartingSequenceNumber \(text) used in GetShardIterator on shard \(shard.name) in stream \(stream.name) "
                    + "under account \(account.id) is invalid\(reason).")
        }
        guard let number = SequenceNumber(text) else { throw invalid("") }
        guard number.shard == shard.number else {
            throw .kinesisArgument(
                "Invalid StartingSequenceNumber. It encodes \(StoredShard.name(number.shard)), while it was used in a call "
                    + "to a shard with \(shard.name)")
        }
        guard number.shardOpened == shard.openedAt / 1000 else {
            throw invalid(" because it did not come from this stream")
        }
        return min(number.index, shard.lastIndex)
    }

    // MARK: GetRecords

    func getRecords(_ request: inout RequestReader) throws -> JSON {
        let text = try request.string("ShardIterator", .text(1...512), isRequired: true) ?? ""
        let limit = try request.integer("Limit", in: 1...10_000) ?? 10_000
        try request.check()
        let now = clock.now().milliseconds
        let iterator = try ShardIterator(text, at: now)
        return try store.read { snapshot in
            guard let stream = try StoredStream.find(id: iterator.stream, in: snapshot),
                let shard = try StoredShard.find(iterator.shard, of: stream, in: snapshot)
            else {
                throw AWSFault.noShardToRead(StoredShard.name(iterator.shard), iterator.streamName, account)
            }
            guard limits.allowsRead(of: shard, at: now) else {
                throw AWSFault.rateExceeded(shard.name, stream.name, account)
            }
            let found = try records(
                of: shard, from: iterator.index, since: stream.horizon(at: now), limit: limit, in: snapshot)
            limits.gave(found.size, from: shard)
            var next = iterator
            next.index = found.next
            next.issued = now
            let isAtTip = found.next > shard.lastIndex
            var answer: JSONObject = [
                "Records": .array(found.records.map { $0.json(in: shard, of: stream) }),
                "MillisBehindLatest": .int(isAtTip ? 0 : max(0, now - (found.records.last?.arrivedAt ?? now))),
            ]
            if isAtTip, shard.closedAt != nil {
                answer["ChildShards"] = .array(try children(of: shard, stream, in: snapshot))
            } else {
                answer["NextShardIterator"] = .string(next.text)
            }
            return .object(answer)
        }
    }

    /// Records from `index` on that are kept, as many as one answer holds.
    func records(
        of shard: StoredShard, from index: Int64, since horizon: Int64, limit: Int, in snapshot: borrowing Snapshot
    ) throws -> (records: [StoredRecord], size: Int, next: Int64) {
        var records: [StoredRecord] = []
        var size = 0
        var isExpired = false
        try StoredRecord.scan(shard, from: index, in: snapshot) { record in
            isExpired = record.arrivedAt < horizon
            guard !isExpired, records.isEmpty || size + record.size <= Self.answerLimit else { return false }
            records.append(record)
            size += record.size
            return records.count < limit
        }
        guard !isExpired else {
            let first = try StoredRecord.firstIndex(arrivedFrom: horizon, in: shard, from: index, snapshot)
            return try self.records(of: shard, from: first, since: horizon, limit: limit, in: snapshot)
        }
        // Without records there is nothing between the iterator and the shard's end.
        let next = records.last.map { $0.index + 1 } ?? max(index, shard.lastIndex + 1)
        return (records, size, next)
    }

    func children(
        of shard: StoredShard, _ stream: StoredStream, in snapshot: borrowing Snapshot
    ) throws -> [JSON] {
        try StoredShard.all(of: stream, in: snapshot)
            .filter { $0.parent == shard.number || $0.adjacentParent == shard.number }
            .map { child in
                let parents = [child.parent, child.adjacentParent].compactMap { $0 }.map {
                    JSON.string(StoredShard.name($0))
                }
                return [
                    "ShardId": .string(child.name), "ParentShards": .array(parents), "HashKeyRange": child.range.json,
                ]
            }
    }
}
