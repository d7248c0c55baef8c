internal import EmulatorCore
internal import JSON
internal import Time

// Operations on streams. See <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html>

extension KinesisService {
    /// An on-demand stream starts with as many shards as AWS gives it.
    static let onDemandShards = 4
    /// 200 MiB a second, AWS's first limit in most regions.
    static let onDemandShardsLimit = 200
    /// How long an on-demand stream takes to accept more than twice its earlier peak, in milliseconds.
    static let onDemandInterval: Int64 = 15 * 60_000

    func createStream(_ request: inout RequestReader) async throws -> JSON {
        let name = try request.string("StreamName", .name, isRequired: true) ?? ""
        let mode = try mode(&request) ?? .provisioned
        let count = try request.integer("ShardCount", in: 1...Int.max, isRequired: mode == .provisioned) ?? 1
        let tags = try request.tags("Tags") ?? [:]
        let recordSize = try request.integer("MaxRecordSizeInKiB", in: 1024...10240)
        let throughput = try request.integer("WarmThroughputMiBps", in: 0...Int.max)
        let distribution = try request.choice("RecordDistributionStrategy", RecordDistribution.self)
        try request.check()
        try Self.check(tags)
        guard recordSize ?? 1024 == 1024 else { throw AWSFault.notEmulated("A MaxRecordSizeInKiB other than 1024") }
        guard throughput == nil else { throw AWSFault.notEmulated("The WarmThroughputMiBps of a stream") }
        guard distribution != .auto else { throw AWSFault.notEmulated("The RecordDistributionStrategy AUTO") }
        let now = clock.now().milliseconds
        var declared = StoredStream(name: name, createdAt: now, mode: mode)
        declared.tags = tags
        try await create(declared, shards: mode == .onDemand ? Self.onDemandShards : count)
        return [:]
    }

    private enum RecordDistribution: String, CaseIterable {
        case auto = "AUTO"
        case userPartitionKey = "USER_PARTITION_KEY"
    }

    func create(_ declared: StoredStream, shards count: Int) async throws {
        try await store.write { [account] transaction in
            guard try StoredStream.find(declared.name, in: transaction.snapshot) == nil else {
                throw AWSFault(
                    "ResourceInUseException", "Stream \(declared.name) under account \(account.id) already exists.")
            }
            if declared.mode == .provisioned {
                try Self.checkShardLimit(adding: count, account, in: transaction.snapshot)
            }
            var stream = declared
            try stream.insert(in: transaction)
            for (number, range) in HashKeyRange.uniform(count).enumerated() {
                var shard = StoredShard(
                    stream: stream.id, number: number, range: range, openedAt: stream.createdAt)
                try shard.insert(in: transaction)
            }
        }
    }

    static func checkShardLimit(adding count: Int, _ account: Account, in snapshot: borrowing Snapshot) throws {
        let open = try StoredShard.openCount(.provisioned, in: snapshot)
        guard count <= StoredShard.limit - open else {
            throw AWSFault.shardLimit(account, open: open, added: count)
        }
    }

    private func mode(_ request: inout RequestReader) throws(AWSFault) -> StoredStream.Mode? {
        guard var details = try request.structure("StreamModeDetails") else { return nil }
        let mode = try details.choice("StreamMode", StoredStream.Mode.self, isRequired: true)
        try details.check()
        return mode
    }

    func deleteStream(_ request: inout RequestReader) async throws -> JSON {
        let isForced = try request.flag("EnforceConsumerDeletion") ?? false
        let name = try streamName(&request)
        try await delete(name, withConsumers: isForced)
        return [:]
    }

