import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedLambda

@Suite struct EventSourceTests {
    @Test("records invoke the function in batches, in their order, with their place in the stream")
    func batches() async throws {
        let fixture = try EventSourceFixture()
        try await fixture.create(["BatchSize": 2])
        for text in ["a", "b", "c"] { fixture.stream.put(text) }
        #expect(try await fixture.run() == .waiting(until: nil))
        #expect(fixture.invocations == [["a", "b"], ["c"]])
        let record = try #require(fixture.function.events.withLock { $0[0]["Records"]?[0] })
        #expect(record["eventID"] == "shardId-0:0-1" && record["eventSource"] == "aws:kinesis")
        #expect(record["eventSourceARN"]?.string == TestStream.kinesis && record["awsRegion"] == "us-east-1")
        #expect(record["kinesis"]?["sequenceNumber"] == "0-1" && record["kinesis"]?["partitionKey"] == "k")
        #expect(record["kinesis"]?["approximateArrivalTimestamp"]?.double == 1_780_000_000.123)
        try await fixture.run()
        #expect(fixture.invocations.count == 2)
    }

    @Test("a batch that is not full waits for its window")
    func batchingWindow() async throws {
        let fixture = try EventSourceFixture()
        try await fixture.create(["BatchSize": 3, "MaximumBatchingWindowInSeconds": 10])
        fixture.stream.put("a")
        #expect(try await fixture.run() == .waiting(until: fixture.clock.now + 10_000))
        fixture.clock.advance(9_999)
        fixture.stream.put("b")
        try await fixture.run()
        #expect(fixture.invocations == [])
        fixture.clock.advance(1)
        try await fixture.run()
        #expect(fixture.invocations == [["a", "b"]])
        for text in ["c", "d", "e"] { fixture.stream.put(text) }
        try await fixture.run()
        #expect(fixture.invocations.last == ["c", "d", "e"])
    }

    @Test("filters see the data as JSON; records that none of them takes are passed over")
    func filters() async throws {
        let fixture = try EventSourceFixture()
        let pattern = #"{"data": {"type": ["buy"], "price": [{"numeric": [">", 5]}]}}"#
        try await fixture.create(["FilterCriteria": ["Filters": [["Pattern": .string(pattern)]]]])
        for text in [#"{"type":"buy","price":6}"#, #"{"type":"buy","price":5}"#, "no JSON", #"{"type":"sell"}"#] {
            fixture.stream.put(text)
        }
        try await fixture.run()
        #expect(fixture.invocations == [[#"{"type":"buy","price":6}"#]])
        let positions = fixture.sources.context.positions(
            of: try EventSourceMapping(id: fixture.id, EventSourceFixture.declaration()))
        let shard = try #require(try fixture.stream.shards(ofStream: "").first)
        #expect(try positions.position(of: ShardLane(shard)).sequence == 4)
    }

    @Test("LATEST begins after what is there, AT_TIMESTAMP with what has arrived since")
    func startingPositions() async throws {
        let fixture = try EventSourceFixture()
        fixture.stream.put("a")
        fixture.clock.advance(5000)
        fixture.stream.put("b")
        try await fixture.create(["StartingPosition": "LATEST"])
        fixture.stream.put("c")
        try await fixture.run()
        #expect(fixture.invocations == [["c"]])
        let other = try EventSourceFixture()
        other.stream.put("a")
        other.clock.advance(5000)
        other.stream.put("b")
        try await other.create(
            ["StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": .int(other.clock.now / 1000)])
        try await other.run()
        #expect(other.invocations == [["b"]])
    }

    @Test("a failing batch is retried as often as is said, then word of it goes to the queue with the position")
    func retries() async throws {
        let fixture = try EventSourceFixture(ScriptedFunction { $0.texts.contains("bad") ? .failed : .succeeded() })
        try await fixture.create(["MaximumRetryAttempts": 2, "DestinationConfig": EventSourceFixture.queue])
        fixture.stream.put("good")
        fixture.stream.put("bad")
        try await fixture.run()
        fixture.stream.put("next")
        try await fixture.run()
        #expect(fixture.invocations == Array(repeating: ["good", "bad"], count: 3) + [["next"]])
        let letter = try #require(try fixture.letters().first)
        #expect(letter["requestContext"]?["condition"] == "RetryAttemptsExhausted")
        #expect(letter["requestContext"]?["approximateInvokeCount"] == 3)
        #expect(letter["requestContext"]?["functionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:f")
        #expect(letter["responseContext"]?["functionError"] == "Unhandled" && letter["version"] == "1.0")
        let info = letter["KinesisBatchInfo"]
        #expect(info?["shardId"] == "shardId-0" && info?["streamArn"]?.string == TestStream.kinesis)
        #expect(info?["startSequenceNumber"] == "0-1" && info?["endSequenceNumber"] == "0-2")
        #expect(info?["batchSize"] == 2 && letter["payload"] == nil)
    }

