internal import JSON

/// Moves one pipe's records from its stream to its target, in order.
///
/// A state machine or a queue of the emulator gets a record in the commit that moves the pipe's position past it: once,
/// whatever dies when. A function that is waited for gets it at least once, as on AWS.
struct PipeRunner: Sendable {
    /// Records moved in one commit.
    private static let limit = 200
    private static let firstDelay: Int64 = 200
    private static let longestDelay: Int64 = 20_000

    let pipe: Pipe
    let arn: String
    let store: Store
    let changes: any ChangeStreaming
    let executions: any ExecutionStarting
    let functions: any LambdaInvoking
    let logs: any LogWriting
    let ambient: Ambient
    /// Rung when the stream may have more.
    let bell = Bell()

    /// Works until its task is cancelled.
    func serve() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                let moved = try await moveSome()
                failures = 0
                if !moved { await bell.wait() }
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                let delay = min(Self.firstDelay << min(failures - 1, 10), Self.longestDelay)
                log("attempt \(failures): \(error); the next one in \(delay) ms")
                if let limit = pipe.maximumRetryAttempts, failures > limit {
                    await skipBatch(after: failures, error)
                    failures = 0
                } else {
                    try? await ambient.sleep(ambient.now() + delay)
                }
            }
        }
    }

    /// - Returns: false when there was nothing to move.
    private func moveSome() async throws -> Bool {
        let position = try position()
        let limit = isWaiting ? pipe.batchSize : Self.limit
        let records = try changes.changes(inStream: pipe.source, after: position, limit: limit)
        guard let last = records.last else { return false }
        let inputs = records.filter { pipe.takes($0.event) }
            .map { pipe.input(for: $0.event, arn: arn, ingestedAt: ambient.now()) }
        let batches = stride(from: 0, to: inputs.count, by: pipe.batchSize).map { start in
            JSON.array(Array(inputs[start..<min(start + pipe.batchSize, inputs.count)]))
        }
        if case .function(let function, false) = pipe.target {
            for batch in batches { try await invoke(function, batch) }
        }
        try await store.write { transaction in
            switch pipe.target {
            case .stateMachine(let machine):
                for batch in batches {
                    try executions.startExecution(ofStateMachine: machine, name: nil, input: batch, in: transaction)
                }
            case .function(let function, true):
                for batch in batches {
                    try functions.enqueue(function: function, payload: batch.bytes, in: transaction)
                }
            case .function(_, false): break
            }
            try advance(from: position, to: last.sequence, in: transaction)
        }
        return true
    }

    private var isWaiting: Bool {
        if case .function(_, false) = pipe.target { true } else { false }
    }

    private func invoke(_ function: String, _ batch: JSON) async throws {
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
        // Another runner of this pipe was faster: undo, and look again.
        guard moved == 1 else { throw AWSFault("ConflictException", "The pipe \(pipe.name) has moved on.") }
    }

    /// Gives up the next record that the pipe takes, so that those behind it come through.
    private func skipBatch(after failures: Int, _ error: any Error) async {
        do {
            let position = try position()
            let records = try changes.changes(inStream: pipe.source, after: position, limit: Self.limit)
            guard let record = records.first(where: { pipe.takes($0.event) }) else { return }
            try await store.write { try advance(from: position, to: record.sequence, in: $0) }
            log("gave up after \(failures) attempts: \(error); the record is \(record.event.text)")
        } catch {
            log("could not move on: \(error)")
        }
    }

    private func log(_ text: String) {
        logs.write(text + "\n", group: "/aws/vendedlogs/pipes/\(pipe.name)", stream: "emulator")
    }
}
