internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time

// Operations that receive messages. See
// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

/// The parameters of a receive.
private struct ReceiveRequest: Sendable {
    let limit: Int
    let waitTimeInSeconds: Int?
    let visibilityTimeoutInSeconds: Int?
    let systemAttributes: [String]
    let attributes: [String]

    private static let systemAttributeNames: Set = [
        "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp",
        "SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
    ]

    init(_ input: JSON) throws(AWSFault) {
        limit = input["MaxNumberOfMessages"]?.int ?? 1
        guard (1...10).contains(limit) else {
            throw .queueParameter("MaxNumberOfMessages", String(limit), "Must be between 1 and 10, if provided.")
        }
        waitTimeInSeconds = input["WaitTimeSeconds"]?.int
        if let wait = waitTimeInSeconds, !(0...20).contains(wait) {
            throw .queueParameter("WaitTimeSeconds", String(wait), "Must be >= 0 and <= 20, if provided.")
        }
        visibilityTimeoutInSeconds = try input.visibilityTimeout
        func names(_ member: String) -> [String] { input[member]?.array?.compactMap(\.string) ?? [] }
        systemAttributes = names("AttributeNames") + names("MessageSystemAttributeNames")
        if let unknown = systemAttributes.first(where: { !Self.systemAttributeNames.contains($0) }) {
            throw AWSFault("InvalidAttributeName", "Unknown Attribute \(unknown).")
        }
        attributes = names("MessageAttributeNames")
    }
}

extension JSON {
    /// - Throws: ``AWSFault`` `InvalidParameterValue` for a timeout out of range.
    fileprivate var visibilityTimeout: Int? {
        get throws(AWSFault) {
            guard let seconds = self["VisibilityTimeout"]?.int else { return nil }
            guard (0...43_200).contains(seconds) else {
                throw .queueParameter(
                    "VisibilityTimeout", String(seconds), "VisibilityTimeout must be an integer between 0 and 43200.")
            }
            return seconds
        }
    }
}

extension SQSService {
    func receiveMessage(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        let request = try ReceiveRequest(input)
        return try await pollers.wait(for: name) { bell in
            var deadline: Int64?
            while true {
                let now = clock.now().milliseconds
                // Checking first saves a commit for an empty queue.
                let (queue, isEmpty, next) = try store.read { snapshot in
                    let queue = try StoredQueue(named: name, in: snapshot)
                    return (
                        queue, try StoredMessage.visible(in: queue, at: now, limit: 1, snapshot).isEmpty,
                        try StoredMessage.nextVisible(in: name, after: now, snapshot)
                    )
                }
                let messages = isEmpty ? [] : try await take(request, from: name)
                guard messages.isEmpty else { return ["Messages": .array(messages)] }
                let wait = request.waitTimeInSeconds ?? queue.settings.waitTimeInSeconds
                let end = deadline ?? now + Int64(wait) * 1000
                deadline = end
                guard now < end, !Task.isCancelled else { return [:] }
                await bell.wait(until: min(end, next ?? end), clock)
            }
        }
    }

    /// Receives messages and makes them invisible. A message that was received too often goes to the dead-letter queue.
    private func take(_ request: ReceiveRequest, from name: String) async throws -> [JSON] {
        let now = clock.now().milliseconds
        return try await store.write { [self] transaction in
            let queue = try StoredQueue(named: name, in: transaction.snapshot)
            let timeout = request.visibilityTimeoutInSeconds ?? queue.settings.visibilityTimeoutInSeconds
            let policy = try queue.settings.redrivePolicy.flatMap { policy in
                try StoredQueue.find(policy.targetName, in: transaction.snapshot) == nil ? nil : policy
            }
            var taken: [JSON] = []
            var hasMoved = true
            while taken.isEmpty, hasMoved {
                hasMoved = false
                for var message in try StoredMessage.visible(
                    in: queue, at: now, limit: request.limit, transaction.snapshot)
                {
                    if let policy, message.receives >= policy.maximumReceiveCount {
                        try message.move(from: queue, to: policy.targetName, at: now, in: transaction)
                        transaction.afterCommit { [pollers] in pollers.ring(policy.targetName) }
                        hasMoved = true
                        continue
                    }
                    message.receives += 1
                    message.totalReceives += 1
                    message.firstReceivedAt = message.firstReceivedAt ?? now
                    try message.hide(until: now + Int64(timeout) * 1000, in: transaction)
                    taken.append(document(of: message, in: queue, request))
                }
            }
            return taken
        }
    }

    private func document(of message: StoredMessage, in queue: StoredQueue, _ request: ReceiveRequest) -> JSON {
        let receipt = ReceiptHandle(queue: queue.name, message: message.id, receive: message.totalReceives)
        var document: JSONObject = [
            "MessageId": .string(message.messageID), "ReceiptHandle": .string(receipt.text),
            "MD5OfBody": .string(Digest.md5(Array(message.body.utf8)).hexadecimal), "Body": .string(message.body),
        ]
        let system = systemAttributes(of: message, in: queue).filter {
            request.systemAttributes.contains($0.name) || request.systemAttributes.contains("All")
        }
        if !system.isEmpty { document["Attributes"] = .object(JSONObject(system.map { ($0.name, $0.value) })) }
        let attributes = message.attributes.selected(by: request.attributes)
        if let md5 = attributes.md5 {
            document["MessageAttributes"] = .object(attributes.members)
            document["MD5OfMessageAttributes"] = .string(md5)
        }
        return .object(document)
    }