    @Test("a failing batch is halved until the bad record is alone; the others are done once")
    func bisecting() async throws {
        let fixture = try EventSourceFixture(ScriptedFunction { $0.texts.contains("bad") ? .failed : .succeeded() })
        try await fixture.create([
            "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 1,
            "DestinationConfig": EventSourceFixture.queue,
        ])
        for text in ["a", "b", "bad", "d"] { fixture.stream.put(text) }
        try await fixture.run()
        #expect(
            fixture.invocations == [["a", "b", "bad", "d"], ["a", "b"], ["bad", "d"], ["bad"], ["bad"], ["d"]])
        #expect(try fixture.letters().map { $0["KinesisBatchInfo"]?["batchSize"] } == [1])
    }

    @Test("item failures are retried from the lowest on; what is no record fails the batch")
    func itemFailures() async throws {
        let answers = Mutex<[JSON]>([
            ["batchItemFailures": [["itemIdentifier": "0-3"], ["itemIdentifier": "0-2"]]],
            ["batchItemFailures": [["itemIdentifier": "unknown"]]], ["batchItemFailures": [["itemIdentifier": ""]]],
            ["batchItemFailures": []],
        ])
        let fixture = try EventSourceFixture(
            ScriptedFunction { _ in .succeeded(answers.withLock { $0.isEmpty ? .null : $0.removeFirst() }) })
        try await fixture.create(["FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumRetryAttempts": 5])
        for text in ["a", "b", "c"] { fixture.stream.put(text) }
        try await fixture.run()
        #expect(fixture.invocations == [["a", "b", "c"], ["b", "c"], ["b", "c"], ["b", "c"]])
    }

    @Test("records beyond their age are given up without an invocation, with the event for a bucket")
    func recordAge() async throws {
        let fixture = try EventSourceFixture()
        try await fixture.create([
            "MaximumRecordAgeInSeconds": 60,
            "DestinationConfig": ["OnFailure": ["Destination": "arn:aws:s3:::letters"]],
        ])
        fixture.stream.put("old")
        fixture.clock.advance(60_001)
        fixture.stream.put("new")
        try await fixture.run()
        #expect(fixture.invocations == [["new"]])
        let (location, contents) = try #require(fixture.objects.kept.withLock { $0.first })
        #expect(location.bucket == "letters")
        #expect(location.key.hasPrefix("aws/lambda/\(fixture.id)/shardId-0/2026/05/28/2026-05-28T20.27.40-"))
        let letter = try JSON(parsing: contents)
        #expect(letter["requestContext"]?["condition"] == "RecordAgeExceeded")
        let event = try JSON(parsing: letter["payload"]?.string ?? "")
        #expect(event.texts == ["old"])
    }

    @Test("an invocation that does not take place uses up no attempt")
    func throttling() async throws {
        let left = Mutex(3)
        let fixture = try EventSourceFixture(
            ScriptedFunction { _ throws(AWSFault) in
                let fails = left.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw AWSFault("TooManyRequestsException", "Rate Exceeded.", status: 429) }
                return .succeeded()
            })
        try await fixture.create(["MaximumRetryAttempts": 0])
        fixture.stream.put("a")
        for _ in 0..<3 { await #expect(throws: AWSFault.self) { try await fixture.run() } }
        try await fixture.run()
        #expect(fixture.invocations == Array(repeating: ["a"], count: 4))
        #expect(try fixture.letters().isEmpty)
    }

    @Test("the keys of a shard are shared out to slots, and each key keeps its order")
    func parallelization() async throws {
        let fixture = try EventSourceFixture()
        try await fixture.create(["ParallelizationFactor": 3])
        for number in 0..<60 { fixture.stream.put("\(number % 10):\(number)", key: "key \(number % 10)") }
        for slot in 0..<3 { try await fixture.run(slot: slot) }
        #expect(fixture.invocations.count == 3)
        let texts = fixture.invocations.flatMap { $0 }
        for key in 0..<10 {
            let expected = stride(from: key, to: 60, by: 10).map { "\(key):\($0)" }
            #expect(texts.filter { $0.hasPrefix("\(key):") } == expected)
        }
        // With other slots, each begins where the slowest was.
        _ = try await fixture.sources.update(fixture.id, ["ParallelizationFactor": 1])
        fixture.stream.put("new")
        try await fixture.run()
        #expect(fixture.invocations.last == ["new"])
    }

    @Test("a window hands its state on, and ends with an invocation of its own")
    func tumblingWindows() async throws {
        let fixture = try EventSourceFixture(
            ScriptedFunction { event in
                let sum = (event["state"]?["sum"]?.int ?? 0) + event.texts.compactMap { Int($0) }.reduce(0, +)
                return .succeeded(["state": ["sum": .int(sum)]])
            })
        try await fixture.create(["TumblingWindowInSeconds": 60, "BatchSize": 2])
        for text in ["1", "2", "3"] { fixture.stream.put(text) }
        #expect(try await fixture.run() == .waiting(until: 1_780_000_020_000))
        fixture.clock.advance(60_000)
        fixture.stream.put("10")
        try await fixture.run()
        let events = fixture.function.events.withLock { $0 }
        #expect(events.map(\.texts) == [["1", "2"], ["3"], [], ["10"]])
        #expect(events.map { $0["state"]?["sum"]?.int } == [nil, 3, 6, nil])
        #expect(events.map { $0["isFinalInvokeForWindow"] } == [false, false, true, false])
        #expect(events.allSatisfy { $0["isWindowTerminatedEarly"] == false && $0["shardId"] == "shardId-0" })
        #expect(events[0]["window"] == ["start": "2026-05-28T20:26:00.000Z", "end": "2026-05-28T20:27:00.000Z"])
        #expect(events[3]["window"]?["start"] == "2026-05-28T20:27:00.000Z")
    }

    @Test("with a window, an answer without a state is a failure")
    func missingState() async throws {
        let answers = Mutex<[JSON]>([.null, ["state": [:]]])
        let fixture = try EventSourceFixture(
            ScriptedFunction { _ in .succeeded(answers.withLock { $0.removeFirst() }) })
        try await fixture.create(["TumblingWindowInSeconds": 60])
        fixture.stream.put("1")
        try await fixture.run()
        #expect(fixture.invocations == [["1"], ["1"]])
    }

    @Test("a child shard is read after its parents, by the mapping's own task, and survives a restart")
    func shards() async throws {
        let fixture = try EventSourceFixture()
        try await fixture.create()
        fixture.stream.open("1", parents: ["0"])
        fixture.stream.put("child", into: "1")
        fixture.stream.put("parent", into: "0")
        fixture.sources.start()
        while fixture.invocations.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        fixture.stream.put("late parent", into: "0")
        fixture.stream.close("0")
        while fixture.invocations.flatMap({ $0 }).count < 3 { try await Task.sleep(for: .milliseconds(2)) }
        fixture.sources.stop()
        #expect(fixture.invocations.flatMap { $0 } == ["parent", "late parent", "child"])
    }

    @Test(
        "a mapping that cannot work is refused when it is declared",
        arguments: [
            ["StartingPosition": .null], ["StartingPosition": "AT_TIMESTAMP"], ["BatchSize": 0], ["BatchSize": 10_001],
            ["ParallelizationFactor": 11], ["MaximumRecordAgeInSeconds": 59], ["MaximumRetryAttempts": -2],
            ["TumblingWindowInSeconds": 901], ["FunctionResponseTypes": ["Other"]],
            ["FilterCriteria": ["Filters": [["Pattern": "{"]]]],
            ["FilterCriteria": ["Filters": [["Pattern": #"{"data": "x"}"#]]]],
            ["EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:q"], ["Unknown": 1],
            ["DestinationConfig": ["OnFailure": ["Destination": "arn:aws:lambda:us-east-1:000000000000:function:g"]]],
        ] as [JSONObject])
    func refusals(change: JSONObject) async throws {
        let fixture = try EventSourceFixture()
        await #expect(throws: AWSFault.self, "\(change)") { try await fixture.create(change) }
    }

    @Test("a function has one mapping of a stream; it is listed, changed, disabled and deleted with its positions")
    func life() async throws {
        let fixture = try EventSourceFixture()
        try await fixture.create()
        await #expect(throws: AWSFault.self) { try await fixture.sources.create(EventSourceFixture.declaration()) }
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        #expect(try fixture.sources.list(function: arn, source: TestStream.kinesis).count == 1)
        #expect(try fixture.sources.list(function: "g", source: nil).isEmpty)
        fixture.stream.put("a")
        try await fixture.run()
        #expect(try fixture.sources.document(of: fixture.id)["LastProcessingResult"] == "OK")
        let changed = try await fixture.sources.update(fixture.id, ["Enabled": false, "BatchSize": 7])
        #expect(changed["State"] == "Disabled" && changed["BatchSize"] == 7 && changed["FunctionArn"]?.string == arn)
        _ = try await fixture.sources.remove(fixture.id)
        for table in ["lambda_mapping", "stream_position"] {
            #expect(try fixture.store.read { try $0.first("SELECT COUNT(*) FROM \(table)") { $0.int(0) } } == 0)
        }
        #expect(throws: AWSFault.self) { try fixture.sources.document(of: fixture.id) }
    }
}
