import EmulatorCore
import JSON
import Synchronization
import Testing
import TestServices
import Time

@testable import EmulatedLambda
@testable import EmulatedSQS

@Suite struct EventTests {
    private func waitForReports(_ count: Int, _ lambda: LambdaFixture) async {
        while lambda.logs.all.count(where: { $0.message.hasPrefix("REPORT") }) < count {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func waitUntilEmpty(_ lambda: LambdaFixture) async throws {
        func queued() throws -> Int {
            try lambda.store.read { try $0.first("SELECT count(*) FROM lambda_event") { $0.int(0) } } ?? -1
        }
        while try queued() > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("an event is queued only if its transaction commits, and leaves the queue on success")
    func transactionalQueue() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        try await lambda.service.start()
        struct Refused: Error {}
        await #expect(throws: Refused.self) {
            try await lambda.store.write { transaction in
                try lambda.accept("1", function: "echo", in: transaction)
                throw Refused()
            }
        }
        try await lambda.store.write { transaction in
            try lambda.accept("2", function: "echo:$LATEST", in: transaction)
        }
        await waitForReports(1, lambda)
        try await waitUntilEmpty(lambda)
        #expect(lambda.logs.messages(in: "/aws/lambda/echo").filter { $0.hasPrefix("event") } == ["event 2\n"])
        await lambda.close()
    }

    @Test("a failing event runs three times with one request ID")
    func retries() async throws {
        let time = Mutex<Int64>(1_000_000)
        let lambda = try LambdaFixture { options in
            options.clock = ClockAndChance(
                now: { Timestamp(milliseconds: time.withLock { $0 }) },
                sleep: { until in
                    time.withLock { $0 = max($0, until.milliseconds) }
                    await Task.yield()
                })
        }
        try await lambda.create()
        try await lambda.service.start()
        let response = await lambda.request(
            "POST", "/2015-03-31/functions/echo/invocations", headers: [("X-Amz-Invocation-Type", "Event")],
            body: #""fail""#)
        #expect(response.status == 202)
        let id = try #require(response.headers["x-amzn-RequestId"])
        await waitForReports(3, lambda)
        try await waitUntilEmpty(lambda)
        let starts = lambda.logs.messages(in: "/aws/lambda/echo").filter { $0.hasPrefix("START") }
        #expect(starts == Array(repeating: "START RequestId: \(id) Version: $LATEST\n", count: 3))
        await lambda.close()
    }

    @Test("an event that runs out of retries invokes its failure destination")
    func failureDestination() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create("echo")
        try await lambda.create("failures")
        _ = try await lambda.service.provision(
            DeclaredResource(
                logicalID: "Config", type: "AWS::Lambda::EventInvokeConfig",
                properties: [
                    "FunctionName": "echo", "MaximumRetryAttempts": 0,
                    "DestinationConfig": [
                        "OnFailure": ["Destination": "arn:aws:lambda:us-east-1:000000000000:function:failures"]
                    ],
                ]))
        try await lambda.service.start()
        try await lambda.store.write { transaction in
            try lambda.accept(#""fail""#, function: "echo", in: transaction)
        }
        await waitForReports(2, lambda)
        try await waitUntilEmpty(lambda)
        let event = lambda.logs.messages(in: "/aws/lambda/failures").first { $0.hasPrefix("event {") }
        let record = try JSON(parsing: String(try #require(event, "\(lambda.logs.all)").dropFirst(6)))
        #expect(record["requestContext"]?["condition"] == "RetriesExhausted")
        #expect(record["requestPayload"] == "fail")
        #expect(record["responsePayload"]?["errorType"] == "BadInput")
        await lambda.close()
    }

    @Test("an event that runs out of retries goes to its failure destination and dead-letter queue")
    func queues() async throws {
        let lambda = try LambdaFixture()
        let queues = SQSService(store: lambda.store)
        for name in ["lost", "dead"] { _ = try await queues.perform("CreateQueue", ["QueueName": .string(name)]) }
        lambda.peers.connect([queues])
        try await lambda.create("echo", ["DeadLetterConfig": ["TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"]])
        _ = try await lambda.service.provision(
            DeclaredResource(
                logicalID: "Config", type: "AWS::Lambda::EventInvokeConfig",
                properties: [
                    "FunctionName": "echo", "MaximumRetryAttempts": 0,
                    "DestinationConfig": [
                        "OnFailure": ["Destination": "arn:aws:sqs:us-east-1:000000000000:lost"],
                        "OnSuccess": ["Destination": "arn:aws:sqs:us-east-1:000000000000:none"],
                    ],
                ]))
        try await lambda.service.start()
        try await lambda.store.write { transaction in
            for payload in [#""fail""#, #""well""#] {
                try lambda.accept(payload, function: "echo", in: transaction)
            }
        }
        await waitForReports(2, lambda)
        try await waitUntilEmpty(lambda)
        func message(_ queue: JSON) async throws -> JSON? {
            try await queues.perform("ReceiveMessage", ["QueueUrl": queue, "MessageAttributeNames": ["All"]])[
                "Messages"]?[0]
        }
        let record = try JSON(parsing: try await message("/lost")?["Body"]?.string ?? "")
        #expect(record["requestContext"]?["condition"] == "RetriesExhausted")
        #expect(record["requestPayload"] == "fail")
        let letter = try await message("/dead")
        #expect(letter?["Body"] == #""fail""#)
        #expect(letter?["MessageAttributes"]?["ErrorMessage"]?["StringValue"] == "no good")
        #expect(letter?["MessageAttributes"]?["RequestID"]?["StringValue"] == record["requestContext"]?["requestId"])
        let complaints = lambda.logs.messages(in: "/aws/lambda/echo").filter { $0.contains("could not be sent to") }
        #expect(complaints.count == 1)
        await lambda.close()
    }

    @Test("events queued before a crash run after it")
    func crash() async throws {
        let first = try LambdaFixture()
        try await first.create()
        try await first.store.write { transaction in
            for number in 0..<20 {
                try first.accept("\(number)", function: "echo", in: transaction)
            }
        }
        // The first service never starts, as if killed; the second finds its functions and events in the store.
        first.store.close()
        let second = try LambdaFixture(directory: first.directory)
        try await second.service.start()
        await waitForReports(20, second)
        try await waitUntilEmpty(second)
        let events = Set(second.logs.messages(in: "/aws/lambda/echo").filter { $0.hasPrefix("event") })
        #expect(events == Set((0..<20).map { "event \($0)\n" }))
        await second.close()
    }
}
