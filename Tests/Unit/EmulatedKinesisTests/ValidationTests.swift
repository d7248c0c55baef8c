import EmulatorCore
import JSON
import Testing

@testable import EmulatedKinesis

/// What breaks a member's constraint, and how the service says it.
@Suite struct ValidationTests {
    private static func message(_ failures: String...) -> String {
        "\(failures.count) validation error\(failures.count == 1 ? "" : "s") detected: "
            + failures.joined(separator: "; ")
    }

    @Test("an empty text breaks its pattern and its length; a number has a pattern only")
    func emptyTexts() async throws {
        let streams = try StreamFixture()
        let fault = await streams.fault(
            "SplitShard", ["StreamName": "s", "ShardToSplit": "", "NewStartingHashKey": ""])
        #expect(
            fault?.message
                == Self.message(
                    "Value '' at 'shardToSplit' failed to satisfy constraint: Member must satisfy regular expression "
                        + "pattern: [a-zA-Z0-9_.-]+",
                    "Value '' at 'shardToSplit' failed to satisfy constraint: Member must have length greater than or "
                        + "equal to 1",
                    "Value '' at 'newStartingHashKey' failed to satisfy constraint: Member must satisfy regular "
                        + #"expression pattern: 0|([1-9]\d{0,38})"#))
    }

    @Test("hash keys and sequence numbers are digits without a zero before them", arguments: ["01", "-1", "1e3", "x"])
    func numbers(text: String) async throws {
        let streams = try StreamFixture()
        let put: JSONObject = ["StreamName": "s", "PartitionKey": "k", "Data": ""]
        for member in ["ExplicitHashKey", "SequenceNumberForOrdering"] {
            for value in [text, String(repeating: "1", count: 130)] {
                var input = put
                input[member] = .string(value)
                let fault = await streams.fault("PutRecord", .object(input))
                #expect(
                    fault?.code == "ValidationException" && fault?.message.contains("pattern: 0|") == true, "\(value)")
            }
        }
    }

