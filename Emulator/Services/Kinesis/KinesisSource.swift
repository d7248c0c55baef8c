package import EmulatorCore
internal import Time

extension KinesisService: StreamSource {
    package var streamService: String { "kinesis" }

    package func shards(ofStream arn: String) throws(AWSFault) -> [StreamShard] {
        try reading(arn) { stream, snapshot in
            let shards = try visibleShards(of: stream, in: snapshot)
            let ids = Dictionary(uniqueKeysWithValues: shards.map { ($0.number, String($0.id)) })
            return shards.map { shard in
                StreamShard(
                    id: String(shard.id), name: shard.name,
                    parents: [shard.parent, shard.adjacentParent].compactMap { $0.flatMap { ids[$0] } },
                    lastSequence: shard.lastIndex, isClosed: shard.closedAt != nil,
                    hashKeys: shard.range.first...shard.range.last)
            }
        }
    }

    package func records(
        ofStream arn: String, shard: StreamShard, after sequence: Int64, limit: Int
    ) throws(AWSFault) -> [StreamRecord] {
        try reading(arn) { stream, snapshot in
            let stored = try self.shard(shard.name, of: stream, in: snapshot)
            guard String(stored.id) == shard.id else { throw AWSFault.noShard(shard.name, stream.name, account) }
            let found = try records(
                of: stored, from: sequence + 1, since: stream.horizon(at: clock.now().milliseconds), limit: limit,
                in: snapshot)
            return found.records.map { record in
                StreamRecord(
                    sequence: record.index,
                    sequenceNumber: stored.sequenceNumber(of: record.index, arrived: record.arrivedAt).text,
                    arrivedAt: record.arrivedAt, content: .data(record.data, partitionKey: record.partitionKey))
            }
        }
    }

    private func reading<Value>(
        _ arn: String, _ body: (StoredStream, borrowing Snapshot) throws -> Value
    ) throws(AWSFault) -> Value {
        guard let name = streamName(inARN: arn) else {
            throw AWSFault("ResourceNotFoundException", "Stream \(arn) not found.")
        }
        do {
            return try store.read { snapshot in try body(try stream(name, in: snapshot), snapshot) }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}
