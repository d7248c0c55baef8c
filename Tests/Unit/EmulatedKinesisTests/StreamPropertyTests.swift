import EmulatorCore
import JSON
import TestRandom
import TestServices
import Time
import Testing

@testable import EmulatedKinesis

@Suite struct StreamPropertyTests {
    /// What consumers must see: each shard's records in order, known from the answers to the puts.
    private final class Model {
        var shards: [String: [String]] = [:]
    }

    /// Reads every shard on from where it stopped.
    private final class Consumer {
        var iterators: [String: String] = [:]
        var ended: Set<String> = []
        var read: [String: [String]] = [:]
    }

    @Test("a consumer reads every accepted record once, in its shard's order, through splits, merges and restarts")
    func consumers() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let streams = try StreamFixture()
        try await streams.create("s", shards: 2)
        let model = Model()
        let consumers = [Consumer(), Consumer()]
        for step in 0..<150 {
            streams.clock.advance(Int64.random(in: 0...2000, using: &random))
            switch Int.random(in: 0..<12, using: &random) {
            case 0...4: try await put(step, streams, model, &random)
            case 5: try await split(streams, &random)
            case 6: try await merge(streams, &random)
            case 7: try await streams.restart()
            default:
                let limit = Int.random(in: 1...7, using: &random)
                try await consume(consumers[Int.random(in: 0..<2, using: &random)], streams, limit: limit)
            }
        }
        for consumer in consumers {
            try await consume(consumer, streams, limit: 10_000)
            let read = consumer.read.filter { !$0.value.isEmpty }
            #expect(read == model.shards, "seed \(seed)")
        }
    }

    private func put(
        _ step: Int, _ streams: StreamFixture, _ model: Model, _ random: inout SeededGenerator
    ) async throws {
        let count = Int.random(in: 1...20, using: &random)
        let data = (0..<count).map { "\(step).\($0)" }
        let records: [JSON] = data.map { data in
            [
                "Data": .string(data.utf8.base64),
                "PartitionKey": .string(String(Int.random(in: 0..<50, using: &random))),
            ]
        }
        let answer = try await streams.call("PutRecords", ["StreamName": "s", "Records": .array(records)])
        for (data, result) in zip(data, answer["Records"]?.array ?? []) {
            model.shards[try #require(result["ShardId"]?.string), default: []].append(data)
        }
    }

    private func open(_ streams: StreamFixture) throws -> [StoredShard] {
        try streams.store.read { snapshot in
            try StoredShard.open(of: try streams.kinesis.stream("s", in: snapshot), in: snapshot)
        }
    }

    private func split(_ streams: StreamFixture, _ random: inout SeededGenerator) async throws {
        guard let shard = try open(streams).randomElement(using: &random), shard.range.last - shard.range.first > 10
        else { return }
        let key = UInt128.random(in: shard.range.first + 2..<shard.range.last, using: &random)
        try await streams.call(
            "SplitShard",
            ["StreamName": "s", "ShardToSplit": .string(shard.name), "NewStartingHashKey": .string(String(key))])
    }

    private func merge(_ streams: StreamFixture, _ random: inout SeededGenerator) async throws {
        let shards = try open(streams)
        guard shards.count > 1 else { return }
        let position = Int.random(in: 1..<shards.count, using: &random)
        try await streams.call(
            "MergeShards",
            [
                "StreamName": "s", "ShardToMerge": .string(shards[position - 1].name),
                "AdjacentShardToMerge": .string(shards[position].name),
            ])
    }

    private func consume(_ consumer: Consumer, _ streams: StreamFixture, limit: Int) async throws {
        for shard in try await streams.shards("s").compactMap({ $0["ShardId"]?.string })
        where !consumer.ended.contains(shard) {
            var iterator = consumer.iterators[shard]
            if iterator == nil { iterator = try await streams.iterator("s", shard, "TRIM_HORIZON") }
            let found = try await streams.read(iterator ?? "", limit: limit)
            consumer.read[shard, default: []] += found.data
            if let next = found.next { consumer.iterators[shard] = next } else { consumer.ended.insert(shard) }
        }
    }
}
