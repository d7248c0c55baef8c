internal import EmulatorCore
package import JSON

/// A message to send to a queue.
package struct QueueMessage: Sendable {
    package var body: String
    /// Attributes by name, each with a `DataType` and a value, as in `SendMessage`.
    package var attributes: JSONObject
    /// Only `AWSTraceHeader`.
    var systemAttributes: JSONObject = [:]
    /// Messages of one group of a FIFO queue are received in order.
    package var groupID: String?
    /// Nil means that a queue with content-based deduplication derives it from the body.
    package var deduplicationID: String?
    /// Nil means the queue's delay.
    var delayInSeconds: Int?

    package init(
        _ body: String, attributes: JSONObject = [:], groupID: String? = nil, deduplicationID: String? = nil
    ) {
        self.body = body
        self.attributes = attributes
        self.groupID = groupID
        self.deduplicationID = deduplicationID
    }

    /// From the input of `SendMessage`, or an entry of a batch.
    /// - Throws: ``AWSFault`` if the body is missing or has characters that are not allowed.
    init(_ input: JSON) throws(AWSFault) {
        guard let body = input["MessageBody"]?.string, !body.isEmpty else { throw .missingParameter("MessageBody") }
        guard body.unicodeScalars.allSatisfy(Self.isAllowed) else {
            throw AWSFault(
                "InvalidMessageContents",
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to "
                    + "#xFFFD | #x10000 to #x10FFFF")
        }
        self.init(
            body, attributes: input["MessageAttributes"]?.object ?? [:], groupID: input["MessageGroupId"]?.string,
            deduplicationID: input["MessageDeduplicationId"]?.string)
        systemAttributes = input["MessageSystemAttributes"]?.object ?? [:]
        delayInSeconds = input["DelaySeconds"]?.int
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x1_0000...0x10_FFFF: true
        default: false
        }
    }

    /// The size of body and attributes that counts towards limits.
    var sizeInBytes: Int { body.utf8.count + MessageAttributes(checked: attributes).sizeInBytes }

    /// Checks the message against the queue's rules.
    func check(for queue: StoredQueue) throws(AWSFault) {
        _ = try MessageAttributes(checking: attributes)
        let limit = queue.settings.maximumMessageSize
        guard sizeInBytes <= limit else {
            throw .queueParameter(
                "One or more parameters are invalid. Reason: Message must be shorter than \(limit) bytes.")
        }
        for (name, value) in systemAttributes {
            guard name == "AWSTraceHeader" else {
                throw .queueParameter("Message system attribute name '\(name)' is invalid.")
            }
            guard value["DataType"]?.string == "String", value["StringValue"]?.string?.isEmpty == false else {
                throw .queueParameter("The message system attribute '\(name)' must be a non-empty String.")
            }
        }
        let wrongQueueType = "The request include parameter that is not valid for this queue type."
        if let delayInSeconds {
            if queue.settings.isFIFO { throw .queueParameter("DelaySeconds", String(delayInSeconds), wrongQueueType) }
            guard (0...900).contains(delayInSeconds) else {
                throw .queueParameter(
                    "DelaySeconds", String(delayInSeconds), "DelaySeconds must be >= 0 and <= 900.")
            }
        }
        for (name, id) in [("MessageGroupId", groupID), ("MessageDeduplicationId", deduplicationID)] {
            if let id, !Self.isID(id) {
                throw .queueParameter(
                    name, id,
                    "\(name) can only include alphanumeric and punctuation characters. 1 to 128 in length.")
            }
        }
        if queue.settings.isFIFO {
            if groupID == nil { throw .missingParameter("MessageGroupId") }
            if deduplicationID == nil, !queue.settings.deduplicatesByContent {
                throw .queueParameter(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                        + "explicitly")
            }
        } else if let deduplicationID {
            throw .queueParameter("MessageDeduplicationId", deduplicationID, wrongQueueType)
        }
    }

    private static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
