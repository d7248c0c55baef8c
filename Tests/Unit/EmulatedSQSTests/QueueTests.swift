import EmulatorCore
import JSON
import Testing
import TestServices

@testable import EmulatedCloudFormation
@testable import EmulatedSQS

@Suite struct QueueTests {
    private let directory: TemporaryDirectory
    private let clock = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> (store: Store, queues: SQSService) {
        let store = try Store(directory: directory.path, schema: SQSService.schema)
        return (store, SQSService(store: store, clock: clock.clockAndChance))
    }

    private func create(_ queues: SQSService, _ name: String, _ attributes: JSON = [:]) async throws -> JSON {
        try await queues.perform("CreateQueue", ["QueueName": .string(name), "Attributes": attributes])["QueueUrl"]
            ?? ""
    }

    private func bodies(_ queues: SQSService, _ url: JSON) async throws -> [String] {
        let answer = try await queues.perform("ReceiveMessage", ["QueueUrl": url, "MaxNumberOfMessages": 10])
        return (answer["Messages"]?.array ?? []).compactMap { $0["Body"]?.string }
    }

    private func depth(_ queues: SQSService, _ url: JSON) async throws -> String? {
        let name: JSON = "ApproximateNumberOfMessages"
        return try await queues.perform("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": [name]])[
            "Attributes"]?[
                "ApproximateNumberOfMessages"]?.string
    }

    @Test("messages survive a restart, and one in flight stays invisible until its timeout")
    func restart() async throws {
        let first = try open()
        let url = try await create(first.queues, "q")
        for body: JSON in ["a", "b"] {
            _ = try await first.queues.perform("SendMessage", ["QueueUrl": url, "MessageBody": body])
        }
        let taken = try await first.queues.perform("ReceiveMessage", ["QueueUrl": url])
        #expect(taken["Messages"]?[0]?["Body"] == "a")
        first.store.close()
        let second = try open()
        #expect(try await bodies(second.queues, url) == ["b"])
        clock.advance(30_000)
        #expect(try await bodies(second.queues, url) == ["a", "b"])
        second.store.close()
    }

    @Test("a message of another service is sent only if its transaction commits")
    func transactionalSend() async throws {
        let (store, queues) = try open()
        let url = try await create(queues, "q")
        let arn = queues.arn(of: "q")
        try await store.write { try queues.accept(TargetEvent("kept"), for: #require(ARN(arn)), in: $0) }
        await #expect(throws: AWSFault.self) {
            try await store.write { transaction in
                try queues.accept(TargetEvent("undone"), for: #require(ARN(arn)), in: transaction)
                throw AWSFault("RolledBack", "the test rolls this transaction back")
            }
        }
        let fault = await #expect(throws: AWSFault.self) {
            try await store.write {
                try queues.accept(TargetEvent("x"), for: #require(ARN(queues.arn(of: "none"))), in: $0)
            }
        }
        #expect(fault?.code == "QueueDoesNotExist")
        #expect(try await bodies(queues, url) == ["kept"])
        store.close()
    }

    @Test("a message is deleted when its retention period ends")
    func retention() async throws {
        let (store, queues) = try open()
        let url = try await create(queues, "q", ["MessageRetentionPeriod": "60"])
        _ = try await queues.perform("SendMessage", ["QueueUrl": url, "MessageBody": "old"])
        clock.advance(59_999)
        #expect(try await depth(queues, url) == "1")
        clock.advance(1)
        #expect(try await depth(queues, url) == "0")
        #expect(try await bodies(queues, url) == [])
        _ = try await queues.perform("SendMessage", ["QueueUrl": url, "MessageBody": "new"])
        let rows = try store.read { try $0.all("SELECT body FROM sqs_message") { $0.text(0) } }
        #expect(rows == ["new"])
        store.close()
    }

    @Test("a FIFO queue accepts a duplicate only after five minutes")
    func deduplication() async throws {
        let (store, queues) = try open()
        let url = try await create(queues, "q.fifo", ["FifoQueue": "true", "ContentBasedDeduplication": "true"])
        let message: JSON = ["QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g"]
        let first = try await queues.perform("SendMessage", message)
        clock.advance(299_999)
        #expect(try await queues.perform("SendMessage", message)["MessageId"] == first["MessageId"])
        clock.advance(1)
        #expect(try await queues.perform("SendMessage", message)["MessageId"] != first["MessageId"])
        #expect(try await depth(queues, url) == "2")
        store.close()
    }

    @Test("a message keeps its age in the dead-letter queue")
    func deadLetterAge() async throws {
        let (store, queues) = try open()
        let dead = try await create(queues, "dead", ["MessageRetentionPeriod": "120"])
        let policy = #"{"deadLetterTargetArn":"\#(queues.arn(of: "dead"))","maxReceiveCount":"1"}"#
        let url = try await create(queues, "q", ["RedrivePolicy": .string(policy), "VisibilityTimeout": "0"])
        _ = try await queues.perform("SendMessage", ["QueueUrl": url, "MessageBody": "x"])
        #expect(try await bodies(queues, url) == ["x"])
        clock.advance(60_000)
        #expect(try await bodies(queues, url) == [])
        #expect(try await depth(queues, dead) == "1")
        clock.advance(60_000)
        #expect(try await depth(queues, dead) == "0")
        store.close()
    }

    @Test("a template's queue is created once, then updated to its new properties")
    func templateQueue() async throws {
        let (store, queues) = try open()
        func deploy(_ properties: String) async throws -> StackReport {
            let text = """
                Resources:
                  Dead: {Type: AWS::SQS::Queue}
                  Queue: {Type: AWS::SQS::Queue, Properties: \(properties)}
                Outputs:
                  Url: {Value: !Ref Queue}
                  Name: {Value: !GetAtt Queue.QueueName}
                  Arn: {Value: !GetAtt Queue.Arn}
                """
            return try await Stack(try Template(parsing: text, file: "t.yaml"), name: "test").deploy(to: [queues])
        }
        let report = try await deploy(
            "{QueueName: q, VisibilityTimeout: 60, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}"
        )
        #expect(report.resources(.emulated).map(\.logicalID) == ["Dead", "Queue"])
        #expect(report.output("Url") == "https://sqs.us-east-1.amazonaws.com/000000000000/q")
        #expect(report.output("Name") == "q")
        #expect(report.output("Arn") == "arn:aws:sqs:us-east-1:000000000000:q")
        let url: JSON = "http://127.0.0.1:1/000000000000/q"
        _ = try await queues.perform("SendMessage", ["QueueUrl": url, "MessageBody": "kept"])
        _ = try await deploy("{QueueName: q, DelaySeconds: 5}")
        let all = try await queues.perform("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["All"]])
        #expect(all["Attributes"]?["VisibilityTimeout"] == "30")
        #expect(all["Attributes"]?["DelaySeconds"] == "5")
        #expect(all["Attributes"]?["RedrivePolicy"] == nil)
        #expect(try await bodies(queues, url) == ["kept"])
        let modified = all["Attributes"]?["LastModifiedTimestamp"]
        clock.advance(5000)
        _ = try await deploy("{QueueName: q, DelaySeconds: 5}")
        let same = try await queues.perform("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["All"]])
        #expect(same["Attributes"]?["LastModifiedTimestamp"] == modified)
        store.close()
    }
}
