internal import EmulatorCore
internal import JSON
internal import Time

/// Delivers the records of a shard of a pipe's stream to its target, in order.
///
/// A state machine or a queue receives a record in the commit that advances the pipe's position: exactly once, whenever
/// the emulator crashes. A function whose answer the pipe waits for receives it at least once, as on AWS.
struct PipeRunner: Sendable {
    /// The most records that are delivered in one commit.
    private static let limit = 200

    let pipe: Pipe
    let arn: String
    let lane: ShardLane
    let positions: ShardPositions
    let store: Store
    let peers: Peers
    let account: Account
    let clock: ClockAndChance

    /// Runs until the shard has no more records, or the task is cancelled.
    /// - Parameter bell: rings when the stream may have more records.
    func serve(_ bell: Bell) async {
        var failures = 0
        var gathered = Gathered()
        var progress: Progress?
        while !Task.isCancelled {
            do {
                let step =
                    pipe.batchingWindow > 0 && failures == 0
                    ? try await gather(&gathered) : try await deliverSome(after: failures, &progress)
                failures = 0
                switch step {
                case .moved: break
                case .waiting(let deadline): await bell.wait(until: deadline, clock)
                case .nothing:
                    guard try await !isRead(&progress) else { return }
                    await bell.wait()
                }
            } catch {
                gathered = Gathered()
                progress = nil
                // A shard that is gone has no records left.
                guard !Task.isCancelled, (try? isRead()) != true else { return }
                failures += 1
                let delay = ShardLane.delay(after: failures)
                log("attempt \(failures): \(error); next attempt in \(delay) ms")
                if let limit = pipe.maximumRetryAttempts, failures > limit {
                    await giveUp(after: failures, error)
                    failures = 0
                } else {
                    try? await clock.sleep(clock.now().advanced(byMilliseconds: delay))
                }
            }
        }
    }

    private enum Step {
        case moved
        /// There are no more records now.
        case nothing
        /// Until this time (milliseconds since 1970) or until there are more records.
        case waiting(until: Int64)
    }

    /// How far the lane is. Only its runner moves it, so it is read from the store once.
    private struct Progress {
        /// As the store has it.
        var position: ShardPositions.Position
        /// The last record that was looked at. None of those after the position is wanted, so after a restart they are looked
        /// at again.
        var seen: Int64
    }

    /// After so many records that nobody wants, the position is stored.
    private static let unstoredLimit: Int64 = 500

    /// Records that were read and not delivered: those of a batch that is not full, or behind one that was.
    private struct Gathered {
        var wanted: [StreamRecord] = []
        /// The last record that was read.
        var sequence: Int64?
        var since: Int64?
    }

    /// Delivers the next batch once it is full or its window is over.
    private func gather(_ gathered: inout Gathered) async throws -> Step {
        let position = try positions.position(of: lane)
        var read = gathered.sequence ?? position.sequence
        var isAtTip = true
        if gathered.wanted.count < pipe.batchSize {
            let new = try peers.stream(pipe.source).records(
                ofStream: pipe.source, shard: lane.shard, after: read, limit: Self.limit)
            gathered.wanted += new.filter { wants($0) }
            read = new.last?.sequence ?? read
            isAtTip = new.count < Self.limit
        }
        gathered.sequence = read
        guard !gathered.wanted.isEmpty else {
            gathered = Gathered()
            guard read > position.sequence else { return .nothing }
            try await deliver([], from: position, to: read)
            return .moved
        }
        let now = clock.now().milliseconds
        let since = gathered.since ?? now
        gathered.since = since
        // A clock that was set back must not hold a batch until it has caught up.
        let isOver = now < since || now >= since + pipe.batchingWindow
        guard gathered.wanted.count >= pipe.batchSize || isOver else {
            return isAtTip ? .waiting(until: since + pipe.batchingWindow) : .moved
        }
        let batch = gathered.wanted.prefix(pipe.batchSize)
        let rest = Array(gathered.wanted.dropFirst(batch.count))
        try await deliver(Array(batch), from: position, to: rest.isEmpty ? read : batch.last?.sequence ?? read)
        gathered = rest.isEmpty ? Gathered() : Gathered(wanted: rest, sequence: read)
        return .moved
    }

    /// - Parameter failures: the number of failed deliveries of the next records. After a failure, one batch is
    ///   delivered alone, so that no other batch is dropped with it.
    private func deliverSome(after failures: Int, _ progress: inout Progress?) async throws -> Step {
        let position = try progress?.position ?? positions.position(of: lane)
        let seen = progress?.seen ?? position.sequence
        let records = try records(after: seen, failures)
        guard let last = records.last else {
            progress = Progress(position: position, seen: seen)
            return .nothing
        }
        let wanted = records.filter { wants($0) }
        if wanted.isEmpty, last.sequence - position.sequence < Self.unstoredLimit {
            progress = Progress(position: position, seen: last.sequence)
        } else {
            try await deliver(wanted, from: position, to: last.sequence)
            progress = Progress(position: .init(sequence: last.sequence), seen: last.sequence)
        }
        // The bell has rung if there are more by now.
        return failures == 0 && records.count < readLimit ? .nothing : .moved
    }

