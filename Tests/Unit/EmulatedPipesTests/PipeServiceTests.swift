import EmulatorCore
import JSON
import Synchronization
import Testing
import TestServices
import Time

@testable import EmulatedPipes
@testable import EmulatedSQS

/// A stream whose records the test adds.
private final class MemoryStream: StreamSource {
    static let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/control/stream/1"
    let streamService = "dynamodb"
    let readers = BellGroup()
    private let records = Mutex<[StreamRecord]>([])

    func add(_ event: JSON) {
        records.withLock { records in
            let sequence = Int64(records.count + 1)
            let moment = event["dynamodb"]?["ApproximateCreationDateTime"]?.int ?? 0
            records.append(
                StreamRecord(
                    sequence: sequence,
                    sequenceNumber: event["dynamodb"]?["SequenceNumber"]?.string ?? "\(sequence)",
                    arrivedAt: Int64(moment) * 1000,
                    content: .change(event)))
        }
        readers.ring()
    }

    func records(
        ofStream arn: String, shard: StreamShard, after sequence: Int64, limit: Int
    ) throws(AWSFault) -> [StreamRecord] {
        Array(records.withLock { $0 }.filter { $0.sequence > sequence }.prefix(limit))
    }

    func shards(ofStream arn: String) throws(AWSFault) -> [StreamShard] {
        [StreamShard(id: arn, name: "shardId-1", lastSequence: records.withLock { Int64($0.count) }, isClosed: false)]
    }
}

private struct RecordingFunctions: FunctionInvoking {
    let invoked = Promise<String>()
    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer {
        invoked.settle(String(decoding: payload, as: UTF8.self))
        return FunctionAnswer(payload: [], requestID: "1")
    }
    func arn(ofFunction function: String) -> ARN? { ARN(function) }
}

@Suite struct PipeServiceTests {
    private let directory: TemporaryDirectory
    private let stream = MemoryStream()
    private let functions = RecordingFunctions()
    private let logs = RecordedLogs()
    private let clock = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private init(_ directory: TemporaryDirectory) throws { self.directory = directory }

    /// A state machine that never takes an event with `poison`.
    private static func machine(refusing poison: String) -> TableTarget {
        TableTarget("states") { event, _ in
            event.body.contains(poison) ? AWSFault("StateMachineDoesNotExist", "not yet") : nil
        }
    }

    private func open(refusing count: Int = 0) throws -> (store: Store, pipes: PipeService) {
        let executions = TableTarget("states")
        executions.fail(count)
        let store = try Store(directory: directory.path, schema: PipeService.schema + [TableTarget.schema])
        let pipes = try PipeService(store: store, peers: Peers(stream, executions, functions, logs))
        return (store, pipes)
    }

