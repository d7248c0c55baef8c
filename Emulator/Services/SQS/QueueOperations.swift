internal import EmulatorCore
internal import JSON
internal import Time

// Operations on queues. See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

extension SQSService {
    func createQueue(_ input: JSON) async throws -> JSON {
        guard let name = input["QueueName"]?.string else { throw AWSFault.missingParameter("QueueName") }
        let attributes = input["Attributes"]?.object ?? [:]
        let isFIFO = attributes["FifoQueue"]?.string == "true"
        try Self.checkName(name, isFIFO: isFIFO)
        var settings = QueueSettings()
        try settings.set(attributes, isNew: true, isFIFO: isFIFO)
        let queue = StoredQueue(
            name: name, settings: settings, tags: input["tags"]?.object ?? [:], createdAt: clock.now().milliseconds)
        try await store.write { [self] transaction in
            if let existing = try StoredQueue.find(name, in: transaction.snapshot) {
                for (attribute, value) in queue.settings.given where existing.settings[attribute] != value.string {
                    throw AWSFault(
                        "QueueNameExists",
                        "A queue already exists with the same name and a different value for attribute \(attribute)")
                }
                return
            }
            try checkDeadLetterTarget(of: queue, in: transaction)
            try queue.save(in: transaction)
        }
        return ["QueueUrl": .string(url(of: name))]
    }

