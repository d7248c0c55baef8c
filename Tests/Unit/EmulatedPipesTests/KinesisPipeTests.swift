import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedPipes

@Suite struct KinesisPipeTests {
    private func declaration(_ parameters: JSONObject, template: String? = nil) -> DeclaredResource {
        var properties: JSONObject = [
            "Name": "changes", "Source": .string(TestStream.kinesis),
            "SourceParameters": .object(parameters),
            "Target": "arn:aws:states:us-east-1:000000000000:stateMachine:ingestion",
        ]
        if let template { properties["TargetParameters"] = ["InputTemplate": .string(template)] }
        return DeclaredResource(logicalID: "Pipe", type: "AWS::Pipes::Pipe", properties: .object(properties))
    }

    @Test(
        "records of every shard are delivered, a child's after its parent's, with their data as JSON for filter and template"
    )
    func shards() async throws {
        let directory = try TemporaryDirectory()
        let stream = TestStream(clock: TestClock())
        let store = try Store(directory: directory.path, schema: PipeService.schema + [TableTarget.schema])
        defer { store.close() }
        let pipes = try PipeService(store: store, peers: Peers(stream, TableTarget("states"), RecordedLogs()))
        stream.open("0")
        stream.put(#"{"id":0,"kind":"early"}"#)
        _ = try await pipes.provision(
            declaration(
                [
                    "KinesisStreamParameters": ["StartingPosition": "LATEST", "BatchSize": 1],
                    "FilterCriteria": ["Filters": [["Pattern": #"{"data":{"kind":["good"]}}"#]]],
                ], template: #"{"id": <$.data.id>, "key": <$.partitionKey>}"#))
        try await pipes.start()
        stream.open("1", parents: ["0"])
        stream.put(#"{"id":3,"kind":"good"}"#, key: "c", into: "1")
        stream.put(#"{"id":1,"kind":"good"}"#, key: "a")
        stream.put(#"{"id":2,"kind":"bad"}"#, key: "b")
        stream.put("no JSON")
        stream.close("0")
        while try TableTarget.bodies(in: store).count < 2 { try await Task.sleep(for: .milliseconds(2)) }
        await pipes.stop()
        #expect(
            try TableTarget.bodies(in: store) == [#"[{"id":1,"key":"a"}]"#, #"[{"id":3,"key":"c"}]"#])
    }

    @Test("without a template a record is delivered as AWS writes it, with its data in base64")
    func event() async throws {
        let directory = try TemporaryDirectory()
        let stream = TestStream(clock: TestClock())
        let store = try Store(directory: directory.path, schema: PipeService.schema + [TableTarget.schema])
        defer { store.close() }
        let pipes = try PipeService(store: store, peers: Peers(stream, TableTarget("states"), RecordedLogs()))
        stream.open("0")
        stream.put(#"{"id":1}"#, key: "a")
        try await pipes.start()
        _ = try await pipes.provision(
            declaration(["KinesisStreamParameters": ["StartingPosition": "TRIM_HORIZON"]]))
        while try TableTarget.bodies(in: store).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        await pipes.stop()
        let event = try JSON(parsing: try TableTarget.bodies(in: store)[0])[0]
        #expect(event?["data"]?.string == #"{"id":1}"#.utf8.base64 && event?["partitionKey"] == "a")
        #expect(event?["eventSource"] == "aws:kinesis" && event?["eventID"] == "shardId-0:0-1")
        #expect(event?["eventSourceARN"]?.string == TestStream.kinesis && event?["kinesisSchemaVersion"] == "1.0")
    }

    @Test("of records that fill many batches with a window, each is read once")
    func backlog() async throws {
        let directory = try TemporaryDirectory()
        let stream = TestStream(clock: TestClock())
        let store = try Store(directory: directory.path, schema: PipeService.schema + [TableTarget.schema])
        defer { store.close() }
        let pipes = try PipeService(store: store, peers: Peers(stream, TableTarget("states"), RecordedLogs()))
        stream.open("0")
        for id in 0..<500 { stream.put(#"{"id":\#(id)}"#) }
        try await pipes.start()
        _ = try await pipes.provision(
            declaration(
                [
                    "KinesisStreamParameters": [
                        "StartingPosition": "TRIM_HORIZON", "BatchSize": 10, "MaximumBatchingWindowInSeconds": 60,
                    ]
                ], template: "<$.data.id>"))
        while try TableTarget.bodies(in: store).count < 50 { try await Task.sleep(for: .milliseconds(2)) }
        await pipes.stop()
        #expect(
            try TableTarget.bodies(in: store)
                == (0..<50).map { batch in "[\((0..<10).map { "\(batch * 10 + $0)" }.joined(separator: ","))]" })
        #expect(stream.recordsGiven == 500)
    }

    @Test("a database with positions of pipes from before keeps them")
    func migration() async throws {
        let directory = try TemporaryDirectory()
        let old =
            "CREATE TABLE pipe_position (pipe TEXT PRIMARY KEY, source TEXT NOT NULL, sequence INTEGER NOT NULL) STRICT"
        var store = try Store(directory: directory.path, schema: [old])
        try await store.write { try $0.execute("INSERT INTO pipe_position VALUES ('p', 'arn', 7)") }
        store.close()
        store = try Store(
            directory: directory.path, schema: PipeService.schema, migrations: [PipeService.moveThePositions])
        defer { store.close() }
        let shard = StreamShard(id: "arn", name: "shardId-1", lastSequence: 9, isClosed: false)
        #expect(try ShardPositions(of: "pipe:p", in: store).position(of: ShardLane(shard)).sequence == 7)
    }
}
