import JSON
import Synchronization
import Testing

@testable import EmulatorKit

/// A stream whose records the test adds.
private final class MemoryStream: ChangeStreaming {
    static let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/control/stream/1"
    let changesBell = Bell()
    private let records = Mutex<[ChangeRecord]>([])

    func add(_ event: JSON) {
        records.withLock { $0.append(ChangeRecord(sequence: Int64($0.count + 1), event: event)) }
        changesBell.ring()
    }

    func changes(inStream arn: String, after sequence: Int64, limit: Int) throws(AWSFault) -> [ChangeRecord] {
        Array(records.withLock { $0 }.filter { $0.sequence > sequence }.prefix(limit))
    }

    func lastSequence(inStream arn: String) throws(AWSFault) -> Int64 { records.withLock { Int64($0.count) } }

    func shardID(ofStream arn: String) throws(AWSFault) -> String { "shardId-1" }
}

/// Starts an execution by inserting its input into a table; refuses the first `refusals` and any input with `poison`.
private final class TableExecutions: ExecutionStarting {
    static let schema = "CREATE TABLE IF NOT EXISTS started (id INTEGER PRIMARY KEY, input TEXT) STRICT;"
    let refusals: Mutex<Int>
    let poison: String?

    init(refusals: Int = 0, poison: String? = nil) {
        self.refusals = Mutex(refusals)
        self.poison = poison
    }

    func startExecution(
        ofStateMachine arn: String, name: String?, input: JSON, in transaction: borrowing Transaction
    ) throws -> String {
        let isRefused = refusals.withLock { refusals in
            refusals -= 1
            return refusals >= 0 || poison.map { input.text.contains($0) } ?? false
        }
        try transaction.execute("INSERT INTO started (input) VALUES (?)", .text(input.text))
        if isRefused { throw AWSFault("StateMachineDoesNotExist", "not yet") }
        return arn
    }
}

private struct RecordingFunctions: LambdaInvoking {
    let invoked = Promise<String>()
    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> LambdaAnswer {
        invoked.settle(String(decoding: payload, as: UTF8.self))
        return LambdaAnswer(payload: [], requestID: "1")
    }
    func enqueue(function: String, payload: [UInt8], in transaction: borrowing Transaction) throws {}
}

@Suite struct PipeServiceTests {
    private let directory: TemporaryDirectory
    private let stream = MemoryStream()
    private let functions = RecordingFunctions()
    private let logs = RecordedLogs()
    private let clock = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private init(_ directory: TemporaryDirectory) throws { self.directory = directory }

    private func open(_ executions: TableExecutions = TableExecutions()) throws -> (store: Store, pipes: PipeService) {
        let store = try Store(directory: directory.path, schema: [PipeService.schema, TableExecutions.schema])
        let pipes = try PipeService(
            store: store, changes: stream, executions: executions, functions: functions, logs: logs)
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
        try store.read { try $0.all("SELECT input FROM started ORDER BY id") { $0.text(0) } }
    }

