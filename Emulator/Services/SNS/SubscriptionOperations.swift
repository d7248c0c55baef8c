internal import EmulatorCore
internal import JSON
internal import Time

// Operations on subscriptions. See <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

extension SNSService {
    func subscribe(_ input: JSON) async throws -> JSON {
        let topic = try topicName(input["TopicArn"]?.string)
        let (proto, endpoint) = (input["Protocol"]?.string ?? "", input["Endpoint"]?.string ?? "")
        try Self.check(proto, endpoint, topic: topic)
        let attributes = input["Attributes"]?.object ?? [:]
        try StoredSubscription.check(attributes)
        let new = StoredSubscription(
            id: clock.uuid(), topic: topic, proto: proto, endpoint: endpoint, attributes: attributes)
        let subscription = try await store.write { transaction in
            _ = try StoredTopic.named(topic, in: transaction.snapshot)
            let all = try StoredSubscription.all(ofTopic: topic, in: transaction.snapshot)
            guard let existing = all.first(where: { $0.proto == proto && $0.endpoint == endpoint }) else {
                try new.insert(in: transaction)
                return new
            }
            guard attributes.allSatisfy({ existing.attributes[$0.name] == $0.value }) else {
                throw AWSFault.topicParameter(
                    "Attributes Reason: Subscription already exists with different attributes")
            }
            return existing
        }
        let showsARN = !subscription.isPending || input["ReturnSubscriptionArn"]?.string == "true"
        return ["SubscriptionArn": .string(showsARN ? arn(of: subscription) : "pending confirmation")]
    }

    private static func check(_ proto: String, _ endpoint: String, topic: String) throws(AWSFault) {
        switch proto {
        case "sqs":
            guard ARN(endpoint)?.service == "sqs" else { throw .topicParameter("SQS endpoint ARN") }
            if endpoint.hasSuffix(".fifo"), !topic.hasSuffix(".fifo") {
                throw .topicParameter(
                    "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
            }
        case "lambda":
            guard ARN(endpoint)?.service == "lambda" else { throw .topicParameter("Lambda endpoint ARN") }
        case "email", "email-json":
            guard endpoint.contains("@") else { throw .topicParameter("Email address") }
        case "http", "https", "sms", "application", "firehose":
            throw .notEmulated("SNS's delivery by \(proto)")
        default:
            throw .topicParameter("Amazon SNS does not support this protocol string: \(proto)")
        }
    }

    /// Deleting a missing subscription is not an error.
    func unsubscribe(_ input: JSON) async throws -> JSON {
        let id = try subscriptionID(input)
        try await store.write { transaction in
            try transaction.execute("DELETE FROM sns_subscription WHERE id = ?", .text(id))
        }
        return [:]
    }

    /// The last part of a subscription's ARN.
    private func subscriptionID(_ input: JSON) throws(AWSFault) -> String {
        let arn = input["SubscriptionArn"]?.string ?? ""
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 7, arn.hasPrefix(self.arn(of: "")) else {
            throw .topicParameter("SubscriptionArn Reason: An ARN must have at least 7 elements, not \(parts.count)")
        }
        return String(parts[6])
    }

    private func subscription(_ id: String, in snapshot: borrowing Snapshot) throws -> StoredSubscription {
        guard let found = try StoredSubscription.all(ofTopic: nil, in: snapshot).first(where: { $0.id == id }) else {
            throw AWSFault.noSubscription
        }
        return found
    }

    // MARK: Attributes

    func subscriptionAttributes(_ input: JSON) throws -> JSON {
        let id = try subscriptionID(input)
        let subscription = try store.read { snapshot in try self.subscription(id, in: snapshot) }
        var attributes: JSONObject = [
            "SubscriptionArn": .string(arn(of: subscription)), "TopicArn": .string(arn(of: subscription.topic)),
            "Protocol": .string(subscription.proto), "Endpoint": .string(subscription.endpoint),
            "Owner": .string(account.id), "RawMessageDelivery": "false",
            "PendingConfirmation": .string(subscription.isPending ? "true" : "false"),
            "ConfirmationWasAuthenticated": .string(subscription.isPending ? "false" : "true"),
        ]
        if subscription.attributes["FilterPolicy"] != nil { attributes["FilterPolicyScope"] = "MessageAttributes" }
        for (name, value) in subscription.attributes { attributes[name] = value }
        return ["Attributes": .object(attributes)]
    }

    func setSubscriptionAttribute(_ input: JSON) async throws -> JSON {
        let id = try subscriptionID(input)
        let change: JSONObject = [input["AttributeName"]?.string ?? "": input["AttributeValue"] ?? ""]
        try StoredSubscription.check(change)
        try await store.write { [self] transaction in
            var subscription = try self.subscription(id, in: transaction.snapshot)
            for (name, value) in change { subscription.attributes[name] = value == "" ? nil : value }
            try subscription.update(in: transaction)
        }
        return [:]
    }

    // MARK: Lists

    func listSubscriptions(_ input: JSON) throws -> JSON {
        page(of: try store.read { try StoredSubscription.all(ofTopic: nil, in: $0) }, input)
    }

    func listSubscriptionsByTopic(_ input: JSON) throws -> JSON {
        let topic = try topicName(input["TopicArn"]?.string)
        let all = try store.read { snapshot in
            _ = try StoredTopic.named(topic, in: snapshot)
            return try StoredSubscription.all(ofTopic: topic, in: snapshot)
        }
        return page(of: all, input)
    }

    private func page(of subscriptions: [StoredSubscription], _ input: JSON) -> JSON {
        let all: [JSON] = subscriptions.map { subscription in
            [
                "SubscriptionArn": .string(subscription.isPending ? "PendingConfirmation" : arn(of: subscription)),
                "Owner": .string(account.id), "Protocol": .string(subscription.proto),
                "Endpoint": .string(subscription.endpoint), "TopicArn": .string(arn(of: subscription.topic)),
            ]
        }
        return Self.page(of: all, input, as: "Subscriptions")
    }
}
