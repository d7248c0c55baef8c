internal import EmulatorCore
internal import JSON

// Operations on topics. See <https://docs.aws.amazon.com/sns/latest/api/API_Operations.html>

extension SNSService {
    func createTopic(_ input: JSON) async throws -> JSON {
        let name = input["Name"]?.string ?? ""
        let attributes = input["Attributes"]?.object ?? [:]
        let stem = try StoredTopic.stem(of: name, isFIFO: attributes["FifoTopic"]?.string == "true")
        guard !stem.isEmpty, name.utf8.count <= 256, stem.utf8.allSatisfy(\.isNamePart) else {
            throw AWSFault.topicParameter("Topic Name")
        }
        try StoredTopic.check(attributes)
        let topic = StoredTopic(name: name, attributes: attributes, tags: Self.tags(input))
        try await store.write { transaction in
            guard let existing = try StoredTopic.find(name, in: transaction.snapshot) else {
                return try topic.save(in: transaction)
            }
            guard attributes.allSatisfy({ existing.attributes[$0.name] == $0.value }) else {
                throw AWSFault.topicParameter("Attributes Reason: Topic already exists with different attributes")
            }
            guard topic.tags.allSatisfy({ existing.tags[$0.name] == $0.value }) else {
                throw AWSFault.topicParameter("Tags Reason: Topic already exists with different tags")
            }
        }
        return ["TopicArn": .string(arn(of: name))]
    }

    static func tags(_ input: JSON) -> JSONObject {
        JSONObject(
            (input["Tags"]?.array ?? []).compactMap { tag in tag["Key"]?.string.map { ($0, tag["Value"] ?? "") } })
    }

    /// Deleting a missing topic is not an error.
    func deleteTopic(_ input: JSON) async throws -> JSON {
        let name = try topicName(input["TopicArn"]?.string)
        try await store.write { transaction in
            try StoredTopic.find(name, in: transaction.snapshot)?.remove(in: transaction)
        }
        return [:]
    }

    func listTopics(_ input: JSON) throws -> JSON {
        let names = try store.read { snapshot in
            try snapshot.all("SELECT name FROM sns_topic ORDER BY name") { $0.text(0) }
        }
        return Self.page(of: names.map { ["TopicArn": .string(arn(of: $0))] }, input, as: "Topics")
    }

    /// A page of a hundred elements; the token is the number of elements before it.
    static func page(of all: [JSON], _ input: JSON, as member: String) -> JSON {
        let limit = 100
        let start = min(max(0, input["NextToken"]?.string.flatMap { Int($0) } ?? 0), all.count)
        let rest = all[start...]
        var answer: JSONObject = [member: .array(Array(rest.prefix(limit)))]
        if rest.count > limit { answer["NextToken"] = .string(String(start + limit)) }
        return .object(answer)
    }

    // MARK: Attributes

    func topicAttributes(_ input: JSON) throws -> JSON {
        let name = try topicName(input["TopicArn"]?.string)
        let (topic, subscriptions) = try store.read { snapshot in
            (try StoredTopic.named(name, in: snapshot), try StoredSubscription.all(ofTopic: name, in: snapshot))
        }
        let pending = subscriptions.count { $0.isPending }
        var attributes: JSONObject = [
            "TopicArn": .string(arn(of: name)), "Owner": .string(account.id), "DisplayName": "",
            "SubscriptionsConfirmed": .string(String(subscriptions.count - pending)),
            "SubscriptionsPending": .string(String(pending)), "SubscriptionsDeleted": "0",
        ]
        for (name, value) in topic.attributes { attributes[name] = value }
        return ["Attributes": .object(attributes)]
    }

    func setTopicAttribute(_ input: JSON) async throws -> JSON {
        let name = try topicName(input["TopicArn"]?.string)
        let change: JSONObject = [input["AttributeName"]?.string ?? "": input["AttributeValue"] ?? ""]
        try StoredTopic.check(change)
        return try await self.change(name) { topic in
            for (name, value) in change { topic.attributes[name] = value == "" ? nil : value }
        }
    }

    private func change(
        _ name: String, orThrow missing: AWSFault = .noTopic,
        _ body: @escaping @Sendable (inout StoredTopic) throws -> Void
    ) async throws -> JSON {
        try await store.write { transaction in
            var topic = try StoredTopic.named(name, in: transaction.snapshot, orThrow: missing)
            try body(&topic)
            try topic.save(in: transaction)
        }
        return [:]
    }

    // MARK: Tags

    private static let noResource = AWSFault("ResourceNotFound", "Resource does not exist", status: 404)

    func tagTopic(_ input: JSON) async throws -> JSON {
        let tags = Self.tags(input)
        return try await change(try topicName(input["ResourceArn"]?.string, "ResourceArn"), orThrow: Self.noResource) {
            for (name, value) in tags { $0.tags[name] = value }
        }
    }

    func untagTopic(_ input: JSON) async throws -> JSON {
        let keys = (input["TagKeys"]?.array ?? []).compactMap(\.string)
        return try await change(try topicName(input["ResourceArn"]?.string, "ResourceArn"), orThrow: Self.noResource) {
            for key in keys { $0.tags[key] = nil }
        }
    }

    func listTags(_ input: JSON) throws -> JSON {
        let name = try topicName(input["ResourceArn"]?.string, "ResourceArn")
        let topic = try store.read { try StoredTopic.named(name, in: $0, orThrow: Self.noResource) }
        return ["Tags": .array(topic.tags.map { ["Key": .string($0.name), "Value": $0.value] })]
    }
}
