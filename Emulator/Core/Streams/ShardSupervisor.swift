/// Reads all shards of a stream at once, each after its parents.
package struct ShardSupervisor: Sendable {
    let stream: String
    let source: any StreamSource
    let positions: ShardPositions
    /// In how many parts each shard is read.
    let slots: Int
    /// Reads a lane until it has no more records or the task is cancelled. The bell rings when it may have more.
    let read: @Sendable (ShardLane, Bell) async -> Void

    package init(
        _ stream: String, of source: any StreamSource, positions: ShardPositions, slots: Int = 1,
        read: @escaping @Sendable (ShardLane, Bell) async -> Void
    ) {
        self.stream = stream
        self.source = source
        self.positions = positions
        self.slots = slots
        self.read = read
    }

    private struct LaneKey: Hashable {
        let shard: String
        let slot: Int
    }

    /// Runs until the task is cancelled.
    package func serve() async {
        let bell = Bell()
        source.readers.add(bell)
        defer { source.readers.remove(bell) }
        await withDiscardingTaskGroup { group in
            var started: Set<LaneKey> = []
            while !Task.isCancelled {
                for lane in nextLanes() where started.insert(LaneKey(shard: lane.shard.id, slot: lane.slot)).inserted {
                    group.addTask {
                        let laneBell = Bell()
                        source.readers.add(laneBell)
                        await read(lane, laneBell)
                        source.readers.remove(laneBell)
                        // Its children may be read now.
                        bell.ring()
                    }
                }
                await bell.wait()
                // It rings for each record, and shards come seldom.
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private static let pause = Duration.milliseconds(20)

    /// The lanes that have records to come, and whose shards' parents have none.
    private func nextLanes() -> [ShardLane] {
        let shards = (try? source.shards(ofStream: stream)) ?? []
        return shards.filter { (try? mayBeRead($0, among: shards)) ?? false }.flatMap { shard in
            (0..<slots).map { ShardLane(shard, slot: $0, of: slots) }
        }
    }

    /// Whether a shard has records to come, and its parents have none.
    private func mayBeRead(_ shard: StreamShard, among shards: [StreamShard]) throws -> Bool {
        guard try !isRead(shard) else { return false }
        return try shards.filter { shard.parents.contains($0.id) }.allSatisfy { try isRead($0) }
    }

    private func isRead(_ shard: StreamShard) throws -> Bool {
        try shard.isClosed && (0..<slots).allSatisfy { try isRead(ShardLane(shard, slot: $0, of: slots), shard) }
    }

    /// Whether a lane has no records left, and will get none.
    package func isRead(_ lane: ShardLane) throws -> Bool {
        let shards = try source.shards(ofStream: stream)
        guard let shard = shards.first(where: { $0.id == lane.shard.id }) else { return true }
        return try shard.isClosed && isRead(lane, shard)
    }

    /// - Parameter shard: the closed shard as it is now.
    private func isRead(_ lane: ShardLane, _ shard: StreamShard) throws -> Bool {
        let position = try positions.position(of: lane)
        guard position.sequence < shard.lastSequence else { return position.state == nil }
        // Records that expired before they were read are not waited for.
        return try source.records(ofStream: stream, shard: shard, after: position.sequence, limit: 1).isEmpty
    }
}