    /// - Parameter withConsumers: whether a stream with registered consumers is deleted too.
    func delete(_ name: String, withConsumers: Bool = true) async throws {
        let shards = try await store.write { [self] transaction in
            let stream = try stream(name, in: transaction.snapshot)
            let consumers = try StoredConsumer.all(of: stream, in: transaction.snapshot)
            guard withConsumers || consumers.isEmpty else {
                throw AWSFault(
                    "ResourceInUseException",
                    "Stream \(name) under account \(account.id) has consumers; deregister them, or set "
                        + "EnforceConsumerDeletion.")
            }
            for consumer in consumers { try consumer.delete(in: transaction) }
            try StoredPolicy.remove(arn(of: name), in: transaction)
            let shards = try StoredShard.all(of: stream, in: transaction.snapshot)
            for shard in shards {
                _ = try StoredRecord.remove(before: shard.lastIndex + 1, of: shard, in: transaction)
            }
            try transaction.execute("DELETE FROM kinesis_shard WHERE stream = ?", .integer(stream.id))
            try transaction.execute("DELETE FROM kinesis_stream WHERE id = ?", .integer(stream.id))
            return shards
        }
        for shard in shards { limits.forget(shard) }
    }

    // MARK: Descriptions

    func describeStream(_ request: inout RequestReader) throws -> JSON {
        let limit = try request.integer("Limit", in: 1...10_000) ?? 100
        let after = try request.string("ExclusiveStartShardId", .name)
        let name = try streamName(&request)
        return try store.read { snapshot in
            let stream = try stream(name, in: snapshot)
            let shards = try visibleShards(of: stream, in: snapshot)
                .drop { shard in after.flatMap { StoredShard.number($0) }.map { shard.number <= $0 } ?? false }
            var description = describe(stream)
            description["Shards"] = .array(shards.prefix(limit).map(\.json))
            description["HasMoreShards"] = .bool(shards.count > limit)
            return ["StreamDescription": .object(description)]
        }
    }

    func describeStreamSummary(_ request: inout RequestReader) throws -> JSON {
        let name = try streamName(&request)
        return try store.read { snapshot in
            let stream = try stream(name, in: snapshot)
            var description = describe(stream)
            description["OpenShardCount"] = .int(try StoredShard.open(of: stream, in: snapshot).count)
            description["ConsumerCount"] = .int(try StoredConsumer.all(of: stream, in: snapshot).count)
            description["MaxRecordSizeInKiB"] = 1024
            return ["StreamDescriptionSummary": .object(description)]
        }
    }

    private func describe(_ stream: StoredStream) -> JSONObject {
        var description = summarize(stream)
        description["RetentionPeriodHours"] = .int(stream.retentionHours)
        description["EnhancedMonitoring"] = [["ShardLevelMetrics": .array(stream.metrics.map { .string($0) })]]
        description["EncryptionType"] = .string(stream.encryptionType)
        if let keyID = stream.keyID { description["KeyId"] = .string(keyID) }
        return description
    }

    private func summarize(_ stream: StoredStream) -> JSONObject {
        [
            "StreamName": .string(stream.name), "StreamARN": .string(arn(of: stream.name)), "StreamStatus": "ACTIVE",
            "StreamModeDetails": ["StreamMode": .string(stream.mode.rawValue)],
            "StreamCreationTimestamp": Timestamp.json(stream.createdAt),
        ]
    }

    func listStreams(_ request: inout RequestReader) throws -> JSON {
        let limit = try request.integer("Limit", in: 1...10_000) ?? 100
        let start = try request.string("ExclusiveStartStreamName", .name)
        let token = try request.string("NextToken", .text(1...1_048_576))
        try request.check()
        let streams = try store.read { try StoredStream.all(after: token ?? start ?? "", in: $0) }
        let page = streams.prefix(limit)
        var answer: JSONObject = [
            "StreamNames": .array(page.map { .string($0.name) }), "HasMoreStreams": .bool(streams.count > limit),
            "StreamSummaries": .array(page.map { .object(summarize($0)) }),
        ]
        if streams.count > limit, let last = page.last { answer["NextToken"] = .string(last.name) }
        return .object(answer)
    }

    func describeLimits() throws -> JSON {
        try store.read { snapshot in
            let onDemand = try StoredStream.all(in: snapshot).filter { $0.mode == .onDemand }
            return [
                "ShardLimit": .int(StoredShard.limit),
                "OpenShardCount": .int(try StoredShard.openCount(.provisioned, in: snapshot)),
                "OnDemandStreamCount": .int(onDemand.count), "OnDemandStreamCountLimit": 50,
            ]
        }
    }

