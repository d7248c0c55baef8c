internal import EmulatorCore
internal import JSON
internal import Time

/// Takes a batch from a pipe's source through its enrichment to its target.
struct PipeDelivery: Sendable {
    let pipe: Pipe
    let arn: String
    let peers: Peers
    let clock: ClockAndChance

    /// Calls the enrichment, and the target where the pipe waits for its answer.
    /// - Returns: the events that ``queue(_:in:)`` gives to the target.
    /// - Throws: ``AWSFault`` with what a function answered, where it failed.
    func prepare(_ batch: [JSON]) async throws -> [JSON] {
        try await checkPermissions()
        var events = batch
        if let enrichment = pipe.enrichment {
            let answer = try await invoke(enrichment, .array(batch), "EnrichmentInvocationFailed")
            // What is not a list is one event; an empty list is none.
            let enriched = answer.array ?? (answer.isNull ? [] : [answer])
            let now = clock.now().milliseconds
            events = enriched.map { pipe.targetInput(for: $0, arn: arn, ingestedAt: now) }
        }
        guard case .function(let function) = pipe.target, !events.isEmpty else { return events }
        _ = try await invoke(function, .array(events), "TargetInvocationFailed")
        return events
    }

    /// Gives events to a target that does not answer, in the commit that takes them from the source.
    func queue(_ events: [JSON], in transaction: borrowing Transaction) throws {
        guard !events.isEmpty else { return }
        switch pipe.target {
        case .queued(let target): try peers.deliver(TargetEvent(.array(events)), to: target, in: transaction)
        case .each(let target):
            for event in events { try peers.deliver(TargetEvent(event), to: target, in: transaction) }
        case .function: break
        }
    }

    /// Checks that the pipe's role may read its source and write to its target; only where permissions are enforced.
    private func checkPermissions() async throws {
        guard let permissions = peers.permissions, let role = pipe.declaration["RoleArn"]?.string else { return }
        func check(_ operation: String, _ service: String, _ input: JSON) async throws {
            try await permissions.check(operation, of: service, input, as: role, session: pipe.name)
        }
        let source = JSON.string(pipe.source)
        switch ARN(pipe.source)?.service {
        case "sqs":
            for operation in ["ReceiveMessage", "DeleteMessage"] {
                try await check(operation, "sqs", ["QueueUrl": source])
            }
        case "kinesis": try await check("GetRecords", "kinesis", ["StreamARN": source])
        default: try await check("GetRecords", "streams.dynamodb", ["StreamArn": source])
        }
        if let enrichment = pipe.enrichment {
            try await permissions.check(delivering: enrichment, as: role, session: pipe.name)
        }
        switch pipe.target {
        case .queued(let target), .each(let target), .function(let target):
            try await permissions.check(delivering: target, as: role, session: pipe.name)
        }
    }

    private func invoke(_ function: String, _ payload: JSON, _ fault: String) async throws -> JSON {
        guard let functions = peers.functions else { throw AWSFault.notEmulated("Lambda") }
        let answer = try await functions.invoke(function: function, payload: payload.bytes)
        guard answer.functionError == nil else {
            throw AWSFault(fault, String(decoding: answer.payload, as: UTF8.self))
        }
        return answer.payload.isEmpty ? .null : (try? JSON(parsing: answer.payload)) ?? .null
    }
}
