internal import EmulatorCore
internal import JSON
internal import Time

/// Reads a delivery stream's source, has its records transformed, and puts the outcome into buffers.
///
/// The commit that takes records off the source is the one that puts their outcome into buffers, so each record is in
/// exactly one of them, whenever the emulator crashes. A function may see a record more than once, as on AWS.
struct Intake {
    private let context: DeliveryContext
    private var lanes: [String: Lane] = [:]
    /// The most open buffers of a delivery stream with dynamic partitioning.
    static let partitionLimit = 500
    /// The bytes of a batch that no function transforms.
    private static let plainBatchBytes = 4 << 20

    init(_ context: DeliveryContext) { self.context = context }

    private var configuration: DeliveryConfiguration { context.configuration }

    /// Runs until the task is cancelled.
    mutating func serve() async {
        var intake = self
        await context.repeat("Source") {
            do {
                let step = try await intake.step()
                if case .waiting(let deadline) = step {
                    await intake.context.intakeBell.wait(until: deadline, intake.context.clock)
                }
            } catch {
                // What is pending is read again.
                intake.lanes = [:]
                throw error
            }
        }
        self = intake
    }

    enum Step: Equatable {
        case moved
        /// Nothing to do until this time (milliseconds since 1970; nil for no time) or until the source has more records.
        case waiting(until: Int64?)
    }

    /// Moves the first batch that is ready.
    mutating func step() async throws -> Step {
        var deadline: Int64?
        let source = try source()
        for key in try updateLanes(source) {
            guard var lane = lanes[key] else { continue }
            try lane.fill(
                upTo: batchBytes, of: context.id, from: source, by: configuration.processors.separation,
                in: context.store)
            let dropped = lane.takeDropped()
            if dropped > 0 {
                context.log(
                    "Source.RecordsDropped",
                    "\(dropped) records in aggregated ones of \(lane.shard?.name ?? "") have an explicit hash key outside "
                        + "the shard and were dropped; give them the key of the record that has them.")
            }
            lanes[key] = lane
            guard let first = lane.pending.first else { continue }
            let batch = batch(of: lane)
            let ready = first.arrivedAt + context.limited(configuration.transformation?.bufferMilliseconds ?? 0)
            let isFull = batch.count < lane.pending.count || lane.pendingBytes >= batchBytes
            guard isFull || context.clock.now().milliseconds >= ready else {
                deadline = min(deadline ?? .max, ready)
                continue
            }
            try await move(batch, from: lane)
            lanes[key]?.advance(by: batch.count)
            return .moved
        }
        return .waiting(until: deadline)
    }

    private var batchBytes: Int { configuration.transformation?.bufferBytes ?? Self.plainBatchBytes }

    /// The first pending records, for one invocation if the first of them alone is not too large for it.
    private func batch(of lane: Lane) -> [SourceRecord] {
        var (bytes, payload) = (0, 0)
        let count = lane.pending.prefix { record in
            bytes += record.size
            payload += record.parts.reduce(0) { $0 + TransformationCall.payloadSize(of: $1) }
            return bytes <= batchBytes && payload <= TransformationCall.payloadLimit
        }.count
        return Array(lane.pending.prefix(max(1, count)))
    }

    // MARK: Lanes

    private func source() throws(AWSFault) -> Lane.Source {
        guard let arn = configuration.sourceStream else { return .puts }
        return .stream(arn: arn, try context.peers.stream(arn))
    }

    /// The keys of the lanes that may be read now: a shard only once its parents have been read to their ends.
    private mutating func updateLanes(_ source: Lane.Source) throws -> [String] {
        guard case .stream(let arn, let stream) = source else {
            if lanes[""] == nil { lanes[""] = Lane(nil, position: 0) }
            return [""]
        }
        let shards = try stream.shards(ofStream: arn)
        let isNew = shards.contains { lanes[$0.id] == nil }
        let positions =
            isNew ? try context.store.read { try Lane.positions(of: context.id, in: $0) } : [:]
        var kept: [String: Lane] = [:]
        for shard in shards { kept[shard.id] = lanes[shard.id] ?? Lane(shard, position: positions[shard.id] ?? 0) }
        lanes = kept
        let byID = Dictionary(uniqueKeysWithValues: shards.map { ($0.id, $0) })
        var readable: [String] = []
        for shard in shards where lanes[shard.id]?.isAtEnd(shard) == false {
            let parents = shard.parents.compactMap { byID[$0] }
            var areRead = true
            for parent in parents where areRead {
                // Records that expired before they were read are not waited for.
                areRead = try lanes[parent.id]?.isRead(parent, context.id, source, context.store) ?? true
            }
            if areRead { readable.append(shard.id) }
        }
        return readable
    }

