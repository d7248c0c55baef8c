import EmulatorCore
import JSON
import TestServices
import Testing
import Time

@testable import EmulatedPipes
@testable import EmulatedSQS

/// Pipes from a queue, whose messages the test sends.
@Suite struct QueuePipeTests {
    private static let url: JSON = "/000000000000/jobs"

    /// Answers a batch with each body and a mark, with nothing for an empty list of bodies, or with an error.
    private struct Enrichment: FunctionInvoking {
        func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer {
            let batch = (try? JSON(parsing: payload))?.array ?? []
            let isBad = batch.contains { $0["body"] == "bad" }
            let answer = JSON.array(batch.filter { $0["body"] != "none" }.map { ["from": $0["body"] ?? .null] })
            return FunctionAnswer(payload: answer.bytes, functionError: isBad ? "Unhandled" : nil, requestID: "1")
        }

        func arn(ofFunction function: String) -> ARN? { ARN(function) }
    }

    private let directory: TemporaryDirectory
    private let store: Store
    private let queues: SQSService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: SQSService.schema + [TableTarget.schema])
        queues = SQSService(store: store)
    }

    /// Sends the messages, lets the pipe take one batch, and says what has reached the target.
    private func run(_ changes: JSONObject, _ bodies: String...) async throws -> [String] {
        var declaration: JSONObject = [
            "Name": "p", "Source": "arn:aws:sqs:us-east-1:000000000000:jobs",
            "Target": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        ]
        for (name, value) in changes { declaration[name] = value }
        _ = try await queues.perform("CreateQueue", ["QueueName": "jobs"])
        for body in bodies {
            _ = try await queues.perform("SendMessage", ["QueueUrl": Self.url, "MessageBody": .string(body)])
        }
        let peers = Peers(queues, TableTarget("states"), TableTarget("sns"), Enrichment())
        let delivery = PipeDelivery(pipe: try Pipe(declaration), arn: "arn:pipe", peers: peers, clock: .system)
        try await QueuePipe(delivery: delivery, store: store, account: Account()).step()
        return try TableTarget.bodies(in: store)
    }

    /// How many messages are in the queue, those that were received among them.
    private func left() async throws -> Int {
        let names: JSON = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        let attributes = try await queues.perform(
            "GetQueueAttributes", ["QueueUrl": Self.url, "AttributeNames": names])["Attributes"]?.object
        return (attributes ?? [:]).reduce(0) { $0 + (Int($1.value.string ?? "") ?? 0) }
    }

    @Test("messages reach a state machine as one list of records, and are deleted")
    func batch() async throws {
        let batch = try JSON(parsing: try #require(try await run([:], "a").first))
        #expect(batch[0]?["body"] == "a" && batch[0]?["eventSource"] == "aws:sqs")
        #expect(batch[0]?["eventSourceARN"] == "arn:aws:sqs:us-east-1:000000000000:jobs")
        #expect(try await left() == 0)
        store.close()
    }

    @Test("a filter and a template see a body that is JSON, and what no filter takes is deleted")
    func filtered() async throws {
        let changes: JSONObject = [
            "SourceParameters": ["FilterCriteria": ["Filters": [["Pattern": #"{"body": {"kind": ["new"]}}"#]]]],
            "TargetParameters": ["InputTemplate": #"{"id": <$.body.id>}"#],
        ]
        #expect(try await run(changes, #"{"kind": "new", "id": 7}"#) == [#"[{"id":7}]"#])
        #expect(try await run(changes, #"{"kind": "old", "id": 8}"#).count == 1)
        #expect(try await left() == 0)
        store.close()
    }

    @Test("an enrichment's answer takes the place of the batch, each event alone where the target is a topic")
    func enriched() async throws {
        let changes: JSONObject = [
            "Enrichment": "arn:aws:lambda:us-east-1:000000000000:function:f",
            "Target": "arn:aws:sns:us-east-1:000000000000:t",
            "TargetParameters": ["InputTemplate": #"{"x": <$.from>}"#],
        ]
        #expect(try await run(changes, "a") == [#"{"x":"a"}"#])
        // An empty answer reaches nobody.
        #expect(try await run(changes, "none").count == 1)
        #expect(try await left() == 0)
        let fault = await #expect(throws: AWSFault.self) { try await run(changes, "bad") }
        #expect(fault?.code == "EnrichmentInvocationFailed")
        // What failed stays.
        #expect(try await left() == 1)
        store.close()
    }
}
