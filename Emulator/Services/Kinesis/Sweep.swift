internal import EmulatorCore
internal import Time
internal import Synchronization

// Records leave the store when their retention has passed. Readers never see them, so removing them can wait.

extension KinesisService {
    private static let sweepInterval: Int64 = 60_000
    /// What one transaction removes from a shard, so that others do not wait long for it.
    private static let sweptAtMost: Int64 = 5000

    func sweepIfNeeded(_ stream: StoredStream, at now: Int64, in transaction: borrowing Transaction) throws {
        let isNeeded = sweeps.withLock { sweeps in
            guard now >= sweeps[stream.id] ?? 0 else { return false }
            sweeps[stream.id] = now + Self.sweepInterval
            return true
        }
        if isNeeded { try sweep(stream, in: transaction) }
    }

    /// Removes expired records, and closed shards that have none left.
    func sweep(_ stream: StoredStream, in transaction: borrowing Transaction) throws {
        let horizon = stream.horizon(at: clock.now().milliseconds)
        for shard in try StoredShard.all(of: stream, in: transaction.snapshot) {
            let kept = try StoredRecord.firstIndex(arrivedFrom: horizon, in: shard, transaction.snapshot)
            let isDone = try StoredRecord.remove(
                before: kept, of: shard, atMost: Self.sweptAtMost, in: transaction)
            if isDone, let closedAt = shard.closedAt, closedAt < horizon, kept > shard.lastIndex {
                try transaction.execute("DELETE FROM kinesis_shard WHERE id = ?", .integer(shard.id))
                limits.forget(shard)
            }
        }
    }
}
