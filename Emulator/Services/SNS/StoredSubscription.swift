internal import EmulatorCore
internal import JSON

/// A subscription in the store.
struct StoredSubscription: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS sns_subscription (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, topic TEXT NOT NULL,
            protocol TEXT NOT NULL, endpoint TEXT NOT NULL, attributes BLOB NOT NULL,
            UNIQUE (topic, protocol, endpoint)) STRICT;
        """

    let id: String
    let topic: String
    let proto: String
    let endpoint: String
    /// By name; values are text, as in the API.
    var attributes: JSONObject

    /// The subscriptions of a topic, or all, in the order of creation.
    static func all(ofTopic topic: String?, in snapshot: borrowing Snapshot) throws -> [StoredSubscription] {
        try snapshot.all(
            """
            SELECT id, topic, protocol, endpoint, attributes FROM sns_subscription WHERE ?1 IS NULL OR topic = ?1
            ORDER BY number
            """, .text(topic)
        ) { row in
            StoredSubscription(
                id: row.text(0), topic: row.text(1), proto: row.text(2), endpoint: row.text(3),
                attributes: try JSON(parsing: row.blob(4)).object ?? [:])
        }
    }

    func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO sns_subscription (id, topic, protocol, endpoint, attributes) VALUES (?, ?, ?, ?, ?)",
            .text(id), .text(topic), .text(proto), .text(endpoint), .blob(JSON.object(attributes).bytes))
    }

    func update(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "UPDATE sns_subscription SET attributes = ? WHERE id = ?", .blob(JSON.object(attributes).bytes), .text(id))
    }

    /// A subscription by mail stays pending, because nobody confirms it here.
    var isPending: Bool { ["email", "email-json"].contains(proto) }
    var deliversRaw: Bool { attributes["RawMessageDelivery"]?.string == "true" }

    /// The target of messages that the endpoint refuses.
    var deadLetterTarget: String? {
        attributes["RedrivePolicy"]?.string.flatMap { try? JSON(parsing: $0)["deadLetterTargetArn"]?.string }
    }

    /// Whether the filter policy matches the message.
    /// - SeeAlso: <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>
    func matches(_ notification: Notice) -> Bool {
        guard let policy = attributes["FilterPolicy"]?.string.flatMap({ try? JSON(parsing: $0) }),
            let pattern = try? EventPattern(policy)
        else { return true }
        guard attributes["FilterPolicyScope"]?.string == "MessageBody" else {
            return pattern.matches(notification.attributesAsValues)
        }
        guard let body = try? JSON(parsing: notification.message), body.object != nil else { return false }
        return pattern.matches(body)
    }

    /// - Throws: ``AWSFault`` for an unknown attribute or an invalid value.
    static func check(_ attributes: JSONObject) throws(AWSFault) {
        for (name, value) in attributes {
            let text = value.string ?? ""
            switch name {
            case "RawMessageDelivery":
                guard ["true", "false"].contains(text) else {
                    throw .topicParameter(
                        "Attributes Reason: RawMessageDelivery: Invalid value [\(text)]. Must be true or false.")
                }
            case "FilterPolicy" where !text.isEmpty:
                guard let policy = try? JSON(parsing: text), policy.object != nil else {
                    throw .topicParameter("Attributes Reason: FilterPolicy: failed to parse JSON.")
                }
                do { _ = try EventPattern(policy) } catch {
                    throw .topicParameter("Attributes Reason: FilterPolicy: \(error.message)")
                }
            case "FilterPolicyScope":
                guard ["MessageAttributes", "MessageBody"].contains(text) else {
                    throw .topicParameter("Attributes Reason: FilterPolicyScope: Invalid value [\(text)].")
                }
            case "RedrivePolicy" where !text.isEmpty:
                guard (try? JSON(parsing: text))?["deadLetterTargetArn"]?.string.flatMap({ ARN($0) }) != nil else {
                    throw .topicParameter("Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn.")
                }
            case "FilterPolicy", "RedrivePolicy", "DeliveryPolicy": break
            default: throw .topicParameter("AttributeName")
            }
        }
    }
}
