import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedFirehose

@Suite struct DeliveryTests {
    @Test("records are transformed after the function's buffer interval, and stored by table after the delivery's")
    func buffers() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        try await fixture.put("beer one", "review one", "beer two")
        fixture.clock.advance(59_999)
        try await fixture.takeIn()
        #expect(fixture.function.events.withLock { $0.isEmpty })
        fixture.clock.advance(1)
        try await fixture.takeIn()
        #expect(fixture.function.events.withLock { $0.count } == 1)
        fixture.clock.advance(89_999)
        try await fixture.deliver()
        #expect(fixture.objects.keys.isEmpty)
        fixture.clock.advance(1)
        try await fixture.deliver()
        #expect(fixture.text(under: "raw/beer/") == "beer one\nbeer two\n")
        #expect(fixture.text(under: "raw/review/") == "review one\n")
        // The time of the oldest record, version 1.
        #expect(fixture.objects.keys.allSatisfy { $0.contains("/d-1-2026-05-28-20-26-40-") })
    }

    @Test("a batch is sent when it has 1 MB, and no larger; a full buffer is stored at once")
    func sizes() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create(
            from: nil,
            [
                "Prefix": "all/", "DynamicPartitioningConfiguration": nil,
                "BufferingHints": ["SizeInMBs": 1, "IntervalInSeconds": 900],
            ])
        let text = String(repeating: "x", count: 400_000)
        try await fixture.put(text, text, text)
        try await fixture.takeIn()
        let events = fixture.function.events.withLock { $0 }
        #expect(events.map { $0["records"]?.array?.count } == [2])
        try await fixture.put(text, text)
        try await fixture.takeIn()
        try await fixture.deliver()
        // Two batches of 800,000 bytes exceed the buffer's 1 MB.
        #expect(fixture.objects.keys.count == 1)
        #expect(fixture.text(under: "all/").utf8.count == 1_600_004)
    }

    @Test("dropped records are gone; failed, lost and unpartitioned ones are kept with the reason and their bytes")
    func failures() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        try await fixture.put("drop it", "bad one", "lose it", "", "beer one")
        try await fixture.settle()
        #expect(fixture.text(under: "raw/") == "beer one\n")
        let failures = try fixture.failures()
        #expect(
            failures.map { $0["errorCode"]?.string } == [
                "Lambda.FunctionError", "Lambda.MissingRecordId", "DynamicPartitioning.MetadataExtractionFailed",
            ])
        #expect(failures.map { $0["rawData"]?.string } == ["bad one", "lose it", ""].map { $0.utf8.base64 })
        let first = try #require(failures.first)
        #expect(first["attemptsMade"] == 1 && first["lambdaArn"]?.string == DeliveryFixture.functionARN)
        #expect(first["arrivalTimestamp"]?.int == 1_780_000_000_123)
        #expect(first["attemptEndingTimestamp"]?.int == 1_780_000_060_123)
    }

    @Test("a function that fails is retried three times, then its batch is kept as failed")
    func retries() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        let failure = FunctionAnswer(payload: Array("{}".utf8), functionError: "Unhandled", requestID: "1")
        fixture.function.answers.withLock { $0 = [failure, failure, failure] }
        try await fixture.put("beer one")
        try await fixture.settle()
        #expect(fixture.function.events.withLock { $0.count } == 4)
        #expect(fixture.text(under: "raw/beer/") == "beer one\n")
        fixture.function.answers.withLock { $0 = [failure, failure, failure, failure] }
        try await fixture.put("beer two")
        try await fixture.settle()
        #expect(try fixture.failures().map { $0["attemptsMade"] } == [4])
    }

    @Test("GZIP and an extension end the key, and the object is one gzip stream of all chunks")
    func compression() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create(from: nil, ["CompressionFormat": "GZIP", "FileExtension": ".json.gz"])
        try await fixture.put("beer one")
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        try await fixture.put("beer two")
        try await fixture.settle()
        let key = try #require(fixture.objects.keys.first)
        #expect(key.hasSuffix(".json.gz") && fixture.objects.keys.count == 1)
        #expect(fixture.objects.contents(key).prefix(2) == [0x1F, 0x8B])
        #expect(inflated(fixture.objects.contents(key)) == "beer one\nbeer two\n")
    }

    @Test("an object that was stored before a crash is not stored again; one that was not is stored under its key")
    func crash() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        try await fixture.put("beer one", "review one")
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        fixture.clock.advance(90_000)
        fixture.objects.failures.withLock { $0 = [.after, .before] }
        for _ in 0..<2 {
            await #expect(throws: AWSFault.self) { try await fixture.deliver() }
            try fixture.restart()
        }
        try await fixture.deliver()
        #expect(fixture.objects.putKeys.count == 2 && Set(fixture.objects.putKeys).count == 2)
        #expect(fixture.text(under: "raw/beer/") == "beer one\n")
        #expect(fixture.text(under: "raw/review/") == "review one\n")
    }

    @Test("a record that was taken in before a restart is not read again; one that was not is")
    func restart() async throws {
        let fixture = try DeliveryFixture()
        fixture.stream.open("0")
        try await fixture.create(from: MemoryShards.arn)
        fixture.stream.put("beer one", into: "0", at: fixture.clock.now)
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        fixture.stream.put("beer two", into: "0", at: fixture.clock.now)
        try fixture.restart()
        try await fixture.settle()
        #expect(fixture.text(under: "raw/beer/") == "beer one\nbeer two\n")
    }

    @Test("more than 500 partitions at a time go to the error prefix")
    func partitionLimit() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        for start in stride(from: 0, to: 600, by: 300) {
            let records = (start..<start + 300).map { JSON.object(["Data": .string("t\($0) x".utf8.base64)]) }
            try await fixture.call("PutRecordBatch", ["DeliveryStreamName": "d", "Records": .array(records)])
        }
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        // Partitions that are closed and cannot be delivered are still active.
        fixture.clock.advance(90_000)
        fixture.objects.failures.withLock { $0 = [.before] }
        await #expect(throws: AWSFault.self) { try await fixture.deliver() }
        try await fixture.put("another x")
        try await fixture.settle()
        #expect(fixture.objects.keys.count { $0.hasPrefix("raw/") } == 500)
        let failures = try fixture.failures()
        #expect(failures.count == 101)
        #expect(failures.allSatisfy { $0["errorCode"] == "DynamicPartitioning.ActivePartitionLimitExceeded" })
    }

    @Test(
        "records that a client joined are separated, transformed each, and kept as a whole if they cannot be separated")
    func separation() async throws {
        let fixture = try DeliveryFixture()
        let separation: JSON = [
            "Type": "RecordDeAggregation",
            "Parameters": [
                ["ParameterName": "SubRecordType", "ParameterValue": "DELIMITED"],
                ["ParameterName": "Delimiter", "ParameterValue": .string(";".utf8.base64)],
            ],
        ]
        try await fixture.create(from: nil, adding: separation)
        try await fixture.put("beer one;review one;bad one", "beer two", String(repeating: "beer x;", count: 501))
        try await fixture.settle()
        #expect(fixture.text(under: "raw/beer/") == "beer one\nbeer two\n")
        #expect(fixture.text(under: "raw/review/") == "review one\n")
        let failures = try fixture.failures()
        #expect(
            failures.map { $0["errorCode"]?.string } == [
                "Lambda.FunctionError", "DynamicPartitioning.RecordDeAggregationFailed",
            ])
        let sizes = failures.compactMap { $0["rawData"]?.string }.compactMap { [UInt8](base64: $0)?.count }
        #expect(sizes == [7, 3507])
        let events = fixture.function.events.withLock { $0 }
        let ids = events.flatMap { $0["records"]?.array ?? [] }.compactMap { $0["recordId"]?.string }
        #expect(ids.count == 4 && Set(ids).count == 4)
    }

    @Test("a query takes keys from what the function returned, beside the function's own; what has none is kept")
    func queries() async throws {
        let fixture = try DeliveryFixture()
        let query: JSON = [
            "Type": "MetadataExtraction",
            "Parameters": [
                ["ParameterName": "MetadataExtractionQuery", "ParameterValue": "{n: .n, x: .x?}"],
                ["ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"],
            ],
        ]
        try await fixture.create(
            from: nil, ["Prefix": "raw/!{partitionKeyFromQuery:n}/!{partitionKeyFromLambda:table}/"], adding: query)
        try await fixture.put(#"{"n":1}"#, #"{"n":"two"}"#, #"{"n":null}"#, "beer", #"{"n":[1]}"#, #"{"n":1,"m":2}"#)
        try await fixture.settle()
        #expect(fixture.text(under: #"raw/1/{"n":1}/"#) == "{\"n\":1}\n")
        #expect(fixture.text(under: #"raw/1/{"n":1,"m":2}/"#) == "{\"n\":1,\"m\":2}\n")
        #expect(fixture.text(under: "raw/two/") == "{\"n\":\"two\"}\n")
        let failures = try fixture.failures()
        #expect(failures.count == 3)
        #expect(failures.allSatisfy { $0["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed" })
    }

    @Test("the description says what waits in the source and in buffers, for clients' records and for a stream's")
    func progress() async throws {
        for source in [nil, MemoryShards.arn] {
            let fixture = try DeliveryFixture()
            fixture.stream.open("0")
            try await fixture.create(from: source)
            func progress() async throws -> [Int?] {
                let answer = try await fixture.call("DescribeDeliveryStream", ["DeliveryStreamName": "d"])
                let progress = answer["DeliveryStreamDescription"]?["EmulatorProgress"]
                return ["RecordsWaiting", "MillisBehindLatest", "Buffers", "BufferedBytes", "Partitions"].map {
                    progress?[$0]?.int
                }
            }
            for text in ["beer one", "bad two"] {
                if source == nil {
                    try await fixture.put(text)
                } else {
                    fixture.stream.put(text, into: "0", at: fixture.clock.now)
                }
            }
            func list(_ name: String) async throws -> [JSON] {
                let answer = try await fixture.call("DescribeDeliveryStream", ["DeliveryStreamName": "d"])
                return answer["DeliveryStreamDescription"]?["EmulatorProgress"]?[name]?.array ?? []
            }
            fixture.clock.advance(60_000)
            #expect(try await progress() == [2, 60_000, 0, 0, 0])
            let shards = try await list("ShardProgress")
            #expect(shards.map { $0["RecordsWaiting"]?.int } == (source == nil ? [] : [2]))
            #expect(shards.allSatisfy { $0["MillisBehindLatest"] == 60_000 && $0["ShardId"]?.string != nil })
            try await fixture.takeIn()
            fixture.clock.advance(1000)
            let buffers = try await list("OldestBuffers")
            #expect(buffers.count == 2 && buffers.allSatisfy { $0["OpenMillis"] == 1000 && $0["IsClosed"] == false })
            #expect(buffers.contains { $0["Kind"] == "data" && $0["Prefix"] == "raw/beer/" }, "\(buffers)")
            #expect(buffers.contains { $0["Kind"] == "errors" }, "\(buffers)")
            let taken = try await progress()
            #expect(taken[0] == 0 && taken[1] == 0 && taken[2] == 2 && taken[4] == 1 && (taken[3] ?? 0) > 9)
            try await fixture.settle()
            #expect(try await progress() == [0, 0, 0, 0, 0])
        }
    }

    @Test("records are backed up as they came, whatever becomes of them, in a bucket and with buffers of their own")
    func backup() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create(
            from: nil,
            [
                "S3BackupMode": "Enabled",
                "S3BackupConfiguration": [
                    "BucketARN": "arn:aws:s3:::kept", "Prefix": "kept/",
                    "BufferingHints": ["SizeInMBs": 1, "IntervalInSeconds": 30],
                ],
            ])
        try await fixture.put("beer one", "drop two", "bad three")
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        fixture.clock.advance(30_000)
        try await fixture.deliver()
        #expect(fixture.objects.keys.count == 1)
        #expect(fixture.text(under: "kept/2026/05/28/20/d-1-") == "beer onedrop twobad three")
        fixture.clock.advance(60_000)
        try await fixture.deliver()
        #expect(fixture.text(under: "raw/beer/") == "beer one\n")
        #expect(fixture.objects.buckets["kept"]?.count == 1 && fixture.objects.buckets["stage"]?.count == 2)
    }

    @Test("a clock that is set back delays nothing that arrived before")
    func clockSetBack() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        try await fixture.put("beer one")
        fixture.clock.advance(-3_600_000)
        try await fixture.takeIn()
        try await fixture.put("beer two")
        fixture.clock.advance(60_000)
        try await fixture.takeIn()
        fixture.clock.advance(-7_200_000)
        try await fixture.deliver()
        #expect(fixture.text(under: "raw/beer/") == "beer one\nbeer two\n")
    }

    @Test("a database from before there were backups keeps its buffers")
    func migration() async throws {
        let directory = try TemporaryDirectory()
        let old = FirehoseService.schema.map { statements in
            statements.replacing("kind INTEGER", with: "is_error INTEGER").replacing(
                "stream, kind, prefix", with: "stream, prefix")
        }
        var store = try Store(directory: directory.path, schema: old)
        try await store.write { try $0.execute("INSERT INTO firehose_buffer VALUES (7, 1, 'p', 1, 0, 0, 5, NULL)") }
        store.close()
        store = try Store(
            directory: directory.path, schema: FirehoseService.schema, migrations: [FirehoseService.addKindsOfBuffers])
        defer { store.close() }
        let open = try store.read { try StoredBuffer.open(of: 1, in: $0) }
        #expect(open.map(\.id) == [7] && open.map(\.kind) == [.errors])
    }

    @Test("a database from before buffers were compressed keeps what they hold")
    func packing() async throws {
        let directory = try TemporaryDirectory()
        let long = String(repeating: "beer one ", count: 1000)
        var store = try Store(directory: directory.path, schema: FirehoseService.schema)
        try await store.write { transaction in
            try transaction.execute("INSERT INTO firehose_buffer VALUES (7, 1, 'p', 0, 0, 0, 9007, NULL)")
            for text in [long, "beer two", ""] {
                try transaction.execute("INSERT INTO firehose_chunk VALUES (NULL, 7, ?)", .blob(Array(text.utf8)))
            }
        }
        store.close()
        store = try Store(
            directory: directory.path, schema: FirehoseService.schema, migrations: [FirehoseService.packChunks])
        defer { store.close() }
        let buffer = try #require(try store.read { try StoredBuffer.open(of: 1, in: $0) }.first)
        var chunks: [String] = []
        try buffer.forEachChunk(in: store) { chunks.append(String(decoding: $0, as: UTF8.self)) }
        #expect(chunks == [long, "beer two", ""])
        let stored = try store.read { try $0.first("SELECT SUM(LENGTH(data)) FROM firehose_chunk") { $0.int(0) } }
        #expect(try #require(stored) < 1000)
    }
}
