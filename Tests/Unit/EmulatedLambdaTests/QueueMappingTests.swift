import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing
import Time

@testable import EmulatedLambda
@testable import EmulatedSQS

@Suite struct QueueMappingTests {
    private static let arn = "arn:aws:sqs:us-east-1:000000000000:jobs"
    private static let url: JSON = "/000000000000/jobs"

    /// A queue with the messages `bodies`, and what takes them to `function`.
    private final class Fixture {
        let function: ScriptedFunction
        let queues: SQSService
        let sources: EventSources
        private let store: Store
        private let directory: TemporaryDirectory

        init(_ function: ScriptedFunction, _ bodies: [String] = []) async throws {
            self.function = function
            directory = try TemporaryDirectory()
            store = try Store(
                directory: directory.path, schema: [EventSources.schema, ShardPositions.schema] + SQSService.schema)
            queues = SQSService(store: store)
            sources = try EventSources(
                store: store, peers: Peers(queues, function), account: Account(), clock: .system)
            _ = try await queues.perform("CreateQueue", ["QueueName": "jobs"])
            for body in bodies {
                _ = try await queues.perform("SendMessage", ["QueueUrl": url, "MessageBody": .string(body)])
            }
        }

        deinit { store.close() }

        func step(_ members: JSONObject = [:]) async throws {
            try await QueueMapping(
                EventSourceMapping(id: "m", QueueMappingTests.declaration(members)), sources.context
            ).step()
        }

        /// How many messages are in the queue, those that were received among them.
        func left() async throws -> Int {
            let names: JSON = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            let attributes = try await queues.perform(
                "GetQueueAttributes", ["QueueUrl": url, "AttributeNames": names])["Attributes"]?.object
            return (attributes ?? [:]).reduce(0) { $0 + (Int($1.value.string ?? "") ?? 0) }
        }

        var bodies: [[String]] {
            function.events.withLock { events in
                events.map { ($0["Records"]?.array ?? []).map { $0["body"]?.string ?? "" } }
            }
        }
    }

    private static func declaration(_ members: JSONObject) -> JSONObject {
        var declaration: JSONObject = ["FunctionName": "f", "EventSourceArn": .string(arn)]
        for (name, value) in members { declaration[name] = value }
        return declaration
    }

    @Test("messages invoke the function as records, and are deleted when it has taken them")
    func batch() async throws {
        let fixture = try await Fixture(ScriptedFunction(), ["a"])
        try await fixture.step()
        #expect(fixture.bodies == [["a"]])
        let record = try #require(fixture.function.events.withLock { $0[0]["Records"]?[0] })
        #expect(record["eventSource"] == "aws:sqs" && record["eventSourceARN"]?.string == Self.arn)
        #expect(record["attributes"]?["ApproximateReceiveCount"] == "1" && record["awsRegion"] == "us-east-1")
        #expect(record["md5OfBody"] == "0cc175b9c0f1b6a831c399e269772661" && record["messageAttributes"] == [:])
        #expect(try await fixture.left() == 0)
    }

    @Test("a message's attributes have the names that a function knows them by")
    func attributes() async throws {
        let fixture = try await Fixture(ScriptedFunction())
        _ = try await fixture.queues.perform(
            "SendMessage",
            [
                "QueueUrl": Self.url, "MessageBody": "a",
                "MessageAttributes": ["kind": ["DataType": "String", "StringValue": "new"]],
            ])
        try await fixture.step()
        let record = try #require(fixture.function.events.withLock { $0[0]["Records"]?[0] })
        #expect(
            record["messageAttributes"]?["kind"] == [
                "stringValue": "new", "stringListValues": [], "binaryListValues": [], "dataType": "String",
            ])
    }

    @Test("a batch that fails stays in the queue")
    func failure() async throws {
        let fixture = try await Fixture(ScriptedFunction { _ in .failed }, ["a"])
        try await fixture.step()
        #expect(try await fixture.left() == 1)
    }

    @Test("of a batch whose failures are reported, those stay")
    func itemFailures() async throws {
        let fixture = try await Fixture(
            ScriptedFunction { event in
                let failed = (event["Records"]?.array ?? []).filter { $0["body"] == "bad" }
                let items = failed.map { ["itemIdentifier": $0["messageId"] ?? .null] as JSON }
                return .succeeded(["batchItemFailures": .array(items)])
            }, ["bad", "good"])
        while fixture.bodies.flatMap({ $0 }).count < 2 {
            try await fixture.step(["FunctionResponseTypes": ["ReportBatchItemFailures"]])
        }
        #expect(try await fixture.left() == 1)
    }

    @Test("a report that names what is not in the batch fails all of it")
    func unknownItemFailure() async throws {
        let fixture = try await Fixture(
            ScriptedFunction { _ in .succeeded(["batchItemFailures": [["itemIdentifier": "other"]]]) }, ["a"])
        try await fixture.step(["FunctionResponseTypes": ["ReportBatchItemFailures"]])
        #expect(try await fixture.left() == 1)
    }

    @Test("messages that no filter takes are deleted without a call")
    func filters() async throws {
        let fixture = try await Fixture(ScriptedFunction(), [#"{"kind":"old"}"#])
        let filters: JSON = ["Filters": [["Pattern": #"{"body":{"kind":["new"]}}"#]]]
        try await fixture.step(["FilterCriteria": filters])
        #expect(try await fixture.left() == 0)
        #expect(fixture.bodies.isEmpty)
        _ = try await fixture.queues.perform(
            "SendMessage", ["QueueUrl": Self.url, "MessageBody": #"{"kind":"new"}"#])
        try await fixture.step(["FilterCriteria": filters])
        #expect(fixture.bodies.count == 1)
    }

    @Test("a mapping is described without what only streams have")
    func document() async throws {
        let fixture = try await Fixture(ScriptedFunction())
        let document = try await fixture.sources.create(Self.declaration(["ScalingConfig": ["MaximumConcurrency": 2]]))
        #expect(document["BatchSize"] == 10 && document["EventSourceArn"]?.string == Self.arn)
        #expect(document["ScalingConfig"]?["MaximumConcurrency"] == 2)
        #expect(document["StartingPosition"] == nil && document["ParallelizationFactor"] == nil)
    }

    @Test(
        "a mapping of a queue that cannot work is refused",
        arguments: [
            ["StartingPosition": "LATEST"], ["BatchSize": 11], ["ParallelizationFactor": 2],
            ["ScalingConfig": ["MaximumConcurrency": 1]], ["EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:none"],
            [
                "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:jobs.fifo", "BatchSize": 10,
                "MaximumBatchingWindowInSeconds": 1,
            ],
        ] as [JSONObject])
    func refusals(change: JSONObject) async throws {
        let fixture = try await Fixture(ScriptedFunction())
        await #expect(throws: AWSFault.self, "\(change)") {
            _ = try await fixture.sources.create(Self.declaration(change))
        }
    }
}
