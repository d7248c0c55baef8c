internal import EmulatorCore
internal import JSON
internal import Time

// Records come in. See <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>

extension KinesisService {
    /// Of a record's data and its partition key.
    static let recordLimit = 1 << 20
    static let requestRecordsLimit = 500
    static let requestSizeLimit = 10 << 20

    /// A record of a request.
    struct IncomingRecord: Sendable {
        let partitionKey: String
        let hashKey: UInt128
        let data: ArraySlice<UInt8>

        var size: Int { data.count + partitionKey.utf8.count }
    }

    /// What becomes of a record: its place, or the shard that takes no more now.
    enum Placement: Sendable {
        case placed(SequenceNumber)
        case refused(shard: Int)
    }

    func putRecord(_ request: inout RequestReader) async throws -> JSON {
        let record = try Self.record(&request)
        let ordering = try request.string("SequenceNumberForOrdering", .sequenceNumber)
        let name = try streamName(&request)
        guard let record = try record?.get() else { return [:] }
        if let ordering {
            guard let number = SequenceNumber(ordering), number.arrived <= clock.now().milliseconds / 1000 else {
                throw AWSFault.kinesisArgument(
                    "ExclusiveMinimumSequenceNumber \(ordering) used in PutRecord on stream \(name) under account "
                        + "\(account.id) is invalid.")
            }
        }
        let (stream, placements) = try await put([record], into: name)
        switch placements[0] {
        case .refused(let shard): throw AWSFault.rateExceeded(StoredShard.name(shard), name, account)
        case .placed(let place):
            var answer = Self.entry(place)
            if stream.keyID != nil { answer["EncryptionType"] = .string(stream.encryptionType) }
            return .object(answer)
        }
    }

