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
            try lane.fill(upTo: batchBytes, of: context.id, from: source, in: context.store)
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

    private func batch(of lane: Lane) -> [IncomingRecord] {
        var (bytes, payload) = (0, 0)
        let count = lane.pending.prefix { record in
            bytes += record.data.count
            payload += TransformationCall.payloadSize(of: record)
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

    private func move(_ batch: [IncomingRecord], from lane: Lane) async throws {
        let attempt = try await transformed(batch)
        let additions = try additions(for: batch, attempt)
        let now = context.clock.now().milliseconds
        try await context.store.write { [context] transaction in
            try lane.acknowledge(batch, of: context.id, in: transaction)
            for addition in additions {
                let buffer = try StoredBuffer.add(addition, to: context.id, at: now, in: transaction)
                if let buffer, buffer.size >= context.configuration.bufferBytes {
                    try buffer.close(objectKey: try context.objectKey(for: buffer), in: transaction)
                }
            }
            transaction.afterCommit { [bell = context.deliveryBell] in bell.ring() }
        }
    }

    /// The outcomes of a batch, and how they came about.
    private struct Attempt {
        var outcomes: [TransformationCall.Outcome]
        var count = 1
    }

    private func transformed(_ batch: [IncomingRecord]) async throws -> Attempt {
        guard let transformation = configuration.transformation else {
            return Attempt(outcomes: batch.map { .ok($0.data, partitionKeys: [:]) })
        }
        guard let functions = context.peers.functions else { throw AWSFault.notEmulated("Lambda") }
        let call = TransformationCall(
            invocationID: context.clock.uuid(), deliveryStream: context.arn, sourceStream: configuration.sourceStream,
            region: context.account.region, records: batch)
        var attempts = 0
        while true {
            attempts += 1
            let failure: (code: String, message: String)
            do throws(AWSFault) {
                let answer = try await functions.invoke(function: transformation.function, payload: call.event)
                guard answer.functionError != nil else {
                    return Attempt(outcomes: call.outcomes(of: answer.payload), count: attempts)
                }
                failure = ("Lambda.FunctionError", String(decoding: answer.payload.prefix(2000), as: UTF8.self))
            } catch {
                failure = (Self.code(of: error), error.message)
            }
            // An emulator that stops is not the function's failure.
            try Task.checkCancellation()
            context.log(failure.code, "Attempt \(attempts) of \(transformation.function): \(failure.message)")
            guard attempts <= transformation.retries else {
                return Attempt(
                    outcomes: batch.map { _ in .failed(code: failure.code, message: failure.message) }, count: attempts)
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
    private func additions(for batch: [IncomingRecord], _ attempt: Attempt) throws -> [StoredBuffer.Addition] {
        var additions: [StoredBuffer.Addition] = []
        var byPrefix: [String: Int] = [:]
        func add(_ data: [UInt8], _ prefix: String, isError: Bool, _ record: IncomingRecord) {
            let index = byPrefix[prefix] ?? additions.count
            if index == additions.count {
                byPrefix[prefix] = index
                additions.append(.init(prefix: prefix, isError: isError, oldest: record.arrivedAt))
            }
            additions[index].data += data
            additions[index].oldest = min(additions[index].oldest, record.arrivedAt)
        }
        var active =
            configuration.isPartitioned
            ? try context.store.read { try StoredBuffer.activePrefixes(of: context.id, in: $0) } : []
        let errors = configuration.errorPrefix.resolved(errorType: Self.errorType).stored
        var prefixes: [[String: String]: Result<String, KeyPrefix.MissingKey>] = [:]
        for (record, outcome) in zip(batch, attempt.outcomes) {
            func fail(_ code: String, _ message: String) {
                add(document(of: record, attempt.count, code, message), errors, isError: true, record)
            }
            switch outcome {
            case .dropped: continue
            case .failed(let code, let message): fail(code, message)
            case .ok(let data, let keys):
                let resolved = prefixes[keys] ?? configuration.prefix.resolved(keys).map(\.stored)
                prefixes[keys] = resolved
                switch resolved {
                case .failure(let key):
                    fail(
                        "DynamicPartitioning.MetadataExtractionFailed",
                        "The record has no partition key \(key.name), which the prefix needs.")
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
                        configuration.appendsNewline ? data + [UInt8(ascii: "\n")] : data, prefix, isError: false,
                        record)
                }
            }
        }
        return additions
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
