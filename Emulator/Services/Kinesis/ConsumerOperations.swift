internal import EmulatorCore
internal import JSON
internal import Time

// Consumers with their own share of a stream's throughput.
// See <https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html>

extension KinesisService {
    func registerStreamConsumer(_ request: inout RequestReader) async throws -> JSON {
        let consumer = try request.string("ConsumerName", .name, isRequired: true) ?? ""
        let name = try streamName(&request, isByARN: true)
        guard request.input["Tags"]?.isNull ?? true else { throw AWSFault.notEmulated("Tags of a consumer") }
        let now = clock.now().milliseconds
        let arn = arn(of: name)
        let created = try await store.write { [self] transaction in
            let stream = try stream(name, in: transaction.snapshot)
            let others = try StoredConsumer.all(of: stream, in: transaction.snapshot)
            guard !others.contains(where: { $0.name == consumer }) else {
                throw AWSFault(
                    "ResourceInUseException",
                    "Consumer \(consumer) under stream \(name) already exists for account \(account.id).")
            }
            guard others.count < StoredConsumer.limit else {
                throw AWSFault(
                    "LimitExceededException",
                    "The stream \(name) has \(others.count) consumers; it can have \(StoredConsumer.limit).")
            }
            let created = StoredConsumer(stream: stream.id, name: consumer, createdAt: now)
            try created.insert(in: transaction)
            return created
        }
        return ["Consumer": .object(created.document(arn))]
    }

    func deregisterStreamConsumer(_ request: inout RequestReader) async throws -> JSON {
        let (name, consumer) = try consumerName(&request)
        try await store.write { [self] transaction in
            try find(consumer, of: name, in: transaction.snapshot).delete(in: transaction)
        }
        return [:]
    }

    func describeStreamConsumer(_ request: inout RequestReader) throws -> JSON {
        let (name, consumer) = try consumerName(&request)
        let arn = arn(of: name)
        var document = try store.read { try find(consumer, of: name, in: $0) }.document(arn)
        document["StreamARN"] = .string(arn)
        return ["ConsumerDescription": .object(document)]
    }

    func listStreamConsumers(_ request: inout RequestReader) throws -> JSON {
        let limit = try request.integer("MaxResults", in: 1...10_000) ?? 100
        let start = try request.string("NextToken", .text(1...1_048_576)) ?? ""
        let name = try streamName(&request, isByARN: true)
        let consumers = try store.read { try StoredConsumer.all(of: try stream(name, in: $0), in: $0) }
            .filter { $0.name > start }
        var answer: JSONObject = [
            "Consumers": .array(consumers.prefix(limit).map { .object($0.document(arn(of: name))) })
        ]
        if consumers.count > limit { answer["NextToken"] = .string(consumers[limit - 1].name) }
        return .object(answer)
    }

    /// The stream and the consumer that a request is for: by the consumer's ARN, or by the stream's and its name.
    private func consumerName(_ request: inout RequestReader) throws(AWSFault) -> (stream: String, consumer: String) {
        if let arn = try request.string("ConsumerARN", .text(1...2048)) {
            try request.check()
            return try names(inConsumerARN: arn)
        }
        let consumer = try request.string("ConsumerName", .name, isRequired: true) ?? ""
        return (try streamName(&request), consumer)
    }

    func names(inConsumerARN arn: String) throws(AWSFault) -> (stream: String, consumer: String) {
        let parts = (streamName(inARN: arn) ?? "").split(separator: "/").map(String.init)
        guard parts.count == 3, parts[1] == "consumer" else {
            throw AWSFault("ResourceNotFoundException", "Consumer \(arn), account \(account.id) not found.")
        }
        return (parts[0], String(parts[2].prefix { $0 != ":" }))
    }

    /// - Throws: ``AWSFault`` `ResourceNotFoundException`.
    func find(_ consumer: String, of name: String, in snapshot: borrowing Snapshot) throws -> StoredConsumer {
        guard let found = try StoredConsumer.find(consumer, of: try stream(name, in: snapshot), in: snapshot) else {
            throw AWSFault(
                "ResourceNotFoundException",
                "Consumer \(consumer), Stream \(name) under account \(account.id) not found.")
        }
        return found
    }
}
