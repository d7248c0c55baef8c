import AWSModels
import Control
import FakeAWS
import JSON
import LambdaRuntime
import Testing

@testable import SilverMerge

/// Files that were created in the same millisecond.
@Suite struct SequencerTests {
    @Test(
        "of two files of one millisecond the later sequencer's rows count, in a merge and in a reload",
        arguments: [
            ("0A", "0B"), ("0B", "0A"), ("9", "0A"), ("0055", "00550"),
        ])
    func order(first: String, second: String) throws {
        let lake = try TestLake()
        let now = lake.aws.now
        for (name, sequencer) in [("first", first), ("second", second)] {
            let change = TestChange(id: 1, operation: .insert, order: "", time: 1, name: name, score: 1)
            let key = "bronze/t/\(name).parquet"
            let version = VersionOrder(
                controlID: ControlID(bucket: "stage", key: name, version: "1", schema: .bronze), sequencer: sequencer,
                createdAt: now)
            let bytes = try lake.bronze([change], hasOrders: false)
            lake.aws.put(bytes, to: S3Object(bucket: "lake", key: key), metadata: version.metadata)
            var raw = ControlRecord(
                controlID: version.controlID, schema: .bronze, table: "t", bucket: "stage", objectKey: "raw/t/\(name)",
                objectVersion: .eTag("e"), fileFormat: .csv, fileSizeInBytes: 1, createdAt: now)
            raw.sequencer = sequencer
            let record = raw.next(
                .silver, bucket: "lake", outputKey: key, version: .eTag("e"), sizeInBytes: bytes.count, rowCount: 1)
            lake.aws.putItem(record.item, in: "control")
            // Each in a batch of its own, the second may be the earlier.
            try lake.merge()
        }
        // S3 compares sequencers as texts, the shorter padded on the right with zeros.
        let padded = [first, second].map { $0 + String(repeating: "0", count: 24 - $0.count) }
        let wanted = padded[0] < padded[1] ? "second" : padded[1] < padded[0] ? "first" : nil
        if let wanted { #expect(try lake.rows()[1]?.name == wanted) }
        let merged = try lake.rows()
        let context = InvocationContext(
            requestID: "reload", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        _ = try lake.merge.handle(["table": "t", "reload": true], context)
        if wanted != nil { #expect(try lake.rows()[1]?.name == merged[1]?.name) }
    }
}