    /// Delivers records in batches, and advances the pipe's position.
    private func deliver(
        _ taken: [StreamRecord], from position: ShardPositions.Position, to sequence: Int64
    ) async throws {
        let tooOld = taken.prefix { isTooOld($0) }
        let inputs = taken.dropFirst(tooOld.count).map {
            pipe.input(
                for: $0, shard: lane.shard, account: account, arn: arn, ingestedAt: clock.now().milliseconds)
        }
        let delivery = PipeDelivery(pipe: pipe, arn: arn, peers: peers, clock: clock)
        var batches: [[JSON]] = []
        for start in stride(from: 0, to: inputs.count, by: pipe.batchSize) {
            let batch = Array(inputs[start..<min(start + pipe.batchSize, inputs.count)])
            batches.append(try await delivery.prepare(batch))
        }
        // What is delivered has no effect elsewhere that does not wait for the disk, and so for this commit, too.
        try await store.write(waitsForDisk: false) { [batches] transaction in
            for batch in batches { try delivery.queue(batch, in: transaction) }
            try deadLetter(Array(tooOld), "RecordAgeExceeded", in: transaction)
            try positions.advance(lane, from: position, to: .init(sequence: sequence), in: transaction)
        }
    }

    /// The records for one commit: after failures at most a batch, or the part of it that is retried alone.
    private func records(after position: Int64, _ failures: Int) throws -> ArraySlice<StreamRecord> {
        let records = try peers.stream(pipe.source).records(
            ofStream: pipe.source, shard: lane.shard, after: position, limit: readLimit)
        guard failures > 0 else { return records[...] }
        let size = pipe.bisectsBatches ? max(1, pipe.batchSize >> min(failures, 14)) : pipe.batchSize
        let taken = records.indices.filter { wants(records[$0]) }
        return taken.count > size ? records[...taken[size - 1]] : records[...]
    }

    private var readLimit: Int { isWaiting ? pipe.batchSize : Self.limit }

    private func isTooOld(_ record: StreamRecord) -> Bool {
        guard let limit = pipe.maximumRecordAge else { return false }
        return clock.now().milliseconds - record.arrivedAt > limit
    }

    private func wants(_ record: StreamRecord) -> Bool { lane.takes(record) && pipe.matches(record) }

    /// Whether the lane has no records left, and will get none. Stores the position if that depends on it.
    private func isRead(_ progress: inout Progress?) async throws -> Bool {
        if let unstored = progress, unstored.seen > unstored.position.sequence {
            let shards = try peers.stream(pipe.source).shards(ofStream: pipe.source)
            guard shards.first(where: { $0.id == lane.shard.id })?.isClosed != false else { return false }
            try await deliver([], from: unstored.position, to: unstored.seen)
            progress = Progress(position: .init(sequence: unstored.seen), seen: unstored.seen)
        }
        return try isRead()
    }

    private func isRead() throws -> Bool {
        let supervisor = ShardSupervisor(
            pipe.source, of: try peers.stream(pipe.source), positions: positions, slots: lane.slots
        ) { _, _ in }
        return try supervisor.isRead(lane)
    }

    private var isWaiting: Bool {
        if case .function = pipe.target { true } else { pipe.enrichment != nil }
    }

    // MARK: Dead-letter queue

    /// Skips records that failed too often, so that later records are delivered.
    private func giveUp(after failures: Int, _ error: any Error) async {
        do {
            let position = try positions.position(of: lane)
            let records = try records(after: position.sequence, failures)
            guard let last = records.last else { return }
            let taken = records.filter { wants($0) }
            try await store.write { transaction in
                try deadLetter(taken, "RetryAttemptsExhausted", in: transaction)
                try positions.advance(lane, from: position, to: .init(sequence: last.sequence), in: transaction)
            }
            let events = JSON.array(
                taken.map { $0.event(shard: lane.shard, stream: pipe.source, account: account) }
            ).text
            log("gave up after \(failures) attempts: \(error); the records are \(events)")
        } catch {
            log("could not skip the records: \(error)")
        }
    }

    /// Sends a message about records that were not delivered. It has their positions in the stream, not their content.
    /// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-error-troubleshooting.html>
    private func deadLetter(
        _ records: [StreamRecord], _ condition: String, in transaction: borrowing Transaction
    ) throws {
        guard let queue = pipe.deadLetters,
            let info = DiscardedBatch(records, of: lane.shard, stream: pipe.source).info
        else { return }
        let letter: JSON = [
            "context": ["partnerResourceArn": .string(arn), "condition": .string(condition)], "version": "1.0",
            "timestamp": .string(clock.now().rfc3339), info.name: info.document,
        ]
        try peers.deliver(TargetEvent(letter), to: queue, in: transaction)
    }

    private func log(_ text: String) {
        peers.write(text + "\n", group: "/aws/vendedlogs/pipes/\(pipe.name)", stream: "emulator")
    }
}
