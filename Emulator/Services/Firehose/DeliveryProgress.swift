internal import EmulatorCore
internal import JSON
internal import Time

/// How far a delivery stream is: what waits in its source, and what waits in its buffers.
///
/// AWS has metrics for this, and no operation. Here it is a member of the description, which SDKs pass over.
struct DeliveryProgress: Sendable {
    private let context: DeliveryContext

    init(_ context: DeliveryContext) { self.context = context }

    var document: JSON {
        get throws {
            let now = context.clock.now().milliseconds
            let source = try waiting()
            let buffers = try context.store.read { snapshot in
                try snapshot.first(
                    """
                    SELECT COUNT(*), COALESCE(SUM(size), 0), COUNT(DISTINCT CASE WHEN kind = 0 THEN prefix END)
                    FROM firehose_buffer WHERE stream = ?
                    """, .integer(context.id)
                ) { (count: $0.int(0), size: $0.int(1), partitions: $0.int(2)) }
            }
            var document: JSONObject = [
                "RecordsWaiting": .int(source.count),
                "MillisBehindLatest": .int(source.oldest.map { max(0, now - $0) } ?? 0),
                "Buffers": .int(buffers?.count ?? 0), "BufferedBytes": .int(buffers?.size ?? 0),
                "Partitions": .int(buffers?.partitions ?? 0),
            ]
            if let shards = source.shards { document["Shards"] = .int(shards) }
            return .object(document)
        }
    }

    /// The records of the source that are not taken in yet, when the oldest of them arrived, and how many shards are open.
    private func waiting() throws -> (count: Int64, oldest: Int64?, shards: Int?) {
        guard let arn = context.configuration.sourceStream else {
            return try context.store.read { snapshot in
                let position = try Lane.positions(of: context.id, in: snapshot)[Lane.puts] ?? 0
                let puts = try StoredPuts.waiting(of: context.id, after: position, in: snapshot)
                return (puts.count, puts.oldest, nil)
            }
        }
        let source = try context.peers.stream(arn)
        let positions = try context.store.read { try Lane.positions(of: context.id, in: $0) }
        var (count, oldest): (Int64, Int64?) = (0, nil)
        let shards = try source.shards(ofStream: arn)
        for shard in shards {
            let position = positions[shard.id] ?? 0
            guard position < shard.lastSequence else { continue }
            let next = try source.records(ofStream: arn, shard: shard, after: position, limit: 1).first
            // Records that expired are not waited for.
            guard let next else { continue }
            count += shard.lastSequence - next.sequence + 1
            oldest = min(oldest ?? .max, next.arrivedAt)
        }
        return (count, oldest, shards.count { !$0.isClosed })
    }
}
