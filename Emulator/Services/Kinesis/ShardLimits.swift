internal import EmulatorCore
internal import Synchronization

/// What a shard may take and give in a second.
/// - SeeAlso: <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>
final class ShardLimits: Sendable {
    static let writtenBytes = 1 << 20
    static let writtenRecords = 1000
    static let readBytes = 2 << 20
    static let reads = 5

    private struct Use {
        var second: Int64 = 0
        var bytes = 0
        var records = 0
        var readSecond: Int64 = 0
        var reads = 0
        /// Bytes that were read and are not paid for by time yet.
        var debt = 0
        var debtAt: Int64 = 0
    }

    private let isOn: Bool
    private let uses = Mutex<[Int64: Use]>([:])

    init(isOn: Bool) { self.isOn = isOn }

    /// Whether a shard takes another record now; if so, the record counts.
    func takes(_ bytes: Int, into shard: StoredShard, at now: Int64) -> Bool {
        guard isOn else { return true }
        return uses.withLock { uses in
            var use = uses[shard.id] ?? Use()
            if use.second != now / 1000 { (use.second, use.bytes, use.records) = (now / 1000, 0, 0) }
            // A record may be as large as what a shard takes in a second, and its key adds to it.
            guard use.records < Self.writtenRecords, use.records == 0 || use.bytes + bytes <= Self.writtenBytes else {
                return false
            }
            use.records += 1
            use.bytes += bytes
            uses[shard.id] = use
            return true
        }
    }

    /// Whether a shard answers another GetRecords now; if so, the call counts.
    func allowsRead(of shard: StoredShard, at now: Int64) -> Bool {
        guard isOn else { return true }
        return uses.withLock { uses in
            var use = uses[shard.id] ?? Use()
            if use.readSecond != now / 1000 { (use.readSecond, use.reads) = (now / 1000, 0) }
            let paid = Int(clamping: max(0, now - use.debtAt)).multipliedReportingOverflow(by: Self.readBytes / 1000)
            use.debt = paid.overflow ? 0 : max(0, use.debt - paid.partialValue)
            use.debtAt = now
            // One answer may hold five seconds' worth; the next calls wait until time has paid for it.
            guard use.reads < Self.reads, use.debt < Self.readBytes else { return false }
            use.reads += 1
            uses[shard.id] = use
            return true
        }
    }

    func gave(_ bytes: Int, from shard: StoredShard) {
        guard isOn else { return }
        uses.withLock { $0[shard.id, default: Use()].debt += bytes }
    }

    func forget(_ shard: StoredShard) { uses.withLock { $0[shard.id] = nil } }
}
