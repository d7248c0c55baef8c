import EmulatorCore
import JSON
import TestServices
import Time
import Testing

@testable import EmulatedKinesis

@Suite struct RecordTests {
    private let first = "shardId-000000000000"

    @Test("records are read in the order in which their shard took them, after a restart too")
    func order() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        var places: [String] = []
        for data in ["a", "b", "c"] { places.append(try await streams.put(data, key: data, into: "s").sequence) }
        #expect(places == places.sorted() && Set(places).count == 3)
        try await streams.restart()
        places.append(try await streams.put("d", key: "k", into: "s").sequence)
        #expect(places == places.sorted())
        #expect(try await streams.all("s", first) == ["a", "b", "c", "d"])
    }

    @Test("every type of iterator starts at its own place")
    func iterators() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        streams.clock.advance(10_000)
        try await streams.put("a", key: "k", into: "s")
        streams.clock.advance(10_000)
        let between = Timestamp.json(streams.clock.now - 5000)
        let second = try await streams.put("b", key: "k", into: "s").sequence
        let number: JSONObject = ["StartingSequenceNumber": .string(second)]
        #expect(try await streams.all("s", first) == ["a", "b"])
        #expect(try await streams.all("s", first, "AT_SEQUENCE_NUMBER", number) == ["b"])
        #expect(try await streams.all("s", first, "AFTER_SEQUENCE_NUMBER", number) == [])
        #expect(try await streams.all("s", first, "AT_TIMESTAMP", ["Timestamp": between]) == ["b"])
        #expect(try await streams.all("s", first, "AT_TIMESTAMP", ["Timestamp": 0]) == ["a", "b"])
        let start = try await streams.shards("s")[0]["SequenceNumberRange"]?["StartingSequenceNumber"]
        #expect(
            try await streams.all("s", first, "AT_SEQUENCE_NUMBER", ["StartingSequenceNumber": start ?? ""])
                == ["a", "b"])
        let latest = try await streams.iterator("s", first, "LATEST")
        try await streams.put("c", key: "k", into: "s")
        #expect(try await streams.read(latest).data == ["c"])
        let future = Timestamp.json(streams.clock.now + 5000)
        let fault = await streams.fault(
            "GetShardIterator",
            ["StreamName": "s", "ShardId": .string(first), "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": future])
        #expect(fault?.code == "InvalidArgumentException")
    }

    @Test("an iterator expires after five minutes, and does not read a later stream of the same name")
    func iteratorExpiry() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        let iterator = try await streams.iterator("s", first, "TRIM_HORIZON")
        streams.clock.advance(300_000)
        #expect(await streams.fault("GetRecords", ["ShardIterator": .string(iterator)]) == nil)
        streams.clock.advance(1)
        let fault = await streams.fault("GetRecords", ["ShardIterator": .string(iterator)])
        #expect(fault?.code == "ExpiredIteratorException")
        let fresh = try await streams.iterator("s", first, "TRIM_HORIZON")
        try await streams.call("DeleteStream", ["StreamName": "s"])
        try await streams.create("s", shards: 1)
        #expect(
            await streams.fault("GetRecords", ["ShardIterator": .string(fresh)])?.code == "ResourceNotFoundException")
        #expect(
            await streams.fault("GetRecords", ["ShardIterator": "AAAA"])?.code == "InvalidArgumentException")
    }

    @Test("a record goes to the shard of its key's MD5 digest, or of its explicit hash key")
    func routing() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 2)
        // MD5 of "a" is 0cc1…, of "b" 92eb….
        #expect(try await streams.put("1", key: "a", into: "s").shard == "shardId-000000000000")
        #expect(try await streams.put("2", key: "b", into: "s").shard == "shardId-000000000001")
        for (key, shard) in [
            ("0", "shardId-000000000000"), ("170141183460469231731687303715884105727", "shardId-000000000000"),
            ("170141183460469231731687303715884105728", "shardId-000000000001"),
            ("340282366920938463463374607431768211455", "shardId-000000000001"),
        ] {
            let answer = try await streams.call(
                "PutRecord",
                ["StreamName": "s", "PartitionKey": "x", "Data": "", "ExplicitHashKey": .string(key)])
            #expect(answer["ShardId"]?.string == shard)
        }
        let fault = await streams.fault(
            "PutRecord",
            [
                "StreamName": "s", "PartitionKey": "x", "Data": "",
                "ExplicitHashKey": "340282366920938463463374607431768211456",
            ])
        #expect(fault?.code == "InvalidArgumentException")
    }

    @Test("PutRecords refuses the whole request when one record breaks a rule, and names the record")
    func wholeRequest() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        let fault = await streams.fault(
            "PutRecords",
            [
                "StreamName": "s",
                "Records": [["Data": "YQ==", "PartitionKey": "k"], ["Data": "YQ==", "PartitionKey": ""]],
            ])
        #expect(fault?.code == "ValidationException")
        #expect(fault?.message.contains("'records.2.member.partitionKey'") == true)
        #expect(try await streams.all("s", first) == [])
    }

    @Test("a shard takes 1,000 records and 1 MiB in a second; PutRecords says so for each record it refuses")
    func writeLimits() async throws {
        let streams = try StreamFixture(enforcesLimits: true)
        try await streams.create("s", shards: 1)
        func records(_ count: Int, bytes: Int) -> JSON {
            let record: JSON = [
                "PartitionKey": "k", "Data": .string([UInt8](repeating: 0, count: bytes).base64),
            ]
            return ["StreamName": "s", "Records": .array([JSON](repeating: record, count: count))]
        }
        #expect(try await streams.call("PutRecords", records(500, bytes: 1))["FailedRecordCount"] == 0)
        #expect(try await streams.call("PutRecords", records(499, bytes: 1))["FailedRecordCount"] == 0)
        let answer = try await streams.call("PutRecords", records(3, bytes: 1))
        #expect(answer["FailedRecordCount"] == 2)
        #expect(answer["Records"]?[0]?["SequenceNumber"] != nil)
        #expect(
            answer["Records"]?[1] == [
                "ErrorCode": "ProvisionedThroughputExceededException",
                "ErrorMessage":
                    "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.",
            ])
        streams.clock.advance(1000)
        let large = try await streams.call("PutRecords", records(3, bytes: 500_000))
        #expect(large["FailedRecordCount"] == 1)
        let single = await streams.fault(
            "PutRecord",
            ["StreamName": "s", "PartitionKey": "k", "Data": .string([UInt8](repeating: 0, count: 100_000).base64)])
        #expect(single?.code == "ProvisionedThroughputExceededException")
        #expect(try await streams.all("s", first).count == 1002)
    }

    @Test("a shard answers five reads in a second, and 10 MiB are paid for before the next read")
    func readLimits() async throws {
        let streams = try StreamFixture(enforcesLimits: true)
        try await streams.create("s", shards: 1)
        for _ in 0..<10 {
            try await streams.put(String(repeating: "x", count: 1_000_000), key: "k", into: "s")
            streams.clock.advance(1000)
        }
        let iterator: JSON = ["ShardIterator": .string(try await streams.iterator("s", first, "TRIM_HORIZON"))]
        #expect(try await streams.call("GetRecords", iterator)["Records"]?.array?.count == 10)
        let refused = await streams.fault("GetRecords", iterator)
        #expect(refused?.code == "ProvisionedThroughputExceededException")
        streams.clock.advance(5000)
        let latest: JSON = ["ShardIterator": .string(try await streams.iterator("s", first, "LATEST"))]
        for _ in 0..<5 { #expect(await streams.fault("GetRecords", latest) == nil) }
        #expect(await streams.fault("GetRecords", latest)?.code == "ProvisionedThroughputExceededException")
    }

    @Test("a record is gone when its retention has passed, for readers at once and from the store at the next put")
    func retention() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        let old = try await streams.put("old", key: "k", into: "s").sequence
        streams.clock.advance(23 * 3_600_000)
        try await streams.put("new", key: "k", into: "s")
        streams.clock.advance(2 * 3_600_000)
        #expect(try await streams.all("s", first) == ["new"])
        let number: JSONObject = ["StartingSequenceNumber": .string(old)]
        #expect(try await streams.all("s", first, "AT_SEQUENCE_NUMBER", number) == ["new"])
        try await streams.put("newer", key: "k", into: "s")
        let count = try streams.store.read { try $0.first("SELECT COUNT(*) FROM kinesis_block") { $0.int(0) } }
        #expect(count == 2)
        #expect(try await streams.all("s", first) == ["new", "newer"])
    }

    @Test("how far a reader is behind is the age of its newest record")
    func lag() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        try await streams.put("a", key: "k", into: "s")
        try await streams.put("b", key: "k", into: "s")
        streams.clock.advance(7000)
        let iterator = try await streams.iterator("s", first, "TRIM_HORIZON")
        let one = try await streams.call("GetRecords", ["ShardIterator": .string(iterator), "Limit": 1])
        #expect(one["MillisBehindLatest"] == 7000)
        let rest = try await streams.call("GetRecords", ["ShardIterator": one["NextShardIterator"] ?? ""])
        #expect(rest["MillisBehindLatest"] == 0)
    }
}
