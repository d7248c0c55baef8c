package import EmulatorCore
package import JSON
internal import Time
internal import Synchronization

/// Amazon Kinesis Data Streams: records are rows, durable from the answer to a put until their retention has passed.
/// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html>
package final class KinesisService: Sendable {
    /// Brings a database's tables to those where records that arrived together share a row.
    package static let joinRecords: Migration = { try StoredRecord.join(in: $0) }
    package static let schema = [
        StoredStream.schema, StoredShard.schema, StoredRecord.schema, StoredConsumer.schema, StoredPolicy.schema,
    ]

    let store: Store
    let account: Account
    let clock: ClockAndChance
    let limits: ShardLimits
    package let readers = BellGroup()
    /// By stream, when its expired records are to be removed next.
    let sweeps = Mutex<[Int64: Int64]>([:])

    init(store: Store, account: Account = Account(), clock: ClockAndChance = .system, enforcesLimits: Bool = true) {
        self.store = store
        self.account = account
        self.clock = clock
        limits = ShardLimits(isOn: enforcesLimits)
    }

    func arn(of name: String) -> String { account.arn("kinesis", "stream/\(name)") }

    /// The name of the stream that an ARN names; nil for the ARN of anything else.
    func streamName(inARN arn: String) -> String? {
        let prefix = self.arn(of: "")
        return arn.hasPrefix(prefix) ? String(arn.dropFirst(prefix.count)) : nil
    }

    /// The stream that a request is for, by its name or its ARN.
    /// - Parameter isByARN: whether the operation takes the ARN only.
    func streamName(_ request: inout RequestReader, isByARN: Bool = false) throws(AWSFault) -> String {
        let name = isByARN ? nil : try request.string("StreamName", .name)
        let arn = try request.string("StreamARN", .text(1...2048), isRequired: isByARN)
        try request.check()
        guard request.input["StreamId"]?.isNull ?? true else { throw .notEmulated("A stream's StreamId") }
        guard let arn else {
            guard let name else { throw .kinesisArgument("Must specify either StreamName or StreamARN.") }
            return name
        }
        guard let named = streamName(inARN: arn) else {
            throw AWSFault("ResourceNotFoundException", "Stream \(arn) not found.")
        }
        guard name == nil || name == named else {
            throw .kinesisArgument("StreamName \(name ?? "") and StreamARN \(arn) name different streams.")
        }
        return named
    }

    /// - Throws: ``AWSFault`` `ResourceNotFoundException`.
    func stream(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredStream {
        guard let stream = try StoredStream.find(name, in: snapshot) else { throw AWSFault.noStream(name, account) }
        return stream
    }

    /// - Throws: ``AWSFault`` `ResourceNotFoundException`.
    func shard(_ number: Int, of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> StoredShard {
        guard let shard = try StoredShard.find(number, of: stream, in: snapshot) else {
            throw AWSFault.noShard(StoredShard.name(number), stream.name, account)
        }
        return shard
    }

    /// - Throws: ``AWSFault`` `ResourceNotFoundException`.
    func shard(_ name: String, of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> StoredShard {
        try shard(try shardNumber(name, stream.name), of: stream, in: snapshot)
    }

    /// The number that a shard's name holds. The service reads it before it looks for the stream.
    /// - Throws: ``AWSFault`` `ResourceNotFoundException`.
    func shardNumber(_ name: String, _ stream: String) throws(AWSFault) -> Int {
        guard let number = StoredShard.number(name) else { throw .noShard(name, stream, account) }
        return number
    }

    /// Changes what is declared of a stream.
    func change(
        _ name: String, _ body: @escaping @Sendable (inout StoredStream) throws -> Void
    ) async throws -> StoredStream {
        try await store.write { [self] transaction in
            var stream = try stream(name, in: transaction.snapshot)
            try body(&stream)
            try stream.update(in: transaction)
            return stream
        }
    }
}

extension KinesisService: Service, JSONService {
    package static let signingNames = ["kinesis"]

    package convenience init(_ context: ServiceContext) {
        self.init(
            store: context.store, account: context.account, clock: context.clock,
            enforcesLimits: context.enforcesThroughputLimits)
    }

    package func start() async throws {
        try await store.write { [self] transaction in
            for stream in try StoredStream.all(in: transaction.snapshot) { try sweep(stream, in: transaction) }
        }
    }

    package var actionService: String { "kinesis" }
    package var targetPrefix: String { "Kinesis_20131202" }
    package var protocolVersion: String { "1.1" }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            switch request.headers["X-Amz-Target"]?.dropFirst(targetPrefix.count) {
            case ".SubscribeToShard": return try await subscribe(request)
            case ".PutRecords": return try await putRecords(request)
            default: return await answerJSON(request)
            }
        } catch let fault as AWSFault {
            return answer(fault)
        } catch {
            return answer(AWSFault.internalFailure(error))
        }
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            return try await answer(action, RequestReader(input))
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    private func answer(_ action: String, _ request: RequestReader) async throws -> JSON {
        var request = request
        switch action {
        case "CreateStream": return try await createStream(&request)
        case "DeleteStream": return try await deleteStream(&request)
        case "DescribeStream": return try describeStream(&request)
        case "DescribeStreamSummary": return try describeStreamSummary(&request)
        case "ListStreams": return try listStreams(&request)
        case "DescribeLimits": return try describeLimits()
        case "PutResourcePolicy": return try await putResourcePolicy(&request)
        case "GetResourcePolicy": return try getResourcePolicy(&request)
        case "DeleteResourcePolicy": return try await deleteResourcePolicy(&request)
        case "UpdateStreamMode": return try await updateStreamMode(&request)
        case "IncreaseStreamRetentionPeriod": return try await changeRetention(&request, isIncrease: true)
        case "DecreaseStreamRetentionPeriod": return try await changeRetention(&request, isIncrease: false)
        case "StartStreamEncryption": return try await startEncryption(&request)
        case "StopStreamEncryption": return try await stopEncryption(&request)
        case "EnableEnhancedMonitoring": return try await changeMonitoring(&request, isEnabled: true)
        case "DisableEnhancedMonitoring": return try await changeMonitoring(&request, isEnabled: false)
        case "AddTagsToStream": return try await addTags(&request)
        case "RemoveTagsFromStream": return try await removeTags(&request)
        case "ListTagsForStream": return try listTags(&request)
        case "TagResource": return try await tagResource(&request)
        case "UntagResource": return try await untagResource(&request)
        case "ListTagsForResource": return try listTagsOfResource(&request)
        case "RegisterStreamConsumer": return try await registerStreamConsumer(&request)
        case "DeregisterStreamConsumer": return try await deregisterStreamConsumer(&request)
        case "DescribeStreamConsumer": return try describeStreamConsumer(&request)
        case "ListStreamConsumers": return try listStreamConsumers(&request)
        case "ListShards": return try listShards(&request)
        case "SplitShard": return try await splitShard(&request)
        case "MergeShards": return try await mergeShards(&request)
        case "UpdateShardCount": return try await updateShardCount(&request)
        case "PutRecord": return try await putRecord(&request)
        case "PutRecords": return try await putRecords(&request)
        case "GetShardIterator": return try getShardIterator(&request)
        case "GetRecords": return try getRecords(&request)
        default: throw AWSFault.notEmulated("Kinesis' \(action)")
        }
    }
}
