internal import JSON

/// A part of a stream whose records keep their order for one reader: a shard, or those of its partition keys that fall into one
/// of several slots.
package struct ShardLane: Sendable, Hashable {
    package let shard: StreamShard
    /// 0 to one below ``slots``.
    package let slot: Int
    /// In how many parts each shard is read.
    package let slots: Int

    package init(_ shard: StreamShard, slot: Int = 0, of slots: Int = 1) {
        self.shard = shard
        self.slot = slot
        self.slots = slots
    }

    /// Such as `0/10`.
    var slotName: String { "\(slot)/\(slots)" }

    /// Whether the lane has this record: the records of a partition key, or of an item, are in the same lane.
    package func takes(_ record: StreamRecord) -> Bool {
        guard slots > 1 else { return true }
        let key =
            switch record.content {
            case .data(_, let partitionKey): partitionKey
            case .change(let event): (event["dynamodb"]?["Keys"] ?? .null).text
            }
        // FNV-1a: any hash will do that is the same after a restart.
        let hash = key.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int(hash % UInt64(slots)) == slot
    }

    /// How long a reader waits after so many failures in a row, in milliseconds: twice as long each time, up to 20 seconds.
    package static func delay(after failures: Int) -> Int64 { min(200 << Int64(min(failures - 1, 10)), 20_000) }
}
