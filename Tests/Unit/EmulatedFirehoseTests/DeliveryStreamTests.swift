import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedFirehose

@Suite struct DeliveryStreamTests {
    @Test("a delivery stream is created once, described, listed, tagged and deleted, with the records it has")
    func life() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        #expect(
            await fixture.fault("CreateDeliveryStream", DeliveryFixture.declaration())?.code == "ResourceInUseException"
        )
        let d: JSON = ["DeliveryStreamName": "d"]
        try fixture.restart()
        let described = try await fixture.call("DescribeDeliveryStream", d)["DeliveryStreamDescription"]
        #expect(described?["VersionId"] == "1" && described?["DeliveryStreamType"] == "DirectPut")
        let destination = described?["Destinations"]?[0]?["ExtendedS3DestinationDescription"]
        #expect(destination?["BufferingHints"] == ["SizeInMBs": 64, "IntervalInSeconds": 90])
        #expect(try await fixture.call("ListDeliveryStreams", [:])["DeliveryStreamNames"] == ["d"])
        try await fixture.call(
            "TagDeliveryStream", ["DeliveryStreamName": "d", "Tags": [["Key": "a", "Value": "1"], ["Key": "b"]]])
        try await fixture.call("UntagDeliveryStream", ["DeliveryStreamName": "d", "TagKeys": ["b"]])
        #expect(
            try await fixture.call("ListTagsForDeliveryStream", d)["Tags"] == [["Key": "a", "Value": "1"]])
        try await fixture.put("beer one")
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        try await fixture.put("beer two")
        try await fixture.call("DeleteDeliveryStream", d)
        #expect(await fixture.fault("DescribeDeliveryStream", d)?.code == "ResourceNotFoundException")
        for table in ["firehose_block", "firehose_buffer", "firehose_chunk", "firehose_position"] {
            #expect(try fixture.store.read { try $0.first("SELECT COUNT(*) FROM \(table)") { $0.int(0) } } == 0)
        }
    }

    @Test("an update needs the current version, adds one to it, and keeps the records that wait")
    func update() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        try await fixture.put("beer one")
        func update(_ version: String) -> JSON {
            [
                "DeliveryStreamName": "d", "CurrentDeliveryStreamVersionId": .string(version),
                "DestinationId": "destinationId-000000000001",
                "ExtendedS3DestinationUpdate": ["Prefix": "new/!{partitionKeyFromLambda:table}/"],
            ]
        }
        #expect(await fixture.fault("UpdateDestination", update("2"))?.code == "ConcurrentModificationException")
        try await fixture.call("UpdateDestination", update("1"))
        try await fixture.settle()
        #expect(fixture.text(under: "new/beer/d-2-") == "beer one\n")
    }

    @Test(
        "a configuration that cannot work is refused when it is declared",
        arguments: [
            ["Prefix": "raw/"], ["ErrorOutputPrefix": nil], ["BufferingHints": ["SizeInMBs": 5]],
            ["BufferingHints": ["IntervalInSeconds": 901]], ["FileExtension": "gz"], ["BucketARN": nil],
            ["DynamicPartitioningConfiguration": nil], ["CompressionFormat": "Snappy"],
            ["CustomTimeZone": "Atlantis/Capital"], ["S3BackupMode": "Enabled"],
            ["ErrorOutputPrefix": "!{partitionKeyFromLambda:table}/"], ["FileExtension": ".GZ"],
            ["ErrorOutputPrefix": "errors/!{timestamp:yyyy}/"], ["ProcessingConfiguration": nil],
            ["Prefix": "!{partitionKeyFromQuery:n}/"], ["BufferingHints": ["IntervalInSeconds": 0]],
            ["Prefix": "!{partitionKeyFromLambda:table}/!{firehose:x}/"],
        ] as [JSONObject])
    func refusals(change: JSONObject) async throws {
        let fixture = try DeliveryFixture()
        let fault = await fixture.fault("CreateDeliveryStream", DeliveryFixture.declaration(from: nil, change))
        #expect(["InvalidArgumentException", "NotImplemented"].contains(fault?.code), "\(change)")
    }

    @Test("an update neither enables nor disables dynamic partitioning, nor disables the backup of the source")
    func keptByUpdates() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create(
            from: nil, ["S3BackupMode": "Enabled", "S3BackupConfiguration": ["BucketARN": "arn:aws:s3:::kept"]])
        for change in [
            ["S3BackupMode": "Disabled"], ["DynamicPartitioningConfiguration": ["Enabled": false], "Prefix": "a/"],
        ] as [JSON] {
            let fault = await fixture.fault(
                "UpdateDestination",
                [
                    "DeliveryStreamName": "d", "CurrentDeliveryStreamVersionId": "1",
                    "DestinationId": "destinationId-000000000001", "ExtendedS3DestinationUpdate": change,
                ])
            #expect(fault?.code == "InvalidArgumentException", "\(change)")
        }
    }

    @Test("a put beyond the service's limits is refused as a whole")
    func limits() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        func batch(_ count: Int, _ size: Int) -> JSON {
            let record = JSON.object(["Data": .string([UInt8](repeating: 7, count: size).base64)])
            return ["DeliveryStreamName": "d", "Records": .array(Array(repeating: record, count: count))]
        }
        #expect(await fixture.fault("PutRecordBatch", batch(501, 1))?.code == "ValidationException")
        #expect(await fixture.fault("PutRecordBatch", batch(1, 1_024_001))?.code == "ValidationException")
        #expect(await fixture.fault("PutRecordBatch", batch(5, 900_000))?.code == "InvalidArgumentException")
        #expect(await fixture.fault("PutRecordBatch", batch(500, 1)) == nil)
        let unknown: JSON = ["DeliveryStreamName": "x", "Record": ["Data": ""]]
        #expect(await fixture.fault("PutRecord", unknown)?.code == "ResourceNotFoundException")
        #expect(
            await fixture.fault("PutRecord", ["DeliveryStreamName": "d", "Record": ["Data": "no"]])?.code
                == "SerializationException")
    }

    @Test("a template's delivery stream is created once, and updated only when it has changed")
    func template() async throws {
        let fixture = try DeliveryFixture()
        func resource(_ interval: Int) -> DeclaredResource {
            var properties =
                DeliveryFixture.declaration(
                    from: nil,
                    [
                        "BufferingHints": ["SizeInMBs": "64", "IntervalInSeconds": .string("\(interval)")]
                    ]
                ).object ?? [:]
            properties["Tags"] = [["Key": "a", "Value": "1"]]
            return DeclaredResource(
                logicalID: "D", type: "AWS::KinesisFirehose::DeliveryStream", properties: .object(properties))
        }
        for (interval, version) in [(90, "1"), (90, "1"), (60, "2")] {
            let provisioned = try await fixture.firehose.provision(resource(interval))
            #expect(provisioned.ref == "d" && provisioned.attributes["Arn"]?.hasSuffix("deliverystream/d") == true)
            let described = try await fixture.call("DescribeDeliveryStream", ["DeliveryStreamName": "d"])
            #expect(described["DeliveryStreamDescription"]?["VersionId"]?.string == version)
        }
        try await fixture.firehose.remove("AWS::KinesisFirehose::DeliveryStream", "d")
        try await fixture.firehose.remove("AWS::KinesisFirehose::DeliveryStream", "d")
    }
}
