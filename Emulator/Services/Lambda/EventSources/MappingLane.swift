internal import EmulatorCore
internal import JSON
internal import Time

/// Invokes a mapping's function with the records of a lane, batch by batch, in their order.
///
/// The position advances with the end of each batch: after a crash a batch may be repeated, and none is skipped.
struct MappingLane: Sendable {
    private static let pageSize = 1000

    let mapping: EventSourceMapping
    let lane: ShardLane
    let context: EventSources.Context
    let positions: ShardPositions
    /// When the first record of a batch that is not full was found.
    private var gatheringSince: Int64?

    init(_ mapping: EventSourceMapping, _ lane: ShardLane, _ context: EventSources.Context) {
        self.mapping = mapping
        self.lane = lane
        self.context = context
        positions = context.positions(of: mapping)
    }

    private var now: Int64 { context.clock.now().milliseconds }

    /// Runs until the lane has no more records, or the task is cancelled.
    mutating func serve(_ bell: Bell) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                switch try await step() {
                case .moved: failures = 0
                case .ended: return
                case .waiting(let deadline): await bell.wait(until: deadline, context.clock)
                }
            } catch {
                // A shard that is gone has no records left.
                guard !Task.isCancelled, (try? isRead()) != true else { return }
                failures += 1
                context.note(mapping, "PROBLEM: \(error)")
                try? await pause(after: failures)
            }
        }
    }

    enum Step: Sendable, Hashable {
        case moved
        case ended
        /// Until this time (milliseconds since 1970; nil for no time) or until there are more records.
        case waiting(until: Int64?)
    }

    /// Invokes the function with the next batch, if one is ready.
    mutating func step() async throws -> Step {
        let source = try context.peers.stream(mapping.source)
        let position = try positions.position(of: lane)
        let window = mapping.tumblingWindow.flatMap { TumblingWindow(stored: position.state, length: $0) }
        let (batch, isFull) = try gather(after: position.sequence, from: source, within: window)
        guard !batch.records.isEmpty else {
            if let window, window.end <= now || batch.end > position.sequence {
                try await finish(window, at: position, isEarly: false)
                return .moved
            }
            if batch.end > position.sequence {
                try await advance(from: position, to: .init(sequence: batch.end, state: position.state))
                return .moved
            }
            if window == nil, try isRead() { return .ended }
            return .waiting(until: window?.end)
        }
        if let window, batch.records[0].arrivedAt >= window.end {
            try await finish(window, at: position, isEarly: false)
            return .moved
        }
        let since = gatheringSince ?? now
        gatheringSince = since
        guard isFull || now >= since + mapping.batchingWindow else {
            return .waiting(until: since + mapping.batchingWindow)
        }
        gatheringSince = nil
        try await process(batch)
        return .moved
    }

    private func isRead() throws -> Bool {
        let source = try context.peers.stream(mapping.source)
        return try ShardSupervisor(mapping.source, of: source, positions: positions) { _, _ in }.isRead(lane)
    }

    /// The next records of the lane that the mapping wants, and whether no more fit.
    private func gather(
        after start: Int64, from source: any StreamSource, within window: TumblingWindow?
    ) throws -> (batch: MappingBatch, isFull: Bool) {
        var batch = MappingBatch(records: [], end: start)
        var payload = 0
        while true {
            let page = try source.records(
                ofStream: mapping.source, shard: lane.shard, after: batch.end, limit: Self.pageSize)
            guard !page.isEmpty else { return (batch, false) }
            for record in page {
                guard lane.takes(record), record.arrivedAt >= mapping.start.earliest ?? .min, mapping.matches(record)
                else {
                    batch.end = record.sequence
                    continue
                }
                payload += MappingBatch.payloadSize(of: record)
                let isElsewhere =
                    mapping.tumblingWindow.map { length in
                        TumblingWindow(at: record.arrivedAt, length: length)
                            != TumblingWindow(at: batch.records.first?.arrivedAt ?? record.arrivedAt, length: length)
                    } ?? false
                guard batch.records.isEmpty || payload <= MappingBatch.payloadLimit && !isElsewhere else {
                    return (batch, true)
                }
                batch.records.append(record)
                batch.end = record.sequence
                if batch.records.count == mapping.batchSize { return (batch, true) }
            }
        }
    }

    // MARK: Invocations

    /// Takes a batch to its end: the function's success, or a message about what was given up.
    private func process(_ batch: MappingBatch) async throws {
        var batches = [batch]
        while var batch = batches.popLast() {
            let tooOld = batch.records.prefix { isTooOld($0) }.count
            if tooOld > 0 {
                let parts = tooOld < batch.records.count ? batch.split(at: tooOld) : [batch]
                try await discard(parts[0], "RecordAgeExceeded", nil)
                batches += parts.dropFirst()
                continue
            }
            let (outcome, answer, payload) = try await invoke(batch)
            switch outcome {
            case .done:
                context.note(mapping, "OK")
                try await complete(batch, answer)
            case .failed(let place):
                context.note(mapping, "PROBLEM: Function call failed")
                if place > 0 {
                    // What comes before the first failure is done.
                    let parts = batch.split(at: place)
                    try await complete(parts[0], answer)
                    batch = parts[1]
                } else if mapping.bisectsBatches, batch.records.count > 1 {
                    // Halves do not use up attempts.
                    batches += batch.halves.reversed()
                    try await pause(after: 1)
                    continue
                }
                batch.attempts += 1
                if let limit = mapping.maximumRetryAttempts, batch.attempts > limit {
                    try await discard(batch, "RetryAttemptsExhausted", (answer, payload))
                } else {
                    batches.append(batch)
                    try await pause(after: batch.attempts)
                }
            }
        }
    }

    private func invoke(
        _ batch: MappingBatch
    ) async throws -> (outcome: MappingBatch.Outcome, answer: FunctionAnswer, payload: [UInt8]) {
        var event = batch.event(shard: lane.shard, stream: mapping.source, account: context.account)
        let window = try window(of: batch)
        window?.add(to: &event, shard: lane.shard, stream: mapping.source, isFinal: false)
        let payload = JSON.object(event).bytes
        let answer = try await call(payload)
        guard answer.functionError == nil else { return (.failed(from: 0), answer, payload) }
        // With windows, an answer without a state is a failure.
        if window != nil, (try? JSON(parsing: answer.payload)["state"]?.object) == nil {
            return (.failed(from: 0), answer, payload)
        }
        let outcome = batch.outcome(of: answer.payload, reportsItemFailures: mapping.reportsItemFailures)
        return (outcome, answer, payload)
    }

    private func call(_ payload: [UInt8]) async throws -> FunctionAnswer {
        guard let functions = context.peers.functions else { throw AWSFault.notEmulated("Lambda") }
        let answer = try await functions.invoke(function: mapping.function, payload: payload)
        // An emulator that stops is not the function's failure.
        try Task.checkCancellation()
        return answer
    }

    private func isTooOld(_ record: StreamRecord) -> Bool {
        mapping.maximumRecordAge.map { now - record.arrivedAt > $0 } ?? false
    }

    /// Waits, longer after each failure.
    private func pause(after failures: Int) async throws {
        let delay = ShardLane.delay(after: failures)
        try await context.clock.sleep(context.clock.now().advanced(byMilliseconds: delay))
        try Task.checkCancellation()
    }

    // MARK: Ends

    /// The window that a batch falls into, with the state that the lane has for it.
    private func window(of batch: MappingBatch) throws -> TumblingWindow? {
        guard let length = mapping.tumblingWindow, let first = batch.records.first else { return nil }
        let window = TumblingWindow(at: first.arrivedAt, length: length)
        let stored = TumblingWindow(stored: try positions.position(of: lane).state, length: length)
        return stored?.start == window.start ? stored : window
    }

    private func complete(_ batch: MappingBatch, _ answer: FunctionAnswer) async throws {
        let position = try positions.position(of: lane)
        guard var window = try window(of: batch) else {
            return try await advance(from: position, to: .init(sequence: batch.end))
        }
        window.state = (try? JSON(parsing: answer.payload)["state"]) ?? [:]
        let next = ShardPositions.Position(sequence: batch.end, state: window.stored)
        try await advance(from: position, to: next)
        if window.state.bytes.count > TumblingWindow.stateLimit { try await finish(window, at: next, isEarly: true) }
    }

    /// Ends a window: one more invocation with its state, which is repeated until it succeeds.
    private func finish(_ window: TumblingWindow, at position: ShardPositions.Position, isEarly: Bool) async throws {
        var event: JSONObject = ["Records": []]
        window.add(to: &event, shard: lane.shard, stream: mapping.source, isFinal: true, isEarly: isEarly)
        let answer = try await call(JSON.object(event).bytes)
        guard answer.functionError == nil else {
            throw AWSFault("FunctionError", String(decoding: answer.payload.prefix(2000), as: UTF8.self))
        }
        try await advance(from: position, to: .init(sequence: position.sequence))
    }

    private func advance(from old: ShardPositions.Position, to new: ShardPositions.Position) async throws {
        try await context.store.write { [positions, lane] transaction in
            try positions.advance(lane, from: old, to: new, in: transaction)
        }
    }

    /// Gives up a batch. The message about it is sent in the commit that advances the position, or before it to a bucket.
    private func discard(
        _ batch: MappingBatch, _ condition: String, _ failure: (answer: FunctionAnswer, payload: [UInt8])?
    ) async throws {
        let position = try positions.position(of: lane)
        let letter = DiscardLetter(
            batch, condition, mapping, lane.shard, function: context.arn(ofFunction: mapping.function),
            answer: failure?.answer, requestID: failure?.answer.requestID ?? context.clock.uuid(), at: now)
        if let destination = mapping.onFailure, let bucket = ARN(destination), bucket.service == "s3" {
            guard let objects = context.peers.objects else { throw AWSFault.notEmulated("S3") }
            let event = batch.event(shard: lane.shard, stream: mapping.source, account: context.account)
            _ = try await objects.putObject(
                letter.withPayload(failure?.payload ?? JSON.object(event).bytes).bytes,
                to: ObjectLocation(bucket: bucket.resource, key: letter.objectKey(context.clock.uuid())))
        }
        let next = ShardPositions.Position(sequence: batch.end, state: position.state)
        try await context.store.write { [positions, lane, peers = context.peers, mapping] transaction in
            if let destination = mapping.onFailure, ARN(destination)?.service != "s3" {
                try peers.deliver(TargetEvent(letter.document), to: destination, in: transaction)
            }
            try positions.advance(lane, from: position, to: next, in: transaction)
        }
    }
}
