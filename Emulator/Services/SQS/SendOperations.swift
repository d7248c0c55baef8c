internal import Digest
package import EmulatorCore
internal import JSON
internal import Time

// Operations that send messages. See
// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

extension SQSService: EventTarget {
    /// The deduplication interval of a FIFO queue, in milliseconds.
    private static let deduplicationInterval: Int64 = 300_000

    package var targetService: String { "sqs" }

    package func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
        guard resource.text == arn(of: resource.resource) else { throw AWSFault.noQueue }
        let queue = try StoredQueue(named: resource.resource, in: transaction.snapshot)
        let message = QueueMessage(
            event.body, attributes: event.attributes, groupID: event.groupID, deduplicationID: event.deduplicationID)
        _ = try send(message, to: queue, in: transaction)
    }

    func sendMessage(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        return try await store.write { [self] transaction in
            let queue = try StoredQueue(named: name, in: transaction.snapshot)
            return .object(try send(try QueueMessage(input), to: queue, in: transaction))
        }
    }

    func sendMessageBatch(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        let entries = try BatchEntries(input, "SendMessageBatchRequestEntry")
        let size = entries.all.reduce(0) { $0 + ((try? QueueMessage($1))?.sizeInBytes ?? 0) }
        guard size <= QueueSettings.sizeLimit else {
            throw AWSFault(
                "BatchRequestTooLong",
                "Batch requests cannot be longer than \(QueueSettings.sizeLimit) bytes. You have sent \(size) bytes.")
        }
        return try await store.write { [self] transaction in
            let queue = try StoredQueue(named: name, in: transaction.snapshot)
            return try entries.answer(in: transaction, code: \.queueQueryCode) { entry, transaction in
                try send(try QueueMessage(entry), to: queue, in: transaction)
            }
        }
    }

    /// - Returns: the answer of `SendMessage`.
    private func send(
        _ message: QueueMessage, to queue: StoredQueue, in transaction: borrowing Transaction
    ) throws -> JSONObject {
        try message.check(for: queue)
        let now = clock.now().milliseconds
        var message = message
        if queue.settings.isFIFO {
            message.deduplicationID = message.deduplicationID ?? Digest.sha256(message.body).hexadecimal
            if let known = try duplicate(of: message, in: queue, at: now, transaction.snapshot) {
                return answer(to: message, messageID: known.messageID, sequence: known.sequence)
            }
        }
        let messageID = clock.uuid()
        let delay = Int64(message.delayInSeconds ?? queue.settings.delayInSeconds) * 1000
        try StoredMessage.removeExpired(from: queue, at: now, in: transaction)
        try transaction.execute(
            """
            INSERT INTO sqs_message (
                queue, message_id, body, attributes, trace, group_id, deduplication_id, sent_at, visible_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(queue.name), .text(messageID), .text(message.body),
            .blob(JSON.object(message.attributes).bytes),
            .text(message.systemAttributes["AWSTraceHeader"]?["StringValue"]?.string), .text(message.groupID),
            .text(message.deduplicationID), .integer(now), .integer(now + delay))
        let sequence = transaction.lastInsertedRow
        if queue.settings.isFIFO {
            try transaction.execute(
                "INSERT OR REPLACE INTO sqs_deduplication VALUES (?, ?, ?, ?, ?)", .text(queue.name),
                .text(Self.deduplicationKey(of: message, in: queue)), .text(messageID), .integer(sequence),
                .integer(now))
        }
        transaction.afterCommit { [pollers] in pollers.ring(queue.name) }
        return answer(to: message, messageID: messageID, sequence: queue.settings.isFIFO ? sequence : nil)
    }

    private static func deduplicationKey(of message: QueueMessage, in queue: StoredQueue) -> String {
        let id = message.deduplicationID ?? ""
        return queue.settings.deduplicatesByGroup ? "\(message.groupID ?? "") \(id)" : id
    }

    private func duplicate(
        of message: QueueMessage, in queue: StoredQueue, at now: Int64, _ snapshot: borrowing Snapshot
    ) throws -> (messageID: String, sequence: Int64)? {
        try snapshot.first(
            "SELECT message_id, sequence FROM sqs_deduplication WHERE queue = ? AND id = ? AND sent_at > ?",
            .text(queue.name), .text(Self.deduplicationKey(of: message, in: queue)),
            .integer(now - Self.deduplicationInterval)
        ) { ($0.text(0), $0.integer(1)) }
    }

    private func answer(to message: QueueMessage, messageID: String, sequence: Int64?) -> JSONObject {
        var answer: JSONObject = [
            "MessageId": .string(messageID),
            "MD5OfMessageBody": .string(Digest.md5(Array(message.body.utf8)).hexadecimal),
        ]
        if let md5 = MessageAttributes(checked: message.attributes).md5 {
            answer["MD5OfMessageAttributes"] = .string(md5)
        }
        if let md5 = MessageAttributes(checked: message.systemAttributes).md5 {
            answer["MD5OfMessageSystemAttributes"] = .string(md5)
        }
        if let sequence { answer["SequenceNumber"] = .string(StoredMessage.sequenceNumber(sequence)) }
        return answer
    }
}