    private func declaration(_ changes: JSON = [:]) -> DeclaredResource {
        var properties: JSONObject = [
            "Name": "pending", "Source": .string(MemoryStream.arn),
            "SourceParameters": [
                "DynamoDBStreamParameters": ["StartingPosition": "TRIM_HORIZON", "BatchSize": 1],
                "FilterCriteria": ["Filters": [["Pattern": #"{"status": ["pending"]}"#]]],
            ],
            "Target": "arn:aws:states:us-east-1:000000000000:stateMachine:ingestion",
            "TargetParameters": ["InputTemplate": #"{"id": <$.id>}"#],
        ]
        for (name, value) in changes.object ?? [:] { properties[name] = value }
        return DeclaredResource(logicalID: "Pipe", type: "AWS::Pipes::Pipe", properties: .object(properties))
    }

    private func started(_ store: Store) throws -> [String] {
        try TableTarget.bodies(in: store)
    }

    private func waitForPosition(_ position: Int64, _ store: Store) async throws {
        func now() throws -> Int64? {
            try store.read { try $0.first("SELECT MAX(sequence) FROM stream_position") { $0.integer(0) } }
        }
        while try now() != position { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("a record that matches the filter starts one execution with the template's input")
    func filter() async throws {
        let (store, pipes) = try open()
        try await pipes.start()
        _ = try await pipes.provision(declaration())
        for id in 1...6 { stream.add(["id": .int(id), "status": id.isMultiple(of: 2) ? "pending" : "success"]) }
        try await waitForPosition(6, store)
        #expect(try started(store) == [#"[{"id":2}]"#, #"[{"id":4}]"#, #"[{"id":6}]"#])
        await pipes.stop()
        store.close()
    }

    @Test("a batch has the declared size")
    func batchSize() async throws {
        let (store, pipes) = try open()
        try await pipes.start()
        for id in 1...5 { stream.add(["id": .int(id), "status": "pending"]) }
        _ = try await pipes.provision(
            declaration(["SourceParameters": ["DynamoDBStreamParameters": ["BatchSize": "2"]]]))
        try await waitForPosition(5, store)
        #expect(try started(store) == [#"[{"id":1},{"id":2}]"#, #"[{"id":3},{"id":4}]"#, #"[{"id":5}]"#])
        await pipes.stop()
        store.close()
    }

    @Test("a full batch is delivered at once, one that is not full when its window is over")
    func batchingWindow() async throws {
        let (store, pipes) = try open()
        try await pipes.start()
        _ = try await pipes.provision(
            declaration([
                "SourceParameters": [
                    "DynamoDBStreamParameters": ["BatchSize": 3, "MaximumBatchingWindowInSeconds": 60],
                    "FilterCriteria": ["Filters": [["Pattern": #"{"status": ["pending"]}"#]]],
                ]
            ]))
        for id in 1...5 { stream.add(["id": .int(id), "status": id == 2 ? "success" : "pending"]) }
        try await waitForPosition(4, store)
        #expect(try started(store) == [#"[{"id":1},{"id":3},{"id":4}]"#])
        clock.advance(59_000)
        stream.add(["id": 6, "status": "success"])
        stream.add(["id": 7, "status": "pending"])
        try await Task.sleep(for: .milliseconds(50))
        #expect(try started(store).count == 1)
        clock.advance(61_000)
        try await waitForPosition(7, store)
        #expect(try started(store) == [#"[{"id":1},{"id":3},{"id":4}]"#, #"[{"id":5},{"id":7}]"#])
        for _ in 0..<3 { stream.add(["id": 8, "status": "success"]) }
        try await waitForPosition(10, store)
        await pipes.stop()
        store.close()
    }

    @Test("after a restart a pipe continues at its position without being declared again")
    func restart() async throws {
        let first = try open()
        try await first.pipes.start()
        _ = try await first.pipes.provision(declaration())
        stream.add(["id": 1, "status": "pending"])
        try await waitForPosition(1, first.store)
        await first.pipes.stop()
        first.store.close()
        stream.add(["id": 2, "status": "pending"])
        let second = try open()
        try await second.pipes.start()
        try await waitForPosition(2, second.store)
        _ = try await second.pipes.provision(declaration())
        #expect(try started(second.store) == [#"[{"id":1}]"#, #"[{"id":2}]"#])
        await second.pipes.stop()
        second.store.close()
    }

    @Test("a failed start is rolled back, retried, and happens once")
    func retry() async throws {
        let (store, pipes) = try open(refusing: 2)
        try await pipes.start()
        _ = try await pipes.provision(declaration())
        stream.add(["id": 1, "status": "pending"])
        try await waitForPosition(1, store)
        #expect(try started(store) == [#"[{"id":1}]"#])
        #expect(logs.messages(in: "/aws/vendedlogs/pipes/pending").count == 2)
        await pipes.stop()
        store.close()
    }

    // MARK: Dead-letter queue

    /// A pipe with a dead-letter queue, whose delays end at once.
    private func openWithQueue(
        _ executions: TableTarget = TableTarget("states")
    ) async throws -> (store: Store, pipes: PipeService, queues: SQSService) {
        let store = try Store(
            directory: directory.path, schema: PipeService.schema + [TableTarget.schema] + SQSService.schema)
        let queues = SQSService(store: store, clock: clock.clockAndChance)
        _ = try await queues.perform("CreateQueue", ["QueueName": "dead"])
        let pipes = try PipeService(
            store: store, peers: Peers(stream, executions, functions, queues, logs), clock: clock.clockAndChance)
        return (store, pipes, queues)
    }

    private func add(_ id: Int, createdAt: Int64? = nil) {
        stream.add([
            "id": .int(id), "status": "pending",
            "dynamodb": [
                "ApproximateCreationDateTime": .int((createdAt ?? clock.now) / 1000),
                "SequenceNumber": .string("00\(id)"),
            ],
        ])
    }

    private func declaration(parameters: JSON) -> DeclaredResource {
        var members = parameters.object ?? [:]
        members["StartingPosition"] = "TRIM_HORIZON"
        members["DeadLetterConfig"] = ["Arn": "arn:aws:sqs:us-east-1:000000000000:dead"]
        return declaration(["SourceParameters": ["DynamoDBStreamParameters": .object(members)]])
    }

    private func letters(_ queues: SQSService) async throws -> [JSON] {
        let answer = try await queues.perform("ReceiveMessage", ["QueueUrl": "/dead", "MaxNumberOfMessages": 10])
        return try (answer["Messages"]?.array ?? []).map { try JSON(parsing: $0["Body"]?.string ?? "") }
    }

    @Test("a record that runs out of retries goes to the dead-letter queue, and later records pass")
    func deadLetter() async throws {
        let (store, pipes, queues) = try await openWithQueue(Self.machine(refusing: #"{"id":2}"#))
        for id in 1...3 { add(id) }
        try await pipes.start()
        _ = try await pipes.provision(declaration(parameters: ["BatchSize": 1, "MaximumRetryAttempts": 3]))
        try await waitForPosition(3, store)
        #expect(try started(store) == [#"[{"id":1}]"#, #"[{"id":3}]"#])
        let expected: JSON = [
            "context": [
                "partnerResourceArn": "arn:aws:pipes:us-east-1:000000000000:pipe/pending",
                "condition": "RetryAttemptsExhausted",
            ],
            "version": "1.0", "timestamp": "2026-05-28T20:26:40.123Z",
            "DDBStreamBatchInfo": [
                "shardId": "shardId-1", "startSequenceNumber": "002", "endSequenceNumber": "002",
                "approximateArrivalOfFirstRecord": "2026-05-28T20:26:40.000Z",
                "approximateArrivalOfLastRecord": "2026-05-28T20:26:40.000Z", "batchSize": 1,
                "streamArn": .string(MemoryStream.arn),
            ],
        ]
        #expect(try await letters(queues) == [expected])
        let log = logs.messages(in: "/aws/vendedlogs/pipes/pending")
        #expect(log.last?.hasPrefix("gave up after 4 attempts") == true)
        await pipes.stop()
        store.close()
    }

    @Test("a failing batch goes to the dead-letter queue as a whole, unless it is bisected")
    func bisect() async throws {
        for halved in [false, true] {
            let directory = try TemporaryDirectory()
            let test = try PipeServiceTests(directory)
            let (store, pipes, queues) = try await test.openWithQueue(Self.machine(refusing: #"{"id":3}"#))
            for id in 1...8 { test.add(id) }
            try await pipes.start()
            _ = try await pipes.provision(
                test.declaration(parameters: [
                    "BatchSize": 4, "MaximumRetryAttempts": 3,
                    "OnPartialBatchItemFailure": halved ? "AUTOMATIC_BISECT" : .null,
                ]))
            try await test.waitForPosition(8, store)
            let batch = try await test.letters(queues).map { $0["DDBStreamBatchInfo"] ?? .null }
            #expect(batch.map { $0["startSequenceNumber"] } == [halved ? "003" : "001"])
            #expect(batch.map { $0["endSequenceNumber"] } == [halved ? "003" : "004"])
            #expect(batch.map { $0["batchSize"] } == [halved ? 1 : 4])
            let ids = try test.started(store).joined()
            for id in 1...8 { #expect(ids.contains(#"{"id":\#(id)}"#) == (halved ? id != 3 : id > 4)) }
            await pipes.stop()
            store.close()
        }
    }

    @Test("a record above the maximum age is not delivered")
    func recordAge() async throws {
        let (store, pipes, queues) = try await openWithQueue()
        add(1, createdAt: clock.now - 61_000)
        add(2)
        try await pipes.start()
        _ = try await pipes.provision(declaration(parameters: ["BatchSize": 1, "MaximumRecordAgeInSeconds": 60]))
        try await waitForPosition(2, store)
        #expect(try started(store) == [#"[{"id":2}]"#])
        let letters = try await letters(queues)
        #expect(letters.map { $0["context"]?["condition"] } == ["RecordAgeExceeded"])
        #expect(letters.map { $0["DDBStreamBatchInfo"]?["startSequenceNumber"] } == ["001"])
        await pipes.stop()
        store.close()
    }

    @Test("without its dead-letter queue, a pipe keeps the record that it cannot deliver")
    func missingQueue() async throws {
        let (store, pipes, queues) = try await openWithQueue(Self.machine(refusing: #"{"id":1}"#))
        _ = try await queues.perform("DeleteQueue", ["QueueUrl": "/dead"])
        add(1)
        try await pipes.start()
        _ = try await pipes.provision(declaration(parameters: ["BatchSize": 1, "MaximumRetryAttempts": 0]))
        func isReported() -> Bool {
            logs.messages(in: "/aws/vendedlogs/pipes/pending").contains { $0.contains("could not skip the records") }
        }
        while !isReported() { try await Task.sleep(for: .milliseconds(2)) }
        _ = try await queues.perform("CreateQueue", ["QueueName": "dead"])
        try await waitForPosition(1, store)
        #expect(try await letters(queues).count == 1)
        await pipes.stop()
        store.close()
    }

    @Test("a pipe that starts at LATEST skips earlier records")
    func latest() async throws {
        let (store, pipes) = try open()
        stream.add(["id": 1])
        try await pipes.start()
        _ = try await pipes.provision(
            declaration(["SourceParameters": ["DynamoDBStreamParameters": ["StartingPosition": "LATEST"]]]))
        stream.add(["id": 2])
        try await waitForPosition(2, store)
        #expect(try started(store) == [#"[{"id":2}]"#])
        await pipes.stop()
        store.close()
    }

    @Test("a function target gets the batch")
    func functionTarget() async throws {
        let (store, pipes) = try open()
        try await pipes.start()
        _ = try await pipes.provision(
            declaration(["Target": "arn:aws:lambda:us-east-1:000000000000:function:f", "TargetParameters": [:]]))
        stream.add(["id": 1, "status": "pending"])
        #expect(await functions.invoked.value == #"[{"id":1,"status":"pending"}]"#)
        try await waitForPosition(1, store)
        await pipes.stop()
        store.close()
    }

    @Test("a source, target, or enrichment that is not emulated is refused by name")
    func notEmulated() async throws {
        let (store, pipes) = try open()
        for (change, name): (JSON, String) in [
            (["Source": "arn:aws:mq:us-east-1:000000000000:broker:b"], "source"),
            (["Target": "arn:aws:sns:x"], "target"),
            (["Enrichment": "arn"], "enrichment"),
        ] {
            let fault = await #expect(throws: AWSFault.self) { try await pipes.provision(declaration(change)) }
            #expect(fault?.code == "NotImplemented")
            #expect(fault?.message.contains(name) == true)
        }
        store.close()
    }

    @Test("pipes are listed and described")
    func description() async throws {
        let (store, pipes) = try open()
        _ = try await pipes.provision(declaration())
        let list = await pipes.respond(to: HTTPRequest(method: "GET", path: "/v1/pipes"))
        #expect(list.json?["Pipes"]?[0]?["Name"] == "pending")
        let pipe = await pipes.respond(to: HTTPRequest(method: "GET", path: "/v1/pipes/pending"))
        #expect(pipe.json?["TargetParameters"]?["InputTemplate"] == #"{"id": <$.id>}"#)
        #expect(pipe.json?["Arn"] == "arn:aws:pipes:us-east-1:000000000000:pipe/pending")
        #expect(await pipes.respond(to: HTTPRequest(method: "GET", path: "/v1/pipes/x")).status == 404)
        store.close()
    }
}
