import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedSQS

/// Tasks that move the messages of a dead-letter queue.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>
@Suite struct MessageMoveTests {
    private static let prefix = "arn:aws:sqs:us-east-1:000000000000:"

    private let directory: TemporaryDirectory
    private let store: Store
    private let queues: SQSService
    private let clock = TestClock()

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: SQSService.schema)
        queues = SQSService(store: store, clock: clock.clockAndChance)
    }

    private func url(_ name: String) -> JSON { .string("/000000000000/\(name)") }
    private func arn(_ name: String) -> JSON { .string(Self.prefix + name) }

    /// Makes a queue with a dead-letter queue, in which the messages are that were received too often.
    private func prepare(_ bodies: String...) async throws {
        for name: JSON in ["dead", "other"] { _ = try await queues.perform("CreateQueue", ["QueueName": name]) }
        let policy: JSON = ["deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1]
        _ = try await queues.perform(
            "CreateQueue", ["QueueName": "jobs", "Attributes": ["RedrivePolicy": .string(policy.text)]])
        for body in bodies {
            _ = try await queues.perform("SendMessage", ["QueueUrl": url("jobs"), "MessageBody": .string(body)])
        }
        for _ in 0..<2 {
            _ = try await bodiesOf("jobs")
            clock.advance(31_000)
        }
    }

    private func bodiesOf(_ name: String) async throws -> [String] {
        let answer = try await queues.perform(
            "ReceiveMessage", ["QueueUrl": url(name), "MaxNumberOfMessages": 10])
        return (answer["Messages"]?.array ?? []).compactMap { $0["Body"]?.string }.sorted()
    }

    private func tasks(_ limit: Int = 10) async throws -> [JSON] {
        try await queues.perform("ListMessageMoveTasks", ["SourceArn": arn("dead"), "MaxResults": .int(limit)])[
            "Results"]?
            .array ?? []
    }

    private func ended() async throws -> JSON {
        while true {
            if let task = try await tasks(1).first, task["Status"] != "RUNNING" { return task }
            await Task.yield()
        }
    }

    private func refusal(_ action: String, _ input: JSON) async -> AWSFault? {
        do {
            _ = try await queues.perform(action, input)
            return nil
        } catch { return error }
    }

    @Test("messages go back to the queue that they came from, as new ones")
    func redrive() async throws {
        try await prepare("a", "b")
        let started = try await queues.perform("StartMessageMoveTask", ["SourceArn": arn("dead")])
        #expect(started["TaskHandle"]?.string?.isEmpty == false)
        let task = try await ended()
        #expect(task["Status"] == "COMPLETED" && task["SourceArn"] == arn("dead"))
        #expect(task["ApproximateNumberOfMessagesMoved"] == 2 && task["ApproximateNumberOfMessagesToMove"] == 2)
        #expect(task["TaskHandle"] == nil && task["DestinationArn"] == nil)
        #expect(try await bodiesOf("jobs") == ["a", "b"])
        #expect(try await bodiesOf("dead").isEmpty)
        store.close()
    }

    @Test("messages go to another queue where one is named; so many a second, until the task is cancelled")
    func destinationAndRate() async throws {
        try await prepare("a", "b", "c")
        let request: JSON = [
            "SourceArn": arn("dead"), "DestinationArn": arn("other"), "MaxNumberOfMessagesPerSecond": 1,
        ]
        _ = try await queues.perform("StartMessageMoveTask", request)
        let task = try await ended()
        #expect(task["Status"] == "COMPLETED" && task["MaxNumberOfMessagesPerSecond"] == 1)
        #expect(try await bodiesOf("other") == ["a", "b", "c"])
        let cancelled = await refusal("CancelMessageMoveTask", ["TaskHandle": "none"])
        #expect(cancelled?.code == "ResourceNotFoundException" && cancelled?.message == "Task does not exist.")
        store.close()
    }

    @Test("a message that was sent to the dead-letter queue itself fails the task, which says why")
    func unknownSource() async throws {
        try await prepare()
        _ = try await queues.perform("SendMessage", ["QueueUrl": url("dead"), "MessageBody": "x"])
        _ = try await queues.perform("StartMessageMoveTask", ["SourceArn": arn("dead")])
        let task = try await ended()
        #expect(task["Status"] == "FAILED" && task["FailureReason"] == "CouldNotDetermineMessageSource")
        #expect(try await bodiesOf("dead") == ["x"])
        store.close()
    }

    @Test("a task of the emulator's earlier run goes on")
    func restart() async throws {
        try await prepare("a")
        let move = MessageMove(
            handle: "h", source: Self.prefix + "dead", destination: nil, rate: nil, total: 1, startedAt: clock.now)
        try await store.write { try move.save(in: $0) }
        try await queues.start()
        #expect(try await ended()["Status"] == "COMPLETED")
        #expect(try await bodiesOf("jobs") == ["a"])
        store.close()
    }

    @Test("what is no dead-letter queue, does not exist, or is out of range is refused")
    func refusals() async throws {
        try await prepare()
        let noTarget = await refusal("StartMessageMoveTask", ["SourceArn": arn("jobs")])
        #expect(noTarget?.message == "Source queue must be configured as a Dead Letter Queue.")
        let missing = await refusal("StartMessageMoveTask", ["SourceArn": arn("none")])
        #expect(missing?.code == "ResourceNotFoundException")
        let destination = await refusal(
            "StartMessageMoveTask", ["SourceArn": arn("dead"), "DestinationArn": arn("none")])
        #expect(destination?.message.contains("DestinationArn") == true)
        let rate = await refusal(
            "StartMessageMoveTask", ["SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": 501])
        #expect(rate?.code == "InvalidParameterValue")
        #expect(await refusal("ListMessageMoveTasks", ["SourceArn": arn("dead"), "MaxResults": 11]) != nil)
        #expect(await refusal("StartMessageMoveTask", [:])?.code == "MissingParameter")
        store.close()
    }
}
