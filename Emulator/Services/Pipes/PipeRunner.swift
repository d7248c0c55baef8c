internal import EmulatorCore
internal import JSON
internal import Time

/// Delivers the records of a pipe's stream to its target, in order.
///
/// A state machine or a queue receives a record in the commit that advances the pipe's position: exactly once, whenever
/// the emulator crashes. A function whose answer the pipe waits for receives it at least once, as on AWS.
struct PipeRunner: Sendable {
    /// The most records that are delivered in one commit.
    private static let limit = 200
    private static let firstDelay: Int64 = 200
    private static let longestDelay: Int64 = 20_000

    let pipe: Pipe
    let arn: String
    let store: Store
    let peers: Peers
    let clock: ClockAndChance
    /// Rings when the stream may have more records.
    let bell = Bell()

    /// Runs until the task is cancelled.
    func serve() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                let moved = try await deliverSome(after: failures)
                failures = 0
                if !moved { await bell.wait() }
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                let delay = min(Self.firstDelay << min(failures - 1, 10), Self.longestDelay)
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

    /// - Parameter failures: the number of failed deliveries of the next records. After a failure, one batch is
    ///   delivered alone, so that no other batch is dropped with it.
    /// - Returns: false if there was nothing to deliver.
    private func deliverSome(after failures: Int) async throws -> Bool {
        let position = try position()
        let records = try records(after: position, failures)
        guard let last = records.last else { return false }
        let taken = records.filter { pipe.matches($0.event) }
        let tooOld = taken.prefix { isTooOld($0) }
        let inputs = taken.dropFirst(tooOld.count).map {
            pipe.input(for: $0.event, arn: arn, ingestedAt: clock.now().milliseconds)
        }
        let batches = stride(from: 0, to: inputs.count, by: pipe.batchSize).map { start in
            JSON.array(Array(inputs[start..<min(start + pipe.batchSize, inputs.count)]))
        }
        if case .function(let function) = pipe.target {
            for batch in batches { try await invoke(function, batch) }
        }
        try await store.write { transaction in
            if case .queued(let target) = pipe.target {
                for batch in batches { try peers.deliver(TargetEvent(batch), to: target, in: transaction) }
            }
            try deadLetter(Array(tooOld), "RecordAgeExceeded", in: transaction)
            try advance(from: position, to: last.sequence, in: transaction)
        }
        return true
    }

    /// The records for one commit: after failures at most a batch, or the part of it that is retried alone.
    private func records(after position: Int64, _ failures: Int) throws -> ArraySlice<StreamRecord> {
        let limit = isWaiting ? pipe.batchSize : Self.limit
        let source = try peers.stream(pipe.source)
        let records = try source.records(
            ofStream: pipe.source, shard: try source.onlyShard(ofStream: pipe.source), after: position, limit: limit)
        guard failures > 0 else { return records[...] }
        let size = pipe.bisectsBatches ? max(1, pipe.batchSize >> min(failures, 14)) : pipe.batchSize
        let taken = records.indices.filter { pipe.matches(records[$0].event) }
        return taken.count > size ? records[...taken[size - 1]] : records[...]
    }

    private func isTooOld(_ record: StreamRecord) -> Bool {
        guard let limit = pipe.maximumRecordAge else { return false }
        return clock.now().milliseconds - arrival(of: record) > limit
    }

    /// Milliseconds since 1970.
    private func arrival(of record: StreamRecord) -> Int64 {
        let seconds = record.event["dynamodb"]?["ApproximateCreationDateTime"]?.double
        return seconds.map { Int64($0 * 1000) } ?? clock.now().milliseconds
    }

    private var isWaiting: Bool {
        if case .function = pipe.target { true } else { false }
    }

    private func invoke(_ function: String, _ batch: JSON) async throws {
        guard let functions = peers.functions else { throw AWSFault.notEmulated("Lambda") }
        let answer = try await functions.invoke(function: function, payload: batch.bytes)
        if answer.functionError != nil {
            throw AWSFault("TargetInvocationFailed", String(decoding: answer.payload, as: UTF8.self))
        }
    }

    // MARK: Position

    private func position() throws -> Int64 {
        try store.read { snapshot in
            try snapshot.first("SELECT sequence FROM pipe_position WHERE pipe = ?", .text(pipe.name)) { $0.integer(0) }
        } ?? 0
    }

    private func advance(from old: Int64, to new: Int64, in transaction: borrowing Transaction) throws {
        let moved = try transaction.execute(
            "UPDATE pipe_position SET sequence = ? WHERE pipe = ? AND sequence = ?", .integer(new), .text(pipe.name),
            .integer(old))
        // Another runner of this pipe was faster: roll back and retry.
        guard moved == 1 else {
            throw AWSFault("ConflictException", "The position of the pipe \(pipe.name) has changed.")
        }
    }

    // MARK: Dead-letter queue

    /// Skips records that failed too often, so that later records are delivered.
    private func giveUp(after failures: Int, _ error: any Error) async {
        do {
            let position = try position()
            let records = try records(after: position, failures)
            guard let last = records.last else { return }
            let taken = records.filter { pipe.matches($0.event) }
            try await store.write { transaction in
                try deadLetter(taken, "RetryAttemptsExhausted", in: transaction)
                try advance(from: position, to: last.sequence, in: transaction)
            }
            let events = JSON.array(taken.map(\.event)).text
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
        guard let first = records.first, let last = records.last, let queue = pipe.deadLetters else {
            return
        }
        func sequence(_ record: StreamRecord) -> JSON {
            record.event["dynamodb"]?["SequenceNumber"] ?? .string(String(record.sequence))
        }
        func moment(_ milliseconds: Int64) -> JSON { .string(Timestamp(milliseconds: milliseconds).rfc3339) }
        let letter: JSON = [
            "context": ["partnerResourceArn": .string(arn), "condition": .string(condition)], "version": "1.0",
            "timestamp": moment(clock.now().milliseconds),
            "DDBStreamBatchInfo": [
                "shardId": .string(try peers.stream(pipe.source).onlyShard(ofStream: pipe.source).name),
                "startSequenceNumber": sequence(first), "endSequenceNumber": sequence(last),
                "approximateArrivalOfFirstRecord": moment(arrival(of: first)),
                "approximateArrivalOfLastRecord": moment(arrival(of: last)), "batchSize": .int(records.count),
                "streamArn": .string(pipe.source),
            ],
        ]
        try peers.deliver(TargetEvent(letter), to: queue, in: transaction)
    }

    private func log(_ text: String) {
        peers.write(text + "\n", group: "/aws/vendedlogs/pipes/\(pipe.name)", stream: "emulator")
    }
}

extension StreamSource {
    /// A DynamoDB stream has one shard.
    /// - Throws: ``AWSFault`` for a stream with none.
    func onlyShard(ofStream arn: String) throws(AWSFault) -> StreamShard {
        guard let shard = try shards(ofStream: arn).first else {
            throw AWSFault("ResourceNotFoundException", "The stream \(arn) has no shard.")
        }
        return shard
    }
}

extension StreamRecord {
    /// The event that a pipe delivers. Pipes read DynamoDB streams, and these have changes only.
    fileprivate var event: JSON { if case .change(let event) = content { event } else { .null } }
}
