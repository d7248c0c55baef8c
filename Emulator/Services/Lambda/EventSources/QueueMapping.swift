internal import EmulatorCore
internal import JSON
internal import Time

/// Invokes a mapping's function with the messages of a queue, and deletes those that it has taken.
///
/// What the function does not take becomes visible again after the queue's timeout, and goes to the queue's dead-letter queue
/// in the end.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
struct QueueMapping: Sendable {
    /// What one call of SQS takes and gives.
    private static let mostMessages = 10
    private static let pollers = 2
    private static let waitInSeconds = 20

    let mapping: EventSourceMapping
    let context: EventSources.Context

    init(_ mapping: EventSourceMapping, _ context: EventSources.Context) {
        self.mapping = mapping
        self.context = context
    }

    /// Runs until its task is cancelled.
    func serve() async {
        // The messages of a FIFO queue are taken one batch after the other.
        let count = mapping.source.hasSuffix(".fifo") ? 1 : min(Self.pollers, mapping.maximumConcurrency ?? .max)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { await poll() } }
        }
    }

    private func poll() async {
        while !Task.isCancelled {
            do {
                try await step()
            } catch {
                guard !Task.isCancelled else { return }
                context.note(mapping, "PROBLEM: \(error)")
                try? await context.clock.sleep(context.clock.now().advanced(byMilliseconds: 1000))
            }
        }
    }

    /// One batch: received, filtered, given to the function, deleted.
    func step() async throws {
        guard let sqs = context.peers.action("sqs"), let functions = context.peers.functions else {
            throw AWSFault.notEmulated("SQS")
        }
        let queue = try await Self.queueURL(of: mapping.source, sqs)
        let messages = try await gather(queue, sqs)
        guard !messages.isEmpty, !Task.isCancelled else { return }
        // Messages that no filter takes are deleted, too.
        let wanted = messages.filter { mapping.matches(message: Self.filtered($0)) }
        var failed: Set<String> = []
        if !wanted.isEmpty {
            let payload: JSON = ["Records": .array(wanted.map(record))]
            let answer = try await functions.invoke(
                function: context.arn(ofFunction: mapping.function), payload: payload.bytes)
            failed = failures(in: answer, of: wanted)
            context.note(mapping, failed.isEmpty ? "OK" : "PROBLEM: Function call failed")
        }
        let taken = messages.filter { !failed.contains($0["MessageId"]?.string ?? "") }
        try await delete(taken, from: queue, sqs)
    }

    static func queueURL(of arn: String, _ sqs: any ActionPerforming) async throws(AWSFault) -> JSON {
        let name = ARN(arn)?.resource ?? arn
        return try await sqs.perform("GetQueueUrl", ["QueueName": .string(name)])["QueueUrl"] ?? .null
    }

    /// The messages of a batch: those that are there, or, with a batching window, those that come in its time.
    private func gather(_ queue: JSON, _ sqs: any ActionPerforming) async throws -> [JSON] {
        var messages: [JSON] = []
        var end: Int64?
        while messages.count < mapping.batchSize, !Task.isCancelled {
            var wait = Self.waitInSeconds
            if let end {
                let left = end - context.clock.now().milliseconds
                guard left > 0 else { break }
                wait = min(wait, Int((left + 999) / 1000))
            }
            let answer = try await sqs.perform(
                "ReceiveMessage",
                [
                    "QueueUrl": queue,
                    "MaxNumberOfMessages": .int(min(Self.mostMessages, mapping.batchSize - messages.count)),
                    "WaitTimeSeconds": .int(wait), "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
                ])
            messages += answer["Messages"]?.array ?? []
            guard mapping.batchingWindow > 0 else { break }
            if end == nil, !messages.isEmpty { end = context.clock.now().milliseconds + mapping.batchingWindow }
        }
        return messages
    }

    /// A message as the function gets it.
    private func record(_ message: JSON) -> JSON {
        QueueRecord.record(of: message, from: mapping.source, in: context.account.region)
    }

    /// A message as filters see it: its body as JSON, where it is JSON.
    private static func filtered(_ message: JSON) -> JSON {
        let body = message["Body"]?.string ?? ""
        return [
            "messageId": message["MessageId"] ?? .null, "attributes": message["Attributes"] ?? [:],
            "body": (try? JSON(parsing: body)) ?? .string(body),
        ]
    }

    /// The IDs of the messages that the function has not taken.
    private func failures(in answer: FunctionAnswer, of messages: [JSON]) -> Set<String> {
        let all = Set(messages.compactMap { $0["MessageId"]?.string })
        guard answer.functionError == nil else { return all }
        guard mapping.reportsItemFailures, !answer.payload.isEmpty else { return [] }
        guard let result = try? JSON(parsing: answer.payload) else { return all }
        guard let items = result["batchItemFailures"]?.array else { return [] }
        let failed = items.compactMap { $0["itemIdentifier"]?.string }
        // A report that names what is not there fails the whole batch.
        guard failed.count == items.count, failed.allSatisfy({ all.contains($0) }) else { return all }
        return Set(failed)
    }

    private func delete(_ messages: [JSON], from queue: JSON, _ sqs: any ActionPerforming) async throws(AWSFault) {
        for start in stride(from: 0, to: messages.count, by: Self.mostMessages) {
            let entries = messages[start..<min(start + Self.mostMessages, messages.count)].enumerated().map {
                ["Id": .string("\($0)"), "ReceiptHandle": $1["ReceiptHandle"] ?? .null] as JSON
            }
            _ = try await sqs.perform("DeleteMessageBatch", ["QueueUrl": queue, "Entries": .array(entries)])
        }
    }
}