    /// Reads the body in place if it has the form that SDKs write, and any other one as a document.
    func putRecords(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await request.body.collect(upTo: requestLimit)
        guard let plain = PlainPutRecords(body) else {
            var request = request
            request.body = RequestBody(body)
            return await answerJSON(request)
        }
        let (stream, placements) = try await put(plain.records, into: plain.stream)
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/x-amz-json-\(protocolVersion)")]),
            body: .bytes(PlainPutRecords.answer(placements, of: stream, account)))
    }

    func putRecords(_ request: inout RequestReader) async throws -> JSON {
        let entries = try request.list("Records", count: 1...Self.requestRecordsLimit, isRequired: true) ?? []
        var results: [Result<IncomingRecord, AWSFault>] = []
        results.reserveCapacity(entries.count)
        for (position, entry) in entries.enumerated() {
            guard entry.object != nil else {
                throw AWSFault("SerializationException", "Records[\(position)]: expected a structure")
            }
            var entry = RequestReader(entry, path: "records.\(position + 1).member.")
            if let result = try Self.record(&entry) { results.append(result) }
            request.add(entry.failures)
        }
        let name = try streamName(&request)
        let records = try results.map { try $0.get() }
        guard records.reduce(0, { $0 + $1.size }) <= Self.requestSizeLimit else {
            throw AWSFault.kinesisArgument("Records size exceeds 10 MB limit")
        }
        let (stream, placements) = try await put(records, into: name)
        var refused = 0
        let entriesOut: [JSON] = placements.map { placement in
            switch placement {
            case .placed(let place): return .object(Self.entry(place))
            case .refused(let shard):
                refused += 1
                let fault = AWSFault.rateExceeded(StoredShard.name(shard), name, account)
                return ["ErrorCode": .string(fault.code), "ErrorMessage": .string(fault.message)]
            }
        }
        var answer: JSONObject = ["FailedRecordCount": .int(refused), "Records": .array(entriesOut)]
        if stream.keyID != nil { answer["EncryptionType"] = .string(stream.encryptionType) }
        return .object(answer)
    }

    private static func entry(_ place: SequenceNumber) -> JSONObject {
        ["SequenceNumber": .string(place.text), "ShardId": .string(StoredShard.name(place.shard))]
    }

    /// Reads a record of a request. Failures of its constraints stay in `request`; what the service checks after those is the
    /// result.
    private static func record(
        _ request: inout RequestReader
    ) throws(AWSFault) -> Result<IncomingRecord, AWSFault>? {
        let partitionKey = try request.string("PartitionKey", .text(1...256), isRequired: true)
        // The key counts as part of the record.
        let data = try request.bytes(
            "Data", upTo: recordLimit, alsoCounting: partitionKey?.utf8.count ?? 0, isRequired: true)
        let explicit = try request.string("ExplicitHashKey", .hashKey)
        guard let data, let partitionKey else { return nil }
        guard let explicit else {
            return .success(
                IncomingRecord(
                    partitionKey: partitionKey, hashKey: HashKeyRange.hashKey(of: partitionKey), data: data[...]))
        }
        guard let hashKey = UInt128(explicit) else {
            return .failure(
                .kinesisArgument(
                    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "
                        + explicit))
        }
        return .success(IncomingRecord(partitionKey: partitionKey, hashKey: hashKey, data: data[...]))
    }

    /// Adds records in their order, in one transaction. A record is refused when its shard has taken enough in this second.
    func put(
        _ records: [IncomingRecord], into name: String
    ) async throws -> (stream: StoredStream, placements: [Placement]) {
        let prepared = try prepare(records, for: name)
        return try await store.write { [self] transaction in
            let stream = try stream(name, in: transaction.snapshot)
            var shards = try StoredShard.open(of: stream, in: transaction.snapshot)
            let sharded =
                prepared.flatMap { $0.isFor(shards) ? $0 : nil } ?? ShardedRecords(records, over: shards)
            let now = clock.now().milliseconds
            var placements: [Placement] = []
            placements.reserveCapacity(records.count)
            var refused: Set<Int> = []
            for (number, position) in sharded.positions.enumerated() {
                guard limits.takes(records[number].size, into: shards[position], at: now) else {
                    refused.insert(number)
                    placements.append(.refused(shard: shards[position].number))
                    continue
                }
                let index = shards[position].nextIndex(at: now)
                placements.append(
                    .placed(shards[position].sequenceNumber(of: index, arrived: shards[position].lastArrival)))
            }
            let taken = refused.isEmpty ? sharded : ShardedRecords(records, over: shards, without: refused)
            for (shard, block) in zip(shards, taken.blocks) where block.count > 0 {
                try StoredRecord.insert(block, into: shard, in: transaction)
                try shard.saveIndex(in: transaction)
            }
            if !refused.isEmpty { try grow(stream, shards, at: now, in: transaction) }
            try sweepIfNeeded(stream, at: now, in: transaction)
            transaction.afterCommit { [readers] in readers.ring() }
            return (stream, placements)
        }
    }

    /// Compresses records before the transaction, because other writers wait for what is done in it.
    /// - Returns: nil for so few bytes that they are stored as they are.
    private func prepare(_ records: [IncomingRecord], for name: String) throws -> ShardedRecords? {
        guard records.reduce(0, { $0 + $1.size }) >= PackedBytes.smallest else { return nil }
        let shards = try store.read { try StoredShard.open(of: try stream(name, in: $0), in: $0) }
        return ShardedRecords(records, over: shards)
    }

    /// Doubles the shards of an on-demand stream that has refused records: the first time at once, then after 15 minutes, as
    /// AWS takes up to twice the peak of the time before, and for more needs that long.
    /// - SeeAlso: <https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html>
    private func grow(
        _ stream: StoredStream, _ shards: [StoredShard], at now: Int64, in transaction: borrowing Transaction
    ) throws {
        guard stream.mode == .onDemand, shards.count < Self.onDemandShardsLimit else { return }
        let newest = shards.map(\.openedAt).max() ?? 0
        guard shards.count <= Self.onDemandShards || now - newest >= Self.onDemandInterval else { return }
        var resharding = try Resharding(of: stream, at: now, in: transaction.snapshot)
        try resharding.makeUniform(min(shards.count * 2, Self.onDemandShardsLimit), in: transaction)
    }
}