    // MARK: Moving

    private func move(_ batch: [SourceRecord], from lane: Lane) async throws {
        let records = batch.flatMap(\.parts)
        let attempts = try await transformed(records)
        let additions = try additions(for: records, attempts)
        let now = context.clock.now().milliseconds
        try await context.store.write { [context] transaction in
            try lane.acknowledge(batch, of: context.id, in: transaction)
            for addition in additions {
                let buffer = try StoredBuffer.add(addition, to: context.id, at: now, in: transaction)
                if let buffer, buffer.size >= context.configuration.destination(of: buffer.kind).bufferBytes {
                    try buffer.close(objectKey: try context.objectKey(for: buffer), in: transaction)
                }
            }
            transaction.afterCommit { [bell = context.deliveryBell] in bell.ring() }
        }
    }

    /// What became of a record, and in how many attempts.
    private struct Attempt {
        let outcome: TransformationCall.Outcome
        let count: Int
    }

    /// The outcome of each record.
    private func transformed(_ records: [IncomingRecord]) async throws -> [Attempt] {
        var attempts = records.map { record in
            if let failure = record.failure {
                return Attempt(outcome: .failed(code: failure.code, message: failure.message), count: 0)
            }
            return Attempt(outcome: .ok(record.data, partitionKeys: [:]), count: 1)
        }
        guard let transformation = configuration.transformation else { return attempts }
        var places: [Int] = []
        var payload = 0
        func flush() async throws {
            guard !places.isEmpty else { return }
            for (place, attempt) in zip(places, try await invoke(transformation, places.map { records[$0] })) {
                attempts[place] = attempt
            }
            (places, payload) = ([], 0)
        }
        for (place, record) in records.enumerated() where record.failure == nil {
            let size = TransformationCall.payloadSize(of: record)
            if payload + size > TransformationCall.payloadLimit { try await flush() }
            places.append(place)
            payload += size
        }
        try await flush()
        return attempts
    }

    private func invoke(_ transformation: Transformation, _ records: [IncomingRecord]) async throws -> [Attempt] {
        guard let functions = context.peers.functions else { throw AWSFault.notEmulated("Lambda") }
        let call = TransformationCall(
            invocationID: context.clock.uuid(), deliveryStream: context.arn, sourceStream: configuration.sourceStream,
            region: context.account.region, records: records)
        var attempts = 0
        while true {
            attempts += 1
            let failure: (code: String, message: String)
            do throws(AWSFault) {
                let answer = try await functions.invoke(function: transformation.function, payload: call.event)
                guard answer.functionError != nil else {
                    return call.outcomes(of: answer.payload).map { Attempt(outcome: $0, count: attempts) }
                }
                failure = ("Lambda.FunctionError", String(decoding: answer.payload.prefix(2000), as: UTF8.self))
            } catch {
                failure = (Self.code(of: error), error.message)
            }
            // An emulator that stops is not the function's failure.
            try Task.checkCancellation()
            context.log(failure.code, "Attempt \(attempts) of \(transformation.function): \(failure.message)")
            guard attempts <= transformation.retries else {
                return records.map { _ in
                    Attempt(outcome: .failed(code: failure.code, message: failure.message), count: attempts)
                }
            }
            try await context.clock.sleep(context.clock.now().advanced(byMilliseconds: 100 << Int64(min(attempts, 6))))
        }
    }

    private static func code(of fault: AWSFault) -> String {
        switch fault.code {
        case "TooManyRequestsException": "Lambda.InvokeLimitExceeded"
        case "ResourceNotFoundException": "Lambda.ResourceNotFound"
        default: "Lambda.\(fault.code)"
        }
    }