    private func waitForPosition(_ position: Int64, _ store: Store) async throws {
        func now() throws -> Int64? {
            try store.read { try $0.first("SELECT sequence FROM pipe_position") { $0.integer(0) } }
        }
        while try now() != position { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("a record that matches the filter starts one execution with the template's input")
    func filter() async throws {
        let (store, pipes) = try open()
        pipes.start()
        _ = try await pipes.provision(declaration())
        for id in 1...6 { stream.add(["id": .int(id), "status": id.isMultiple(of: 2) ? "pending" : "success"]) }
        try await waitForPosition(6, store)
        #expect(try started(store) == [#"[{"id":2}]"#, #"[{"id":4}]"#, #"[{"id":6}]"#])
        pipes.stop()
        store.close()
    }

    @Test("a batch has the declared size")
    func batchSize() async throws {
        let (store, pipes) = try open()
        pipes.start()
        for id in 1...5 { stream.add(["id": .int(id), "status": "pending"]) }
        _ = try await pipes.provision(
            declaration(["SourceParameters": ["DynamoDBStreamParameters": ["BatchSize": "2"]]]))
        try await waitForPosition(5, store)
        #expect(try started(store) == [#"[{"id":1},{"id":2}]"#, #"[{"id":3},{"id":4}]"#, #"[{"id":5}]"#])
        pipes.stop()
        store.close()
    }

    @Test("after a restart a pipe continues at its position without being declared again")
    func restart() async throws {
        let first = try open()
        first.pipes.start()
        _ = try await first.pipes.provision(declaration())
        stream.add(["id": 1, "status": "pending"])
        try await waitForPosition(1, first.store)
        first.pipes.stop()
        first.store.close()
        stream.add(["id": 2, "status": "pending"])
        let second = try open()
        second.pipes.start()
        try await waitForPosition(2, second.store)
        _ = try await second.pipes.provision(declaration())
        #expect(try started(second.store) == [#"[{"id":1}]"#, #"[{"id":2}]"#])
        second.pipes.stop()
        second.store.close()
    }

    @Test("a failed start is rolled back, retried, and happens once")
    func retry() async throws {
        let (store, pipes) = try open(TableExecutions(refusals: 2))
        pipes.start()
        _ = try await pipes.provision(declaration())
        stream.add(["id": 1, "status": "pending"])
        try await waitForPosition(1, store)
        #expect(try started(store) == [#"[{"id":1}]"#])
        #expect(logs.messages(in: "/aws/vendedlogs/pipes/pending").count == 2)
        pipes.stop()
        store.close()
    }

    // MARK: Dead-letter queue

    /// A pipe with a dead-letter queue, whose delays end at once.
    private func openWithQueue(
        _ executions: TableExecutions = TableExecutions()
    ) async throws -> (store: Store, pipes: PipeService, queues: SQSService) {
        let store = try Store(
            directory: directory.path, schema: [PipeService.schema, TableExecutions.schema] + SQSService.schema)
        let queues = SQSService(store: store, ambient: clock.ambient)
        _ = try await queues.perform("CreateQueue", ["QueueName": "dead"])
        let pipes = try PipeService(
            store: store, changes: stream, executions: executions, functions: functions, messages: queues, logs: logs,
            ambient: clock.ambient)
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
        let (store, pipes, queues) = try await openWithQueue(TableExecutions(poison: #"{"id":2}"#))
        for id in 1...3 { add(id) }
        pipes.start()
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
        pipes.stop()
        store.close()
    }

    @Test("a failing batch goes to the dead-letter queue as a whole, unless it is bisected")
    func bisect() async throws {
        for halved in [false, true] {
            let directory = try TemporaryDirectory()
            let test = try PipeServiceTests(directory)
            let (store, pipes, queues) = try await test.openWithQueue(TableExecutions(poison: #"{"id":3}"#))
            for id in 1...8 { test.add(id) }
            pipes.start()
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
            pipes.stop()
            store.close()
        }
    }

    @Test("a record above the maximum age is not delivered")
    func recordAge() async throws {
        let (store, pipes, queues) = try await openWithQueue()
        add(1, createdAt: clock.now - 61_000)
        add(2)
        pipes.start()
        _ = try await pipes.provision(declaration(parameters: ["BatchSize": 1, "MaximumRecordAgeInSeconds": 60]))
        try await waitForPosition(2, store)
        #expect(try started(store) == [#"[{"id":2}]"#])
        let letters = try await letters(queues)
        #expect(letters.map { $0["context"]?["condition"] } == ["RecordAgeExceeded"])
        #expect(letters.map { $0["DDBStreamBatchInfo"]?["startSequenceNumber"] } == ["001"])
        pipes.stop()
        store.close()
    }

    @Test("without its dead-letter queue, a pipe keeps the record that it cannot deliver")
    func missingQueue() async throws {
        let (store, pipes, queues) = try await openWithQueue(TableExecutions(poison: #"{"id":1}"#))
        _ = try await queues.perform("DeleteQueue", ["QueueUrl": "/dead"])
        add(1)
        pipes.start()
        _ = try await pipes.provision(declaration(parameters: ["BatchSize": 1, "MaximumRetryAttempts": 0]))
        func isReported() -> Bool {
            logs.messages(in: "/aws/vendedlogs/pipes/pending").contains { $0.contains("could not move on") }
        }
        while !isReported() { try await Task.sleep(for: .milliseconds(2)) }
        _ = try await queues.perform("CreateQueue", ["QueueName": "dead"])
        try await waitForPosition(1, store)
        #expect(try await letters(queues).count == 1)
        pipes.stop()
        store.close()
    }

    @Test("a pipe that starts at LATEST skips earlier records")
    func latest() async throws {
        let (store, pipes) = try open()
        stream.add(["id": 1])
        pipes.start()
        _ = try await pipes.provision(
            declaration(["SourceParameters": ["DynamoDBStreamParameters": ["StartingPosition": "LATEST"]]]))
        stream.add(["id": 2])
        try await waitForPosition(2, store)
        #expect(try started(store) == [#"[{"id":2}]"#])
        pipes.stop()
        store.close()
    }

    @Test("a function target gets the batch")
    func functionTarget() async throws {
        let (store, pipes) = try open()
        pipes.start()
        _ = try await pipes.provision(
            declaration(["Target": "arn:aws:lambda:us-east-1:000000000000:function:f", "TargetParameters": [:]]))
        stream.add(["id": 1, "status": "pending"])
        #expect(await functions.invoked.value == #"[{"id":1,"status":"pending"}]"#)
        try await waitForPosition(1, store)
        pipes.stop()
        store.close()
    }

    @Test("a source, target, or enrichment that is not emulated is refused by name")
    func notEmulated() async throws {
        let (store, pipes) = try open()
        for (change, name): (JSON, String) in [
            (["Source": "arn:aws:sqs:us-east-1:000000000000:q"], "source"), (["Target": "arn:aws:sns:x"], "target"),
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