    @Test("bytes and long lists are not repeated in messages; the partition key counts towards a record's size")
    func sizes() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        func put(_ size: Int, _ key: String) -> JSON {
            ["StreamName": "s", "Records": [record(size, key)]]
        }
        func record(_ size: Int, _ key: String) -> JSON {
            ["PartitionKey": .string(key), "Data": .string([UInt8](repeating: 7, count: size).base64)]
        }
        let tooLong = Self.message(
            "Value at 'records.1.member.data' failed to satisfy constraint: Member must have length less than or equal to "
                + "1048576")
        #expect(await streams.fault("PutRecords", put(1 << 20 | 1, "k"))?.message == tooLong)
        #expect(await streams.fault("PutRecords", put(1 << 20 - 2, "key"))?.message == tooLong)
        #expect(await streams.fault("PutRecords", put(1 << 20 - 3, "key")) == nil)
        #expect(await streams.fault("PutRecord", ["StreamName": "s"])?.code == "ValidationException")
        let many: JSON = ["StreamName": "s", "Records": .array(Array(repeating: record(1, "k"), count: 501))]
        #expect(
            await streams.fault("PutRecords", many)?.message
                == Self.message(
                    "Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500"
                ))
        #expect(
            await streams.fault("PutRecords", ["StreamName": "s", "Records": [7]])?.code == "SerializationException")
    }

    @Test("tags have keys and values of certain lengths and characters")
    func tags() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        func add(_ tags: JSON, to stream: JSON = "s") async -> AWSFault? {
            await streams.fault("AddTagsToStream", ["StreamName": stream, "Tags": tags])
        }
        let long = String(repeating: "a", count: 257)
        #expect(
            await add([:])?.message
                == Self.message(
                    "Value '{}' at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1"
                ))
        #expect(
            await add(["b": "1", long: "2"])?.message
                == Self.message(
                    "Value '{b=1, \(long)=2}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: "
                        + "[Member must have length less than or equal to 128, Member must have length greater than or "
                        + "equal to 1]"))
        #expect(
            await add(["b": .string(long)])?.message.hasSuffix(
                "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have "
                    + "length greater than or equal to 0]") == true)
        #expect(await add(["b": 7])?.code == "SerializationException")
        for text in ["a;b", "a\tb", "a\nb", "a,b"] {
            #expect(await add(.object([text: "1"]))?.code == "InvalidArgumentException", "\(text)")
            #expect(await add(["a": .string(text)])?.code == "InvalidArgumentException", "\(text)")
            let removed = await streams.fault(
                "RemoveTagsFromStream", ["StreamName": "s", "TagKeys": [.string(text)]])
            #expect(removed?.code == "InvalidArgumentException", "\(text)")
        }
        // The stream is looked for first.
        #expect(await add(["a;b": "1"], to: "none")?.code == "ResourceNotFoundException")
        #expect(await add(["ü0 _.": "/=+-@:", "empty": ""]) == nil)
        #expect(
            await streams.fault("RemoveTagsFromStream", ["StreamName": "s", "TagKeys": ["a", .string(long), "b"]])?
                .message
                == Self.message(
                    "Value '[a, \(long), b]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: "
                        + "[Member must have length less than or equal to 128, Member must have length greater than or "
                        + "equal to 1]"))
    }

    @Test("what a request names and the emulator does not have is refused by name, not passed over")
    func notEmulated() async throws {
        let streams = try StreamFixture()
        let arn: JSON = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
        for (member, value) in [
            ("WarmThroughputMiBps", 10), ("MaxRecordSizeInKiB", 2048), ("RecordDistributionStrategy", "AUTO"),
        ] as [(String, JSON)] {
            let fault = await streams.fault(
                "CreateStream", .object(["StreamName": "s", "ShardCount": 1, member: value]))
            #expect(fault?.isNotEmulated == true && fault?.message.contains(member) == true)
        }
        try await streams.create("s", shards: 1)
        let tagged = await streams.fault(
            "RegisterStreamConsumer", ["StreamARN": arn, "ConsumerName": "c", "Tags": ["a": "1"]])
        #expect(tagged?.isNotEmulated == true)
        #expect(await streams.fault("DescribeStream", ["StreamName": "s", "StreamId": "x"])?.isNotEmulated == true)
        for action in ["RegisterStreamConsumer", "ListStreamConsumers", "UpdateStreamMode"] {
            let byName: JSON = [
                "StreamName": "s", "ConsumerName": "c", "StreamModeDetails": ["StreamMode": "PROVISIONED"],
            ]
            let fault = await streams.fault(action, byName)
            #expect(fault?.message.contains("Value null at 'streamARN'") == true, "\(action)")
        }
    }

    @Test("a page's token has its stream with it", arguments: ["StreamName", "StreamARN", "ExclusiveStartShardId"])
    func tokens(member: String) async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 2)
        let token = try await streams.call("ListShards", ["StreamName": "s", "MaxResults": 1])["NextToken"] ?? .null
        let fault = await streams.fault("ListShards", .object(["NextToken": token, member: "s"]))
        #expect(fault?.message == "NextToken and \(member) cannot be provided together.")
    }

    @Test(
        "a value of another type is no value of the member",
        arguments: ["StreamModeDetails", "EnforceConsumerDeletion"])
    func types(member: String) async throws {
        let streams = try StreamFixture()
        let action = member == "StreamModeDetails" ? "CreateStream" : "DeleteStream"
        let fault = await streams.fault(action, .object(["StreamName": "s", "ShardCount": 1, member: "yes"]))
        #expect(fault?.code == "SerializationException")
    }

    @Test("a stream on demand has no shard count to update, in the service's words")
    func onDemand() async throws {
        let streams = try StreamFixture()
        try await streams.call("CreateStream", ["StreamName": "s", "StreamModeDetails": ["StreamMode": "ON_DEMAND"]])
        let fault = await streams.fault(
            "UpdateShardCount", ["StreamName": "s", "TargetShardCount": 3, "ScalingType": "UNIFORM_SCALING"])
        #expect(fault?.code == "ValidationException")
        #expect(fault?.message == "Request is invalid. Stream s under account 000000000000 is in On-Demand mode.")
    }

    @Test("policies of streams and consumers are kept until they or their stream are deleted")
    func policies() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        let arn: JSON = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
        let policy: JSON = #"{"Version":"2012-10-17","Statement":[]}"#
        let consumer = try await streams.call("RegisterStreamConsumer", ["StreamARN": arn, "ConsumerName": "c"])
        let consumerARN = try #require(consumer["Consumer"]?["ConsumerARN"])
        #expect(try await streams.call("GetResourcePolicy", ["ResourceARN": arn])["Policy"] == "{}")
        for resource in [arn, consumerARN] {
            try await streams.call("PutResourcePolicy", ["ResourceARN": resource, "Policy": policy])
            #expect(try await streams.call("GetResourcePolicy", ["ResourceARN": resource])["Policy"] == policy)
        }
        try await streams.call("DeleteResourcePolicy", ["ResourceARN": arn])
        let gone = await streams.fault("DeleteResourcePolicy", ["ResourceARN": arn])
        #expect(gone?.code == "ResourceNotFoundException")
        #expect(
            gone?.message
                == "No resource policy found for resource ARN arn:aws:kinesis:us-east-1:000000000000:stream/s.")
        for unknown in ["arn:aws:kinesis:us-east-1:000000000000:stream/none", "arn:aws:sqs:us-east-1:0:q"] as [JSON] {
            let fault = await streams.fault("GetResourcePolicy", ["ResourceARN": unknown])
            #expect(fault?.code == "ResourceNotFoundException")
        }
        #expect(
            await streams.fault("PutResourcePolicy", ["ResourceARN": arn, "Policy": "no"])?.code
                == "InvalidArgumentException")
        try await streams.call("DeleteStream", ["StreamName": "s", "EnforceConsumerDeletion": true])
        #expect(try streams.store.read { try $0.first("SELECT COUNT(*) FROM kinesis_policy") { $0.int(0) } } == 0)
    }
}
