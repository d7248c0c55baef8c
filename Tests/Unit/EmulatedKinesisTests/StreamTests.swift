import EmulatorCore
import JSON
import Testing

@testable import EmulatedCloudFormation
@testable import EmulatedKinesis

@Suite struct StreamTests {
    @Test("a stream is created once, described by name and by ARN, listed and deleted")
    func life() async throws {
        let streams = try StreamFixture()
        try await streams.create("a", shards: 3)
        try await streams.call(
            "CreateStream", ["StreamName": "b", "StreamModeDetails": ["StreamMode": "ON_DEMAND"], "Tags": ["k": "v"]])
        let duplicate = await streams.fault("CreateStream", ["StreamName": "a", "ShardCount": 1])
        #expect(duplicate?.code == "ResourceInUseException")
        let summary = try await streams.call(
            "DescribeStreamSummary", ["StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/b"])
        #expect(summary["StreamDescriptionSummary"]?["OpenShardCount"] == 4)
        #expect(summary["StreamDescriptionSummary"]?["StreamModeDetails"]?["StreamMode"] == "ON_DEMAND")
        let described = try await streams.call("DescribeStream", ["StreamName": "a", "Limit": 2])["StreamDescription"]
        #expect(described?["Shards"]?.array?.count == 2 && described?["HasMoreShards"] == true)
        #expect(described?["RetentionPeriodHours"] == 24 && described?["EncryptionType"] == "NONE")
        let page = try await streams.call("ListStreams", ["Limit": 1])
        #expect(page["StreamNames"] == ["a"] && page["HasMoreStreams"] == true)
        let rest = try await streams.call("ListStreams", ["NextToken": page["NextToken"] ?? ""])
        #expect(rest["StreamNames"] == ["b"] && rest["HasMoreStreams"] == false)
        let limits = try await streams.call("DescribeLimits", [:])
        #expect(limits["OpenShardCount"] == 3 && limits["OnDemandStreamCount"] == 1)
        try await streams.call("DeleteStream", ["StreamName": "a"])
        #expect(await streams.fault("DescribeStream", ["StreamName": "a"])?.code == "ResourceNotFoundException")
    }

    @Test("a request that breaks rules hears of all of them at once")
    func validation() async throws {
        let streams = try StreamFixture()
        let fault = await streams.fault("CreateStream", ["StreamName": "a b", "ShardCount": 0])
        #expect(
            fault?.message == """
                2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy \
                regular expression pattern: [a-zA-Z0-9_.-]+; Value '0' at 'shardCount' failed to satisfy constraint: Member \
                must have value greater than or equal to 1
                """)
        #expect(await streams.fault("CreateStream", ["StreamName": 1])?.code == "SerializationException")
        #expect(await streams.fault("CreateStream", ["StreamName": "a"])?.code == "ValidationException")
        #expect(
            await streams.fault("CreateStream", ["StreamName": "a", "ShardCount": 501])?.code
                == "LimitExceededException")
        #expect(await streams.fault("SubscribeToShard", [:])?.isNotEmulated == true)
    }

    @Test("retention, encryption, monitoring, mode and tags are kept over a restart")
    func settings() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        try await streams.call("IncreaseStreamRetentionPeriod", ["StreamName": "s", "RetentionPeriodHours": 48])
        #expect(
            await streams.fault("IncreaseStreamRetentionPeriod", ["StreamName": "s", "RetentionPeriodHours": 25])?.code
                == "InvalidArgumentException")
        try await streams.call(
            "StartStreamEncryption", ["StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/k"])
        let metrics = try await streams.call(
            "EnableEnhancedMonitoring", ["StreamName": "s", "ShardLevelMetrics": ["IncomingBytes"]])
        #expect(metrics["CurrentShardLevelMetrics"] == [] && metrics["DesiredShardLevelMetrics"] == ["IncomingBytes"])
        try await streams.call("AddTagsToStream", ["StreamName": "s", "Tags": ["a": "1", "b": "2"]])
        try await streams.call("RemoveTagsFromStream", ["StreamName": "s", "TagKeys": ["a"]])
        try await streams.restart()
        let stream = try await streams.call("DescribeStreamSummary", ["StreamName": "s"])["StreamDescriptionSummary"]
        #expect(stream?["RetentionPeriodHours"] == 48 && stream?["KeyId"] == "alias/k")
        #expect(stream?["EnhancedMonitoring"] == [["ShardLevelMetrics": ["IncomingBytes"]]])
        let tags = try await streams.call("ListTagsForStream", ["StreamName": "s"])
        #expect(tags == ["Tags": [["Key": "b", "Value": "2"]], "HasMoreTags": false])
    }

    @Test("a template's stream is created once, then updated to its new properties; its records stay")
    func template() async throws {
        let streams = try StreamFixture()
        func deploy(_ properties: String) async throws -> StackReport {
            let text = """
                Resources:
                  Stream: {Type: AWS::Kinesis::Stream, Properties: \(properties)}
                Outputs:
                  Name: {Value: !Ref Stream}
                  Arn: {Value: !GetAtt Stream.Arn}
                """
            return try await Stack(try Template(parsing: text, file: "t.yaml"), name: "test").deploy(to: [
                streams.kinesis
            ])
        }
        let report = try await deploy("{Name: s, ShardCount: 2, RetentionPeriodHours: 48}")
        #expect(report.output("Name") == "s")
        #expect(report.output("Arn") == "arn:aws:kinesis:us-east-1:000000000000:stream/s")
        try await streams.put("kept", key: "a", into: "s")
        _ = try await deploy("{Name: s, ShardCount: 4, Tags: [{Key: k, Value: v}]}")
        let stream = try await streams.call("DescribeStreamSummary", ["StreamName": "s"])["StreamDescriptionSummary"]
        #expect(stream?["OpenShardCount"] == 4 && stream?["RetentionPeriodHours"] == 24)
        #expect(try await streams.all("s", "shardId-000000000000") == ["kept"])
        try await streams.kinesis.remove("AWS::Kinesis::Stream", "s")
        try await streams.kinesis.remove("AWS::Kinesis::Stream", "s")
        #expect(await streams.fault("DescribeStream", ["StreamName": "s"])?.code == "ResourceNotFoundException")
    }
}
