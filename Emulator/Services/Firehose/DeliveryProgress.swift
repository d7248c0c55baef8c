internal import EmulatorCore
internal import JSON
internal import Time

/// How far a delivery stream is: what waits in its source, and what waits in its buffers.
///
/// AWS has metrics for this, and no operation. Here it is a member of the description, which SDKs pass over.
struct DeliveryProgress: Sendable {
    private let context: DeliveryContext

    /// Buffers that are listed at most, the oldest first.
    private static let listedBuffers: Int64 = 50

    init(_ context: DeliveryContext) { self.context = context }

    var document: JSON {
        get throws {
            let now = context.clock.now().milliseconds
            let source = try waiting()
            let (buffers, listed) = try context.store.read { snapshot in
                let listed = try StoredBuffer.oldest(of: context.id, limit: Self.listedBuffers, in: snapshot)
                let sums = try snapshot.first(
                    """
                    SELECT COUNT(*), COALESCE(SUM(size), 0), COUNT(DISTINCT CASE WHEN kind = 0 THEN prefix END)
                    FROM firehose_buffer WHERE stream = ?
                    """, .integer(context.id)
                ) { (count: $0.int(0), size: $0.int(1), partitions: $0.int(2)) }
                return (sums, listed)
            }
            var document: JSONObject = [
                "RecordsWaiting": .int(source.count),
                "MillisBehindLatest": .int(source.oldest.map { max(0, now - $0) } ?? 0),
                "Buffers": .int(buffers?.count ?? 0), "BufferedBytes": .int(buffers?.size ?? 0),
                "Partitions": .int(buffers?.partitions ?? 0),
                "OldestBuffers": .array(listed.map { Self.document(of: $0, at: now) }),
            ]
            if let shards = source.shards { document["Shards"] = .int(shards.count { !$0.isClosed }) }
            document["ShardProgress"] = source.shards.map { shards in
                .array(
                    shards.map { shard in
                        [
                            "ShardId": .string(shard.name), "RecordsWaiting": .int(shard.waiting),
                            "MillisBehindLatest": .int(shard.oldest.map { max(0, now - $0) } ?? 0),
                        ]
                    })
            }
            return .object(document)
        }
    }

    private static func document(of buffer: StoredBuffer, at now: Int64) -> JSON {
        let kind: JSON =
            switch buffer.kind {
            case .data: "data"
            case .errors: "errors"
            case .backup: "backup"
            }
        return [
            "Prefix": .string((try? KeyPrefix(stored: buffer.prefix))?.text ?? buffer.prefix), "Kind": kind,
            "Bytes": .int(buffer.size), "OpenMillis": .int(max(0, now - buffer.openedAt)),
            "IsClosed": .bool(buffer.objectKey != nil),
        ]
    }

    /// How far a shard is.
    private struct ShardProgress {
        let name: String
        let isClosed: Bool
        var waiting: Int64 = 0
        /// When the oldest waiting record arrived.
        var oldest: Int64?
    }

    /// The records of the source that are not taken in yet, when the oldest of them arrived, and each shard's part of them.
    private func waiting() throws -> (count: Int64, oldest: Int64?, shards: [ShardProgress]?) {
        guard let arn = context.configuration.sourceStream else {
            return try context.store.read { snapshot in
                let position = try Lane.positions(of: context.id, in: snapshot)[Lane.puts] ?? 0
                let puts = try StoredPuts.waiting(of: context.id, after: position, in: snapshot)
                return (puts.count, puts.oldest, nil)
            }
        }
        let source = try context.peers.stream(arn)
        let positions = try context.store.read { try Lane.positions(of: context.id, in: $0) }
        let shards = try source.shards(ofStream: arn).map { shard in
            var progress = ShardProgress(name: shard.name, isClosed: shard.isClosed)
            let position = positions[shard.id] ?? 0
            guard position < shard.lastSequence else { return progress }
            let next = try source.records(ofStream: arn, shard: shard, after: position, limit: 1).first
            // Records that expired are not waited for.
            guard let next else { return progress }
            progress.waiting = shard.lastSequence - next.sequence + 1
            progress.oldest = next.arrivedAt
            return progress
        }
        return (shards.reduce(0) { $0 + $1.waiting }, shards.compactMap(\.oldest).min(), shards)
    }
}