    // MARK: Settings

    func updateStreamMode(_ request: inout RequestReader) async throws -> JSON {
        guard let mode = try mode(&request) else {
            throw AWSFault.kinesisValidation([
                "Value null at 'streamModeDetails' failed to satisfy constraint: Member must not be null"
            ])
        }
        let throughput = try request.integer("WarmThroughputMiBps", in: 0...Int.max)
        let name = try streamName(&request, isByARN: true)
        guard throughput == nil else { throw AWSFault.notEmulated("The WarmThroughputMiBps of a stream") }
        _ = try await change(name) { $0.mode = mode }
        return [:]
    }

    func changeRetention(_ request: inout RequestReader, isIncrease: Bool) async throws -> JSON {
        let hours = try request.integer("RetentionPeriodHours", in: Int.min...Int.max, isRequired: true) ?? 0
        let name = try streamName(&request)
        guard hours >= 24 else {
            throw AWSFault.kinesisArgument(
                "Minimum allowed retention period is 24 hours. Requested retention period (\(hours) hours) is too short."
            )
        }
        guard hours <= 8760 else {
            throw AWSFault.kinesisArgument(
                "Maximum allowed retention period is 8760 hours. Requested retention period (\(hours) hours) is too long."
            )
        }
        _ = try await change(name) { stream in
            guard isIncrease ? hours >= stream.retentionHours : hours <= stream.retentionHours else {
                throw AWSFault.kinesisArgument(
                    "Requested retention period (\(hours) hours) for stream \(name) can not be "
                        + "\(isIncrease ? "shorter" : "longer") than existing retention period "
                        + "(\(stream.retentionHours) hours). Use \(isIncrease ? "Decrease" : "Increase")RetentionPeriod API."
                )
            }
            stream.retentionHours = hours
        }
        return [:]
    }

    func startEncryption(_ request: inout RequestReader) async throws -> JSON {
        _ = try request.choice("EncryptionType", EncryptionType.self, isRequired: true)
        let key = try request.string("KeyId", .text(1...2048), isRequired: true)
        let name = try streamName(&request)
        _ = try await change(name) { $0.keyID = key }
        return [:]
    }

    func stopEncryption(_ request: inout RequestReader) async throws -> JSON {
        _ = try request.choice("EncryptionType", EncryptionType.self, isRequired: true)
        _ = try request.string("KeyId", .text(1...2048), isRequired: true)
        let name = try streamName(&request)
        _ = try await change(name) { $0.keyID = nil }
        return [:]
    }

    private enum EncryptionType: String, CaseIterable {
        case none = "NONE"
        case kms = "KMS"
    }

    func changeMonitoring(_ request: inout RequestReader, isEnabled: Bool) async throws -> JSON {
        let names = try request.list("ShardLevelMetrics", count: 1...7, isRequired: true) ?? []
        let name = try streamName(&request)
        let given = names.compactMap(\.string)
        guard given.count == names.count, given.allSatisfy({ Self.metrics.contains($0) || $0 == "ALL" }) else {
            throw AWSFault.kinesisValidation([
                "Value '[\(given.joined(separator: ", "))]' at 'shardLevelMetrics' failed to satisfy constraint: Member "
                    + "must satisfy constraint: [Member must satisfy enum value set: "
                    + "[\((Self.metrics + ["ALL"]).joined(separator: ", "))]]"
            ])
        }
        let chosen = given.contains("ALL") ? Self.metrics : given
        let before = try store.read { try stream(name, in: $0).metrics }
        let changed = try await change(name) { stream in
            stream.metrics = Self.metrics.filter {
                chosen.contains($0) ? isEnabled : stream.metrics.contains($0)
            }
        }
        return [
            "StreamName": .string(name), "StreamARN": .string(arn(of: name)),
            "CurrentShardLevelMetrics": .array(before.map { .string($0) }),
            "DesiredShardLevelMetrics": .array(changed.metrics.map { .string($0) }),
        ]
    }

    static let metrics = [
        "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
        "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
    ]
}