    /// What each buffer gets, in the order of the records.
    private func additions(for records: [IncomingRecord], _ attempts: [Attempt]) throws -> [StoredBuffer.Addition] {
        struct Buffer: Hashable {
            let kind: StoredBuffer.Kind
            let prefix: String
        }
        var additions: [StoredBuffer.Addition] = []
        var places: [Buffer: Int] = [:]
        func add(_ data: [UInt8], _ kind: StoredBuffer.Kind, _ prefix: String, _ record: IncomingRecord) {
            let buffer = Buffer(kind: kind, prefix: prefix)
            let index = places[buffer] ?? additions.count
            if index == additions.count {
                places[buffer] = index
                additions.append(.init(kind: kind, prefix: prefix, oldest: record.arrivedAt))
            }
            additions[index].data += data
            additions[index].oldest = min(additions[index].oldest, record.arrivedAt)
        }
        var active =
            configuration.isPartitioned
            ? try context.store.read { try StoredBuffer.activePrefixes(of: context.id, in: $0) } : []
        let errors = configuration.errorPrefix.resolved(errorType: Self.errorType).stored
        let backup = configuration.backup?.prefix.stored
        var prefixes: [PartitionKeys: Result<String, PrefixFailure>] = [:]
        for (record, attempt) in zip(records, attempts) {
            if let backup { add(record.data, .backup, backup, record) }
            func fail(_ code: String, _ message: String) {
                add(document(of: record, attempt.count, code, message), .errors, errors, record)
            }
            switch attempt.outcome {
            case .dropped: continue
            case .failed(let code, let message): fail(code, message)
            case .ok(let data, let lambdaKeys):
                var keys = PartitionKeys(lambda: lambdaKeys)
                do {
                    keys.query = try configuration.processors.query?.keys(of: data) ?? [:]
                } catch {
                    fail("DynamicPartitioning.MetadataExtractionFailed", "\(error)")
                    continue
                }
                let resolved = prefixes[keys] ?? prefix(for: keys, record)
                prefixes[keys] = resolved
                switch resolved {
                case .failure(let failure): fail(failure.code, failure.message)
                case .success(let prefix):
                    guard !configuration.isPartitioned || active.contains(prefix) || active.count < Self.partitionLimit
                    else {
                        fail(
                            "DynamicPartitioning.ActivePartitionLimitExceeded",
                            "\(Self.partitionLimit) partitions have records that wait; the record would open another.")
                        continue
                    }
                    active.insert(prefix)
                    add(
                        configuration.processors.appendsNewline ? data + [UInt8(ascii: "\n")] : data, .data, prefix,
                        record)
                }
            }
        }
        return additions
    }

    private struct PrefixFailure: Error {
        let code: String
        let message: String
    }

    /// The stored prefix of records with these partition keys.
    private func prefix(for keys: PartitionKeys, _ record: IncomingRecord) -> Result<String, PrefixFailure> {
        switch configuration.destination.prefix.resolved(keys) {
        case .failure(let key):
            return .failure(
                PrefixFailure(
                    code: "DynamicPartitioning.MetadataExtractionFailed",
                    message: "partitionKeys values must not be null or empty: the record has no key \(key.name), which "
                        + "the prefix needs."))
        case .success(let prefix):
            guard !prefix.isTooLong(at: record.arrivedAt) else {
                return .failure(
                    PrefixFailure(
                        code: "DynamicPartitioning.PrefixTooLong",
                        message: "The record's prefix has more than \(KeyPrefix.limit) characters."))
            }
            return .success(prefix.stored)
        }
    }

    private static let errorType = "processing-failed"

    /// What is kept of a record that failed.
    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html>
    private func document(of record: IncomingRecord, _ attempts: Int, _ code: String, _ message: String) -> [UInt8] {
        var document: JSONObject = [
            "attemptsMade": .int(attempts), "arrivalTimestamp": .int(record.arrivedAt), "errorCode": .string(code),
            "errorMessage": .string(message), "attemptEndingTimestamp": .int(context.clock.now().milliseconds),
            "rawData": .string(record.data.base64),
        ]
        if let function = configuration.transformation?.function { document["lambdaArn"] = .string(function) }
        return JSON.object(document).bytes + [UInt8(ascii: "\n")]
    }
}

extension Lane {
    /// Whether everything of the shard, as it is now, has been taken off the source.
    fileprivate func isAtEnd(_ shard: StreamShard) -> Bool { pending.isEmpty && position >= shard.lastSequence }

    /// Whether nothing more can be read from a closed shard.
    fileprivate func isRead(
        _ shard: StreamShard, _ stream: Int64, _ source: Source, _ store: Store
    ) throws -> Bool {
        guard shard.isClosed, pending.isEmpty else { return false }
        guard position < shard.lastSequence else { return true }
        return try source.records(of: self, stream: stream, after: position, store).isEmpty
    }
}
