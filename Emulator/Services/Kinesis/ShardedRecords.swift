/// The records of a request, by the shards that take them.
struct ShardedRecords: Sendable {
    /// The position of each record's shard among the shards.
    let positions: [Int]
    /// What each shard gets.
    let blocks: [StoredRecord.PackedBlock]
    private let shards: [Int64]

    /// - Parameters:
    ///   - shards: the open ones of a stream, which cover every hash key, in order.
    ///   - refused: the numbers of records that no shard gets.
    init(
        _ records: [KinesisService.IncomingRecord], over shards: [StoredShard], without refused: Set<Int> = []
    ) {
        var blocks = [StoredRecord.Block](repeating: StoredRecord.Block(), count: shards.count)
        var positions: [Int] = []
        positions.reserveCapacity(records.count)
        for (number, record) in records.enumerated() {
            let position = Self.position(of: record.hashKey, in: shards)
            positions.append(position)
            guard !refused.contains(number) else { continue }
            blocks[position].append(partitionKey: record.partitionKey, record.data)
        }
        self.positions = positions
        self.blocks = blocks.map { StoredRecord.PackedBlock($0) }
        self.shards = shards.map(\.id)
    }

    /// Whether these are the shards that the records were sorted for. A shard's hash keys never change.
    func isFor(_ shards: [StoredShard]) -> Bool { self.shards == shards.map(\.id) }

    private static func position(of hashKey: UInt128, in shards: [StoredShard]) -> Int {
        var (low, high) = (0, shards.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if shards[middle].range.first <= hashKey { low = middle } else { high = middle - 1 }
        }
        return low
    }
}
