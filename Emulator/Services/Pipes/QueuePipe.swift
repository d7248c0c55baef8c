internal import EmulatorCore
internal import JSON
internal import Time

/// Delivers the messages of a pipe's queue, and deletes those that have been delivered.
///
/// A message that cannot be delivered becomes visible again after the queue's timeout, and goes to the queue's own dead-letter
/// queue in the end.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html>
struct QueuePipe: Sendable {
    private static let mostMessages = 10
    private static let waitInSeconds = 20

    let delivery: PipeDelivery
    let store: Store
    let account: Account

    private var pipe: Pipe { delivery.pipe }

    /// Runs until its task is cancelled.
    func serve() async {
        while !Task.isCancelled {
            do {
                try await step()
            } catch {
                guard !Task.isCancelled else { return }
                delivery.peers.write(
                    "a batch of \(pipe.source) could not be delivered: \(error)\n",
                    group: "/aws/vendedlogs/pipes/\(pipe.name)", stream: "emulator")
                try? await delivery.clock.sleep(delivery.clock.now().advanced(byMilliseconds: 1000))
            }
        }
    }

    /// Receives and delivers one batch, if there is one within the wait.
    func step() async throws {
        guard let sqs = delivery.peers.action("sqs") else { throw AWSFault.notEmulated("SQS") }
        let name = JSON.string(ARN(pipe.source)?.resource ?? pipe.source)
        let queue = try await sqs.perform("GetQueueUrl", ["QueueName": name])["QueueUrl"] ?? .null
        let answer = try await sqs.perform(
            "ReceiveMessage",
            [
                "QueueUrl": queue, "MaxNumberOfMessages": .int(min(Self.mostMessages, pipe.batchSize)),
                "WaitTimeSeconds": .int(Self.waitInSeconds), "AttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            ])
        let messages = answer["Messages"]?.array ?? []
        guard !messages.isEmpty, !Task.isCancelled else { return }
        let now = delivery.clock.now().milliseconds
        // Messages that no filter takes are deleted, too.
        let batch = messages.filter { pipe.matches(event: readable($0)) }.map {
            pipe.input(for: pipe.readsContents ? readable($0) : event($0), arn: delivery.arn, ingestedAt: now)
        }
        if !batch.isEmpty {
            let events = try await delivery.prepare(batch)
            try await store.write { [delivery] transaction in try delivery.queue(events, in: transaction) }
        }
        let entries = messages.enumerated().map {
            ["Id": .string("\($0)"), "ReceiptHandle": $1["ReceiptHandle"] ?? .null] as JSON
        }
        _ = try await sqs.perform("DeleteMessageBatch", ["QueueUrl": queue, "Entries": .array(entries)])
    }

    /// A message as targets get it.
    private func event(_ message: JSON) -> JSON {
        QueueRecord.record(of: message, from: pipe.source, in: account.region)
    }

    /// A message as filters and templates see it: its body is JSON, where it is JSON.
    private func readable(_ message: JSON) -> JSON {
        var members = event(message).object ?? [:]
        if let body = members["body"]?.string, let parsed = try? JSON(parsing: body) { members["body"] = parsed }
        return .object(members)
    }
}
