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
    /// The place of the lane that is asked first in the next step.
    private var turn = 0
    /// How many invocations of the function there are at once.
    private static let lanesAtOnce = 4
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

    /// Moves the batches that are ready, one of each of at most ``lanesAtOnce`` lanes.
    mutating func step() async throws -> Step {
        var deadline: Int64?
        var ready: [Ready] = []
        let source = try source()
        let keys = try updateLanes(source)
        // Lanes that are always ready leave room for the others.
        turn = keys.isEmpty ? 0 : turn % keys.count
        for (place, key) in zip(keys.indices, keys[turn...] + keys[..<turn]) where ready.count < Self.lanesAtOnce {
            // Taken out, so that what is pending is not copied to be changed.
            guard var lane = lanes.removeValue(forKey: key) else { continue }
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
            let time = first.arrivedAt + context.limited(configuration.transformation?.bufferMilliseconds ?? 0)
            let isFull = batch.count < lane.pending.count || lane.pendingBytes >= batchBytes
            let now = context.clock.now().milliseconds
            // A record from the future came before the clock was set back.
            guard isFull || now >= time || now < first.arrivedAt else {
                deadline = min(deadline ?? .max, time)
                continue
            }
            ready.append(Ready(key: key, place: lane.place, batch: batch))
            if ready.count == Self.lanesAtOnce { turn += place + 1 }
        }
        guard !ready.isEmpty else { return .waiting(until: deadline) }
        if case .stream(let arn, _) = source {
            try await context.check(
                "GetRecords", of: "kinesis", ["StreamARN": .string(arn)], as: configuration.sourceRole)
        }
        try await move(ready)
        for moved in ready { lanes[moved.key]?.advance(by: moved.batch.count) }
        return .moved
    }

    /// A batch of a lane that can be moved now.
    private struct Ready {
        let key: String
        let place: Lane.Place
        let batch: [SourceRecord]
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
            if lanes[Lane.puts] == nil {
                let positions = try context.store.read { try Lane.positions(of: context.id, in: $0) }
                lanes[Lane.puts] = Lane(nil, position: positions[Lane.puts] ?? 0)
            }
            return [Lane.puts]
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

    private func move(_ ready: [Ready]) async throws {
        let outcomes = try await withThrowingTaskGroup(of: (place: Int, outcomes: [RecordOutcome]).self) { group in
            for (place, batch) in ready.map(\.batch).enumerated() {
                group.addTask { [self] in (place, try await transformed(batch.flatMap(\.parts))) }
            }
            var outcomes = [[RecordOutcome]](repeating: [], count: ready.count)
            for try await result in group { outcomes[result.place] = result.outcomes }
            return outcomes
        }
        var additions = try Additions(context)
        for outcome in outcomes.joined() {
            additions.add(outcome.record, outcome.attempt.outcome, attempts: outcome.attempt.count)
        }
        let now = context.clock.now().milliseconds
        let batches = ready.map { (place: $0.place, batch: $0.batch) }
        try await context.store.write { [context, additions = additions.packed] transaction in
            for (place, batch) in batches { try place.acknowledge(batch, of: context.id, in: transaction) }
            for addition in additions {
                let buffer = try StoredBuffer.add(addition, to: context.id, at: now, in: transaction)
                if let buffer, buffer.size >= context.configuration.destination(of: buffer.kind).bufferBytes {
                    try buffer.close(objectKey: try context.objectKey(for: buffer), in: transaction)
                }
            }
            transaction.afterCommit { [bell = context.deliveryBell] in bell.ring() }
        }
    }

    private struct RecordOutcome: Sendable {
        let record: IncomingRecord
        let attempt: Attempt
    }

    /// What became of a record, and in how many attempts.
    private struct Attempt: Sendable {
        let outcome: TransformationCall.Outcome
        let count: Int
    }

    /// The outcome of each record.
    private func transformed(_ records: [IncomingRecord]) async throws -> [RecordOutcome] {
        zip(records, try await attempts(records)).map { RecordOutcome(record: $0, attempt: $1) }
    }

    private func attempts(_ records: [IncomingRecord]) async throws -> [Attempt] {
        let noKeys = TransformationCall.Keys()
        var attempts = records.map { record in
            if let failure = record.failure {
                return Attempt(outcome: .failed(code: failure.code, message: failure.message), count: 0)
            }
            return Attempt(outcome: .ok(record.data, noKeys), count: 1)
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
                try await context.check("Invoke", of: "lambda", ["FunctionName": .string(transformation.function)])
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
