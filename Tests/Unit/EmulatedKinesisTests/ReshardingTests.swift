import EmulatorCore
import JSON
import TestServices
import Time
import Testing

@testable import EmulatedKinesis

@Suite struct ReshardingTests {
    private let first = "shardId-000000000000"
    private let middle = "170141183460469231731687303715884105728"

    @Test("a split shard is read to its end, which names its children; new records go to them")
    func split() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        try await streams.put("before", key: "a", into: "s")
        try await streams.call(
            "SplitShard", ["StreamName": "s", "ShardToSplit": .string(first), "NewStartingHashKey": .string(middle)])
        #expect(try await streams.put("low", key: "a", into: "s").shard == "shardId-000000000001")
        #expect(try await streams.put("high", key: "b", into: "s").shard == "shardId-000000000002")
        let end = try await streams.read(try await streams.iterator("s", first, "TRIM_HORIZON"))
        #expect(end.data == ["before"] && end.next == nil)
        #expect(end.children == ["shardId-000000000001", "shardId-000000000002"])
        let shards = try await streams.shards("s")
        #expect(shards[0]["SequenceNumberRange"]?["EndingSequenceNumber"] != nil)
        #expect(shards[1]["ParentShardId"]?.string == first)
        #expect(shards[2]["HashKeyRange"]?["StartingHashKey"]?.string == middle)
        let starts = shards.compactMap { $0["SequenceNumberRange"]?["StartingSequenceNumber"]?.string }
        let ending = try #require(shards[0]["SequenceNumberRange"]?["EndingSequenceNumber"]?.string)
        #expect(starts[1] > ending && starts[2] > ending)
        let again = await streams.fault(
            "SplitShard", ["StreamName": "s", "ShardToSplit": .string(first), "NewStartingHashKey": .string(middle)])
        #expect(again?.code == "InvalidArgumentException")
    }

    @Test("only adjacent open shards merge, and their child has both as parents")
    func merge() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 3)
        func merge(_ left: Int, _ right: Int) -> JSON {
            [
                "StreamName": "s", "ShardToMerge": .string(StoredShard.name(left)),
                "AdjacentShardToMerge": .string(StoredShard.name(right)),
            ]
        }
        #expect(await streams.fault("MergeShards", merge(0, 2))?.code == "InvalidArgumentException")
        #expect(await streams.fault("MergeShards", merge(0, 7))?.code == "ResourceNotFoundException")
        // The service merges a shard with the one that follows it, not with the one before.
        #expect(await streams.fault("MergeShards", merge(1, 0))?.code == "InvalidArgumentException")
        try await streams.call("MergeShards", merge(0, 1))
        let child = try await streams.shards("s")[3]
        #expect(child["ParentShardId"]?.string == StoredShard.name(0))
        #expect(child["AdjacentParentShardId"]?.string == StoredShard.name(1))
        #expect(child["HashKeyRange"]?["StartingHashKey"] == "0")
        let open = try await streams.shards("s", filter: ["Type": "AT_LATEST"])
        #expect(open.compactMap { $0["ShardId"]?.string } == [StoredShard.name(2), StoredShard.name(3)])
        let atStart = try await streams.shards("s", filter: ["Type": "AT_TRIM_HORIZON"])
        #expect(atStart.compactMap { $0["ShardId"]?.string } == (0..<3).map { StoredShard.name($0) })
    }

    @Test(
        "UpdateShardCount leaves equal shards that cover every key",
        arguments: [(2, 4), (4, 2), (3, 5), (5, 3), (7, 4)])
    func uniform(from: Int, to: Int) async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: from)
        let answer = try await streams.call(
            "UpdateShardCount",
            ["StreamName": "s", "TargetShardCount": .int(to), "ScalingType": "UNIFORM_SCALING"])
        #expect(answer["CurrentShardCount"]?.int == from)
        let open = try streams.store.read { snapshot in
            try StoredShard.open(of: try streams.kinesis.stream("s", in: snapshot), in: snapshot)
        }
        #expect(open.map(\.range) == HashKeyRange.uniform(to))
    }

    @Test("UpdateShardCount goes up to double and down to half")
    func reach() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 4)
        for target in [1, 9] {
            let fault = await streams.fault(
                "UpdateShardCount",
                ["StreamName": "s", "TargetShardCount": .int(target), "ScalingType": "UNIFORM_SCALING"])
            #expect(fault?.code == "LimitExceededException")
            #expect(fault?.message.hasSuffix("Current open shard count: 4, Target shard count: \(target)") == true)
        }
    }

    @Test("a shard's name is read before the stream is looked for")
    func shardNames() async throws {
        let streams = try StreamFixture()
        let unread = "Could not find shard ABKLFD8 in stream none under account 000000000000."
        let iterator: JSONObject = ["StreamName": "none", "ShardIteratorType": "LATEST"]
        func fault(_ shard: JSON) async -> String? {
            var input = iterator
            input["ShardId"] = shard
            return await streams.fault("GetShardIterator", .object(input))?.message
        }
        #expect(await fault("ABKLFD8") == unread)
        // A shard of a stream that does not exist does not exist.
        #expect(
            await fault("x-7") == "Shard shardId-000000000007 in stream none under account 000000000000 does not exist")
        for shard in ["ABKLFD8", "2147483648"] as [JSON] {
            let split = await streams.fault(
                "SplitShard", ["StreamName": "none", "ShardToSplit": shard, "NewStartingHashKey": "2"])
            #expect(split?.message.hasPrefix("Could not find shard") == true)
            let merge = await streams.fault(
                "MergeShards", ["StreamName": "none", "ShardToMerge": "0", "AdjacentShardToMerge": shard])
            #expect(merge?.message.hasPrefix("Could not find shard") == true)
        }
        let split = await streams.fault(
            "SplitShard", ["StreamName": "none", "ShardToSplit": "0", "NewStartingHashKey": "2"])
        #expect(split?.message == "Stream none under account 000000000000 not found.")
    }

    @Test("a shard that was split or merged is neither split nor merged again, in the service's words")
    func closedShards() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 2)
        try await streams.call(
            "MergeShards",
            ["StreamName": "s", "ShardToMerge": "shardId-0", "AdjacentShardToMerge": "shardId-1"])
        let fault = await streams.fault(
            "SplitShard", ["StreamName": "s", "ShardToSplit": "shardId-0", "NewStartingHashKey": "2"])
        #expect(
            fault?.message == """
                Shard shardId-000000000000 in stream s under account 000000000000 has already been merged or split, and thus \
                is not eligible for merging or splitting.
                """)
    }

    @Test("a closed shard is listed until the retention of its last record has passed, and then removed")
    func closedShardsExpire() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        try await streams.put("old", key: "a", into: "s")
        try await streams.call(
            "SplitShard", ["StreamName": "s", "ShardToSplit": .string(first), "NewStartingHashKey": .string(middle)])
        streams.clock.advance(24 * 3_600_000)
        #expect(try await streams.shards("s").count == 3)
        streams.clock.advance(1)
        #expect(try await streams.shards("s").count == 2)
        try await streams.restart()
        let shards = try streams.store.read { try $0.first("SELECT COUNT(*) FROM kinesis_shard") { $0.int(0) } }
        #expect(shards == 2)
    }

    @Test("pages of ListShards join to the whole list, and a page's token expires")
    func pages() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 5)
        var page = try await streams.call("ListShards", ["StreamName": "s", "MaxResults": 2])
        var names = page["Shards"]?.array?.compactMap { $0["ShardId"]?.string } ?? []
        let token = page["NextToken"] ?? ""
        while let next = page["NextToken"] {
            page = try await streams.call("ListShards", ["NextToken": next, "MaxResults": 2])
            names += page["Shards"]?.array?.compactMap { $0["ShardId"]?.string } ?? []
        }
        #expect(names == (0..<5).map { StoredShard.name($0) })
        streams.clock.advance(300_001)
        #expect(await streams.fault("ListShards", ["NextToken": token])?.code == "ExpiredNextTokenException")
    }

    @Test("an on-demand stream that refuses records gets twice the shards, then not before 15 minutes have passed")
    func onDemand() async throws {
        let streams = try StreamFixture(enforcesLimits: true)
        try await streams.call("CreateStream", ["StreamName": "s", "StreamModeDetails": ["StreamMode": "ON_DEMAND"]])
        func open() async throws -> Int { try await streams.shards("s", filter: ["Type": "AT_LATEST"]).count }
        /// Puts records until some are refused.
        func fill(_ name: String) async throws -> [String] {
            var taken: [String] = []
            while true {
                let texts = (0..<500).map { "\(name) \(taken.count + $0)" }
                let records = texts.map { JSON.object(["PartitionKey": .string($0), "Data": .string($0.utf8.base64)]) }
                let answer = try await streams.call("PutRecords", ["StreamName": "s", "Records": .array(records)])
                let results = answer["Records"]?.array ?? []
                taken += zip(texts, results).filter { $0.1["ErrorCode"] == nil }.map(\.0)
                if answer["FailedRecordCount"] != 0 { return taken }
            }
        }
        #expect(try await open() == 4)
        var all = try await fill("a")
        #expect(try await open() == 8)
        streams.clock.advance(2000)
        all += try await fill("b")
        #expect(try await open() == 8)
        streams.clock.advance(15 * 60_000)
        all += try await fill("c")
        #expect(try await open() == 16)
        var found: [String] = []
        for shard in try await streams.shards("s") {
            streams.clock.advance(10_000)
            found += try await streams.all("s", shard["ShardId"]?.string ?? "")
        }
        #expect(found.sorted() == all.sorted())
    }
}