    private func systemAttributes(of message: StoredMessage, in queue: StoredQueue) -> JSONObject {
        var attributes: JSONObject = [
            "SenderId": .string(account.id), "SentTimestamp": .string(String(message.sentAt)),
            "ApproximateReceiveCount": .string(String(message.totalReceives)),
        ]
        if let time = message.firstReceivedAt { attributes["ApproximateFirstReceiveTimestamp"] = .string(String(time)) }
        if let group = message.groupID { attributes["MessageGroupId"] = .string(group) }
        if let id = message.deduplicationID { attributes["MessageDeduplicationId"] = .string(id) }
        if queue.settings.isFIFO {
            attributes["SequenceNumber"] = .string(StoredMessage.sequenceNumber(message.id))
        }
        if let trace = message.trace { attributes["AWSTraceHeader"] = .string(trace) }
        if let source = message.source { attributes["DeadLetterQueueSourceArn"] = .string(arn(of: source)) }
        return attributes
    }

    // MARK: Deletion and visibility

    func deleteMessage(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        try await store.write { [self] transaction in
            let queue = try StoredQueue(named: name, in: transaction.snapshot)
            try delete(input, from: queue, in: transaction)
        }
        return [:]
    }

    func deleteMessageBatch(_ input: JSON) async throws -> JSON {
        try await changeEach(input, "DeleteMessageBatchRequestEntry") { entry, queue, transaction in
            try self.delete(entry, from: queue, in: transaction)
        }
    }

    /// Performs a change for each entry of a batch, whose answers have only the entries' IDs.
    private func changeEach(
        _ input: JSON, _ member: String,
        _ change: @escaping @Sendable (JSON, StoredQueue, borrowing Transaction) throws -> Void
    ) async throws -> JSON {
        let name = try queueName(input)
        let entries = try BatchEntries(input, member)
        return try await store.write { transaction in
            let queue = try StoredQueue(named: name, in: transaction.snapshot)
            return try entries.answer(in: transaction, code: \.queueQueryCode) { entry, transaction in
                try change(entry, queue, transaction)
                return [:]
            }
        }
    }

    /// Deletes a message. The handle of an earlier receive deletes nothing, which is not an error.
    private func delete(_ input: JSON, from queue: StoredQueue, in transaction: borrowing Transaction) throws {
        let receipt = try ReceiptHandle(input, queue: queue.name)
        if queue.settings.isFIFO {
            let visibleAt = try transaction.snapshot.first(
                "SELECT visible_at FROM sqs_message WHERE id = ?", .integer(receipt.message)
            ) { $0.integer(0) }
            if let visibleAt, visibleAt <= clock.now().milliseconds {
                throw AWSFault.queueParameter("ReceiptHandle", receipt.text, "The receipt handle has expired.")
            }
        }
        try transaction.execute(
            "DELETE FROM sqs_message WHERE id = ? AND queue = ? AND total_receives = ?", .integer(receipt.message),
            .text(queue.name), .integer(receipt.receive))
        // The next message of its group can be received now.
        transaction.afterCommit { [pollers] in pollers.ring(queue.name) }
    }

    func changeVisibility(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        try await store.write { [self] transaction in
            let queue = try StoredQueue(named: name, in: transaction.snapshot)
            try changeVisibility(input, in: queue, transaction)
        }
        return [:]
    }

    func changeVisibilityBatch(_ input: JSON) async throws -> JSON {
        try await changeEach(input, "ChangeMessageVisibilityBatchRequestEntry") { entry, queue, transaction in
            try self.changeVisibility(entry, in: queue, transaction)
        }
    }

    private func changeVisibility(_ input: JSON, in queue: StoredQueue, _ transaction: borrowing Transaction) throws {
        let receipt = try ReceiptHandle(input, queue: queue.name)
        guard let timeout = try input.visibilityTimeout else { throw AWSFault.missingParameter("VisibilityTimeout") }
        let now = clock.now().milliseconds
        let visibleAt = try transaction.snapshot.first(
            "SELECT visible_at FROM sqs_message WHERE id = ? AND queue = ? AND total_receives = ?",
            .integer(receipt.message), .text(queue.name), .integer(receipt.receive)
        ) { $0.integer(0) }
        guard let visibleAt else {
            throw AWSFault.queueParameter(
                "ReceiptHandle", receipt.text,
                "Message does not exist or is not available for visibility timeout change.")
        }
        guard visibleAt > now else {
            throw AWSFault("MessageNotInflight", "The specified message isn't in flight.")
        }
        try transaction.execute(
            "UPDATE sqs_message SET visible_at = ? WHERE id = ?", .integer(now + Int64(timeout) * 1000),
            .integer(receipt.message))
        transaction.afterCommit { [pollers] in pollers.ring(queue.name) }
    }
}
