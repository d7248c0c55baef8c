import EmulatorCore
import JSON
import Testing

@testable import EmulatedFirehose

/// How the service refuses what breaks its rules, and what it says of tags, encryption and destinations.
@Suite struct DeliveryStreamRefusalTests {
    private static let one = "Exactly one destination configuration is supported for a Firehose"
    private static let http: JSON = ["EndpointConfiguration": ["Url": "https://example.com"]]

    @Test("a delivery stream has exactly one destination, when it is created and when it is updated")
    func oneDestination() async throws {
        let fixture = try DeliveryFixture()
        #expect(await fixture.fault("CreateDeliveryStream", ["DeliveryStreamName": "d"])?.message == Self.one)
        var two = DeliveryFixture.declaration().object ?? [:]
        two["HttpEndpointDestinationConfiguration"] = Self.http
        #expect(await fixture.fault("CreateDeliveryStream", .object(two))?.message == Self.one)
        try await fixture.create()
        func update(_ name: String, _ destinations: JSONObject) -> JSON {
            var input = destinations
            input["DeliveryStreamName"] = .string(name)
            input["CurrentDeliveryStreamVersionId"] = "1"
            input["DestinationId"] = "destinationId-000000000001"
            return .object(input)
        }
        let prefix: JSON = ["Prefix": "x/"]
        for destinations in [[:], ["S3DestinationUpdate": prefix, "ExtendedS3DestinationUpdate": prefix]]
            as [JSONObject]
        {
            #expect(await fixture.fault("UpdateDestination", update("d", destinations))?.message == Self.one)
        }
        #expect(await fixture.fault("UpdateDestination", update("x", [:]))?.code == "ResourceNotFoundException")
        #expect(
            await fixture.fault("UpdateDestination", update("d", ["HttpEndpointDestinationUpdate": Self.http]))?.message
                == "Changing the destination type to or from HttpEndpoint is not supported at this time.")
    }

    @Test("a Kinesis stream is the source only of a delivery stream that is declared so")
    func sourceOfDirectPut() async throws {
        let fixture = try DeliveryFixture()
        var declaration = DeliveryFixture.declaration().object ?? [:]
        declaration["KinesisStreamSourceConfiguration"] = ["KinesisStreamARN": "arn", "RoleARN": "role"]
        #expect(
            await fixture.fault("CreateDeliveryStream", .object(declaration))?.message
                == "KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type")
    }

    @Test("a description has the destination in its older form too")
    func olderDescription() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        let described = try await fixture.call("DescribeDeliveryStream", ["DeliveryStreamName": "d"])
        let destination = described["DeliveryStreamDescription"]?["Destinations"]?[0]
        let older = try #require(destination?["S3DestinationDescription"]?.object)
        #expect(older["BucketARN"] == destination?["ExtendedS3DestinationDescription"]?["BucketARN"])
        #expect(older["DynamicPartitioningConfiguration"] == nil && older["EncryptionConfiguration"] != nil)
    }

    @Test("tags are listed in pages, and refused when they break a rule")
    func tags() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        func tag(_ tags: [JSON]) async -> AWSFault? {
            await fixture.fault("TagDeliveryStream", ["DeliveryStreamName": "d", "Tags": .array(tags)])
        }
        func tags(_ numbers: ClosedRange<Int>) -> [JSON] {
            numbers.map { ["Key": .string("\($0)_k"), "Value": .string("\($0)_v")] }
        }
        #expect(await tag(tags(1...51))?.code == "ValidationException")
        #expect(await tag([])?.code == "ValidationException")
        let bad = await tag([["Key": "good", "Value": ""], ["Key": "foo!", "Value": "bar"]])
        #expect(
            bad?.message.hasPrefix(
                "1 validation error detected: Value 'foo!' at 'tags.2.member.key' failed to satisfy constraint: Member must "
                    + "satisfy regular expression pattern: ") == true)
        #expect(await tag([["Key": "aws:x", "Value": ""]])?.code == "InvalidArgumentException")
        #expect(await tag([["Value": "v"]])?.code == "ValidationException")
        #expect(await tag(tags(1...50)) == nil)
        #expect(await tag([["Key": "another", "Value": "v"]])?.code == "LimitExceededException")
        func list(_ more: JSONObject) async throws -> (keys: [String], hasMore: JSON?) {
            var input = more
            input["DeliveryStreamName"] = "d"
            let answer = try await fixture.call("ListTagsForDeliveryStream", .object(input))
            return ((answer["Tags"]?.array ?? []).compactMap { $0["Key"]?.string }, answer["HasMoreTags"])
        }
        let first = try await list(["Limit": 1])
        #expect(first.keys == ["1_k"] && first.hasMore == true)
        let rest = try await list(["ExclusiveStartTagKey": "30_k"])
        #expect(rest.keys == (31...50).map { "\($0)_k" } && rest.hasMore == false)
        #expect(try await list(["ExclusiveStartTagKey": "50_k"]).keys.isEmpty)
        #expect(
            await fixture.fault("ListTagsForDeliveryStream", ["DeliveryStreamName": "d", "Limit": 51])?.code
                == "ValidationException")
        #expect(
            await fixture.fault("UntagDeliveryStream", ["DeliveryStreamName": "d", "TagKeys": []])?.code
                == "ValidationException")
    }

    @Test("encryption starts and stops, is described, and is said in the answers to puts; the version stays")
    func encryption() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        let name: JSONObject = ["DeliveryStreamName": "d"]
        func described() async throws -> JSON? {
            try await fixture.call("DescribeDeliveryStream", .object(name))["DeliveryStreamDescription"]
        }
        func start(_ encryption: JSON) async -> AWSFault? {
            var input = name
            input["DeliveryStreamEncryptionConfigurationInput"] = encryption
            return await fixture.fault("StartDeliveryStreamEncryption", .object(input))
        }
        func isEncrypted() async throws -> JSON? {
            var input = name
            input["Record"] = ["Data": "QQ=="]
            return try await fixture.call("PutRecord", .object(input))["Encrypted"]
        }
        #expect(try await described()?["DeliveryStreamEncryptionConfiguration"] == nil)
        #expect(try await isEncrypted() == false)
        #expect(await start(["KeyType": "CUSTOMER_MANAGED_CMK"])?.code == "InvalidArgumentException")
        #expect(await start(["KeyType": "AWS_OWNED_CMK", "KeyARN": "arn"])?.code == "InvalidArgumentException")
        #expect(await start(["KeyType": "MINE"])?.code == "ValidationException")
        #expect(await start(["KeyType": "AWS_OWNED_CMK"]) == nil)
        try fixture.restart()
        #expect(
            try await described()?["DeliveryStreamEncryptionConfiguration"]
                == ["KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"])
        #expect(try await isEncrypted() == true)
        try await fixture.call("StopDeliveryStreamEncryption", .object(name))
        #expect(try await described()?["DeliveryStreamEncryptionConfiguration"] == ["Status": "DISABLED"])
        #expect(try await isEncrypted() == false)
        #expect(try await described()?["VersionId"] == "1")
        let unknown = await fixture.fault("StopDeliveryStreamEncryption", ["DeliveryStreamName": "x"])
        #expect(unknown?.code == "ResourceNotFoundException")
    }
}