    private static func checkName(_ name: String, isFIFO: Bool) throws(AWSFault) {
        let suffix = ".fifo"
        let stem = isFIFO && name.hasSuffix(suffix) ? name.dropLast(suffix.count) : name[...]
        guard stem.utf8.allSatisfy(\.isNamePart), !stem.isEmpty, name.utf8.count <= 80,
            !isFIFO || name.hasSuffix(suffix)
        else {
            throw .queueParameter(
                isFIFO
                    ? "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must "
                        + "end with .fifo suffix and be 1 to 80 in length."
                    : "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
        }
    }

    /// A dead-letter queue must exist and have the same type as its source queue.
    private func checkDeadLetterTarget(of queue: StoredQueue, in transaction: borrowing Transaction) throws {
        guard let policy = queue.settings.redrivePolicy else { return }
        func invalid(_ reason: String) -> AWSFault {
            .queueParameter("RedrivePolicy", queue.settings["RedrivePolicy"] ?? "", reason)
        }
        guard policy.target.hasPrefix(arn(of: "")),
            let target = try StoredQueue.find(policy.targetName, in: transaction.snapshot)
        else { throw invalid("Dead letter target does not exist.") }
        guard target.settings.isFIFO == queue.settings.isFIFO else {
            throw invalid("Dead letter target is not of the same type as the source queue.")
        }
    }

    func deleteQueue(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        try await store.write { transaction in
            guard try transaction.execute("DELETE FROM sqs_queue WHERE name = ?", .text(name)) == 1 else {
                throw AWSFault.noQueue
            }
            try StoredMessage.removeAll(from: name, in: transaction)
        }
        pollers.ring(name)
        return [:]
    }

    func purgeQueue(_ input: JSON) async throws -> JSON {
        let name = try queueName(input)
        try await store.write { transaction in
            _ = try StoredQueue(named: name, in: transaction.snapshot)
            try StoredMessage.removeAll(from: name, in: transaction)
        }
        return [:]
    }

    func queueURL(_ input: JSON) throws -> JSON {
        guard let name = input["QueueName"]?.string else { throw AWSFault.missingParameter("QueueName") }
        let owner = input["QueueOwnerAWSAccountId"]?.string ?? account.id
        guard owner == account.id else { throw AWSFault.noQueue }
        let queue = try store.read { try StoredQueue(named: name, in: $0) }
        return ["QueueUrl": .string(url(of: queue.name))]
    }

    // MARK: Attributes

    func queueAttributes(_ input: JSON) throws -> JSON {
        let name = try queueName(input)
        let wanted = input["AttributeNames"]?.array?.compactMap(\.string) ?? []
        let now = clock.now().milliseconds
        let (queue, depth) = try store.read { snapshot in
            let queue = try StoredQueue(named: name, in: snapshot)
            return (queue, try StoredMessage.depth(of: queue, at: now, in: snapshot))
        }
        var attributes: JSONObject = [
            "QueueArn": .string(arn(of: name)), "CreatedTimestamp": .string(String(queue.createdAt / 1000)),
            "LastModifiedTimestamp": .string(String(queue.modifiedAt / 1000)),
            "ApproximateNumberOfMessages": .string(String(depth.visible)),
            "ApproximateNumberOfMessagesNotVisible": .string(String(depth.inFlight)),
            "ApproximateNumberOfMessagesDelayed": .string(String(depth.delayed)),
        ]
        for name in QueueSettings.names.sorted() {
            if let value = queue.settings[name] { attributes[name] = .string(value) }
        }
        let known = Set(QueueSettings.names).union(attributes.names).union(["All"])
        if let unknown = wanted.first(where: { !known.contains($0) }) {
            throw AWSFault("InvalidAttributeName", "Unknown Attribute \(unknown).")
        }
        let answer = attributes.filter { wanted.contains("All") || wanted.contains($0.name) }
        return answer.isEmpty ? [:] : ["Attributes": .object(JSONObject(answer.map { ($0.name, $0.value) }))]
    }

    func setQueueAttributes(_ input: JSON) async throws -> JSON {
        guard let attributes = input["Attributes"]?.object else { throw AWSFault.missingParameter("Attributes") }
        let now = clock.now().milliseconds
        return try await change(try queueName(input)) { queue in
            try queue.settings.set(attributes, isNew: false, isFIFO: queue.settings.isFIFO)
            queue.modifiedAt = now
        }
    }

    private func change(
        _ name: String, _ body: @escaping @Sendable (inout StoredQueue) throws -> Void
    ) async throws -> JSON {
        try await store.write { [self] transaction in
            var queue = try StoredQueue(named: name, in: transaction.snapshot)
            try body(&queue)
            try checkDeadLetterTarget(of: queue, in: transaction)
            try queue.save(in: transaction)
        }
        pollers.ring(name)
        return [:]
    }

    // MARK: Tags

    func tagQueue(_ input: JSON) async throws -> JSON {
        guard let tags = input["Tags"]?.object else { throw AWSFault.missingParameter("Tags") }
        return try await change(try queueName(input)) { queue in
            for (name, value) in tags { queue.tags[name] = value }
        }
    }

    func untagQueue(_ input: JSON) async throws -> JSON {
        guard let keys = input["TagKeys"]?.array else { throw AWSFault.missingParameter("TagKeys") }
        return try await change(try queueName(input)) { queue in
            for key in keys.compactMap(\.string) { queue.tags[key] = nil }
        }
    }

    func listTags(_ input: JSON) throws -> JSON {
        let name = try queueName(input)
        let queue = try store.read { try StoredQueue(named: name, in: $0) }
        return queue.tags.isEmpty ? [:] : ["Tags": .object(queue.tags)]
    }

    // MARK: Lists

    func listQueues(_ input: JSON) throws -> JSON {
        let prefix = input["QueueNamePrefix"]?.string ?? ""
        let names = try store.read { snapshot in
            try snapshot.all("SELECT name FROM sqs_queue ORDER BY name") { $0.text(0) }
        }
        return try page(of: names.filter { $0.hasPrefix(prefix) }, input, as: "QueueUrls")
    }

    func listSourceQueues(_ input: JSON) throws -> JSON {
        let name = try queueName(input)
        let names = try store.read { snapshot in
            _ = try StoredQueue(named: name, in: snapshot)
            return try snapshot.all("SELECT name FROM sqs_queue ORDER BY name") { $0.text(0) }.filter { source in
                try StoredQueue.find(source, in: snapshot)?.settings.redrivePolicy?.targetName == name
            }
        }
        let answer = try page(of: names, input, as: "queueUrls")
        return answer["queueUrls"] == nil ? ["queueUrls": []] : answer
    }

    /// A page of queues starts after the name in the token.
    private func page(of names: [String], _ input: JSON, as member: String) throws(AWSFault) -> JSON {
        let limit = input["MaxResults"]?.int ?? 1000
        guard (1...1000).contains(limit) else {
            throw .queueParameter("MaxResults", String(limit), "Must be an integer between 1 and 1000, if provided.")
        }
        let start = input["NextToken"]?.string.flatMap { [UInt8](base64: $0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
        let rest = names.filter { $0 > start ?? "" }
        var answer: JSONObject = [:]
        if !rest.isEmpty { answer[member] = .array(rest.prefix(limit).map { .string(url(of: $0)) }) }
        if rest.count > limit, input["MaxResults"] != nil {
            answer["NextToken"] = .string(Array(rest[limit - 1].utf8).base64)
        }
        return .object(answer)
    }
}
