import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedFirehose

@Suite struct KinesisSourceTests {
    @Test("a delivery stream reads what is put after its creation, with the place of each record in the event")
    func event() async throws {
        let fixture = try DeliveryFixture()
        fixture.stream.open("0")
        fixture.stream.put("beer early", into: "0", at: fixture.clock.now)
        try await fixture.create(from: MemoryShards.arn)
        fixture.stream.put("beer one", into: "0", at: fixture.clock.now)
        try await fixture.settle()
        #expect(fixture.text(under: "raw/beer/") == "beer one\n")
        let event = try #require(fixture.function.events.withLock { $0.first })
        #expect(event["sourceKinesisStreamArn"]?.string == MemoryShards.arn)
        #expect(event["deliveryStreamArn"] == "arn:aws:firehose:us-east-1:000000000000:deliverystream/d")
        #expect(event["region"] == "us-east-1")
        let record = event["records"]?[0]
        #expect(record?["recordId"] == "4902000000")
        #expect(record?["approximateArrivalTimestamp"]?.int == 1_780_000_000_123)
        #expect(
            record?["kinesisRecordMetadata"] == [
                "sequenceNumber": "4902", "subsequenceNumber": 0, "partitionKey": "k\"", "shardId": "shardId-0",
                "approximateArrivalTimestamp": 1_780_000_000_123,
            ])
    }

    @Test("a child shard is read after its parents, so a key's records keep their order through a split")
    func parentsFirst() async throws {
        let fixture = try DeliveryFixture()
        fixture.stream.open("0")
        try await fixture.create(from: MemoryShards.arn)
        // The parent's record is newer by the clock, and still the first.
        fixture.stream.open("1", parents: ["0"])
        fixture.stream.put("beer second", into: "1", at: fixture.clock.now - 120_000)
        fixture.stream.put("beer first", into: "0", at: fixture.clock.now)
        try await fixture.takeIn()
        fixture.stream.close("0")
        try await fixture.settle()
        #expect(fixture.text(under: "raw/beer/") == "beer first\nbeer second\n")
    }

    @Test("clients cannot put into a delivery stream that reads a Kinesis stream")
    func noPuts() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create(from: MemoryShards.arn)
        let fault = await fixture.fault("PutRecord", ["DeliveryStreamName": "d", "Record": ["Data": ""]])
        #expect(fault?.code == "InvalidArgumentException")
    }

    @Test("its tasks deliver by themselves, woken by the stream's bell")
    func tasks() async throws {
        let fixture = try DeliveryFixture()
        fixture.stream.open("0")
        try await fixture.create(from: MemoryShards.arn)
        try await fixture.firehose.start()
        fixture.stream.put("beer one", into: "0", at: fixture.clock.now - 60_000)
        fixture.stream.readers.ring()
        while try fixture.store.read({ try StoredBuffer.activePrefixes(of: 1, in: $0) }).isEmpty {
            try await Task.sleep(for: .milliseconds(2))
        }
        fixture.clock.advance(90_000)
        while fixture.objects.keys.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        await fixture.firehose.stop()
        #expect(fixture.text(under: "raw/beer/") == "beer one\n")
    }
}
