import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedFirehose

@Suite struct AggregatedRecordTests {
    /// By aws-kinesis-agg 1.2.3: `one` with the partition key a, `two` with the partition key b and the hash key 7.
    private static let recorded = bytes(
        "f3899ac20a01610a01621201371a0708001a036f6e651a09080110001a0374776f24c63fc0e4c3abee5fbeb804f0ddc909")

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    @Test("a record of a foreign aggregator has its inner records with their keys")
    func foreign() throws {
        let record = try #require(AggregatedRecord(Self.recorded[...]))
        #expect(record.records.map(\.data) == [Array("one".utf8)[...], Array("two".utf8)[...]])
        #expect(record.records.map(\.partitionKey) == ["a", "b"])
        #expect(record.records.map(\.explicitHashKey) == [nil, 7])
    }

    @Test("a record with any other byte, or cut anywhere, is not aggregated")
    func broken() {
        for index in Self.recorded.indices {
            var bytes = Self.recorded
            bytes[index] ^= 0x10
            #expect(AggregatedRecord(bytes[...]) == nil)
            #expect(AggregatedRecord(Self.recorded[..<index]) == nil)
        }
    }

    @Test("inner records are transformed one by one; those with a hash key of another shard are dropped, and logged")
    func delivery() async throws {
        let fixture = try DeliveryFixture()
        fixture.stream.open("0", hashKeys: 0...6)
        fixture.stream.open("1", hashKeys: 7...(.max))
        try await fixture.create(
            from: MemoryShards.arn,
            [
                "CloudWatchLoggingOptions": [
                    "Enabled": true, "LogGroupName": "group", "LogStreamName": "stream",
                ]
            ])
        fixture.stream.put(Self.recorded, into: "0", at: fixture.clock.now)
        fixture.stream.put(Self.recorded, into: "1", at: fixture.clock.now)
        try await fixture.settle()
        #expect(fixture.text(under: "raw/one/") == "one\none\n")
        #expect(fixture.text(under: "raw/two/") == "two\n")
        let records = fixture.function.events.withLock { $0 }.flatMap { $0["records"]?.array ?? [] }
        #expect(records.map { $0["recordId"]?.string } == ["4901000000", "4911000000", "4911000001"])
        #expect(records.map { $0["kinesisRecordMetadata"]?["partitionKey"] } == ["a", "a", "b"])
        #expect(fixture.logs.messages(in: "group").contains { $0.contains("Source.RecordsDropped") })
    }
}
