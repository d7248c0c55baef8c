internal import EmulatorCore
internal import JSON

/// The attributes of a queue, with defaults for those that are not set.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
struct QueueSettings: Sendable {
    /// The largest message, and the largest batch, in bytes.
    static let sizeLimit = 1_048_576

    /// By name; values are text, as in the API.
    private(set) var given: JSONObject

    init(_ given: JSONObject = [:]) { self.given = given }

    private static let ranges: [String: ClosedRange<Int>] = [
        "DelaySeconds": 0...900, "MaximumMessageSize": 1024...sizeLimit, "MessageRetentionPeriod": 60...1_209_600,
        "ReceiveMessageWaitTimeSeconds": 0...20, "VisibilityTimeout": 0...43_200,
        "KmsDataKeyReusePeriodSeconds": 60...86_400,
    ]
    private static let choices: [String: [String]] = [
        "SqsManagedSseEnabled": ["true", "false"], "FifoQueue": ["true"],
        "ContentBasedDeduplication": ["true", "false"], "DeduplicationScope": ["queue", "messageGroup"],
        "FifoThroughputLimit": ["perQueue", "perMessageGroupId"],
    ]
    private static let documents: Set = ["Policy", "RedrivePolicy", "RedriveAllowPolicy"]
    private static let ofFIFOOnly: Set = [
        "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit",
    ]

    static var names: [String] { Array(ranges.keys) + choices.keys + documents + ["KmsMasterKeyId"] }

    /// Sets attributes from `CreateQueue` or `SetQueueAttributes`; an empty value removes an attribute.
    mutating func set(_ attributes: JSONObject, isNew: Bool, isFIFO: Bool) throws(AWSFault) {
        for (name, value) in attributes {
            guard Self.names.contains(name), isFIFO || !Self.ofFIFOOnly.contains(name) else {
                throw AWSFault("InvalidAttributeName", "Unknown Attribute \(name).")
            }
            guard let text = value.string else { throw .queueAttribute(name) }
            guard !text.isEmpty else {
                given[name] = nil
                continue
            }
            if let range = Self.ranges[name], !(Int(text).map(range.contains) ?? false) { throw .queueAttribute(name) }
            if let choices = Self.choices[name], !choices.contains(text) { throw .queueAttribute(name) }
            if name == "FifoQueue", !isNew { throw .queueAttribute(name) }
            if name == "RedrivePolicy" { _ = try RedrivePolicy(text) }
            given[name] = value
        }
    }

    /// The value or the default of an attribute; nil if the queue does not have the attribute.
    subscript(name: String) -> String? {
        if let value = given[name]?.string { return value }
        switch name {
        case "DelaySeconds", "ReceiveMessageWaitTimeSeconds": return "0"
        case "MaximumMessageSize": return String(Self.sizeLimit)
        case "MessageRetentionPeriod": return "345600"
        case "VisibilityTimeout": return "30"
        case "SqsManagedSseEnabled": return given["KmsMasterKeyId"] == nil ? "true" : "false"
        case "KmsDataKeyReusePeriodSeconds": return given["KmsMasterKeyId"] == nil ? nil : "300"
        case "ContentBasedDeduplication": return isFIFO ? "false" : nil
        case "DeduplicationScope": return isFIFO ? "queue" : nil
        case "FifoThroughputLimit": return isFIFO ? "perQueue" : nil
        default: return nil
        }
    }

    private func number(_ name: String) -> Int { self[name].flatMap { Int($0) } ?? 0 }

    var isFIFO: Bool { given["FifoQueue"] != nil }
    var deduplicatesByContent: Bool { self["ContentBasedDeduplication"] == "true" }
    var deduplicatesByGroup: Bool { self["DeduplicationScope"] == "messageGroup" }
    var delayInSeconds: Int { number("DelaySeconds") }
    var maximumMessageSize: Int { number("MaximumMessageSize") }
    var waitTimeInSeconds: Int { number("ReceiveMessageWaitTimeSeconds") }
    var visibilityTimeoutInSeconds: Int { number("VisibilityTimeout") }
    /// In milliseconds.
    var retention: Int64 { Int64(number("MessageRetentionPeriod")) * 1000 }
    var redrivePolicy: RedrivePolicy? { given["RedrivePolicy"]?.string.flatMap { try? RedrivePolicy($0) } }
}

/// The target of messages that were received too often.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
struct RedrivePolicy: Sendable {
    /// The dead-letter queue's ARN.
    let target: String
    let maximumReceiveCount: Int

    init(_ text: String) throws(AWSFault) {
        func invalid(_ reason: String) -> AWSFault { .queueParameter("RedrivePolicy", text, reason) }
        guard let policy = try? JSON(parsing: text), policy.object != nil else {
            throw invalid("Redrive policy is not a valid JSON map.")
        }
        guard let target = policy["deadLetterTargetArn"]?.string else {
            throw invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
        }
        guard let count = policy["maxReceiveCount"] else {
            throw invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
        }
        guard let limit = count.looseInt, (1...1000).contains(limit) else {
            throw invalid(
                "Invalid value for maxReceiveCount: \(count.text), valid values are from 1 to 1000 both inclusive.")
        }
        self.target = target
        maximumReceiveCount = limit
    }

    var targetName: String { StoredQueue.name(inARN: target) }
}
