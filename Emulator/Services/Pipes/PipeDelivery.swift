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

    private func invoke(_ function: String, _ payload: JSON, _ fault: String) async throws -> JSON {
        guard let functions = peers.functions else { throw AWSFault.notEmulated("Lambda") }
        let answer = try await functions.invoke(function: function, payload: payload.bytes)
        guard answer.functionError == nil else {
            throw AWSFault(fault, String(decoding: answer.payload, as: UTF8.self))
        }
        return answer.payload.isEmpty ? .null : (try? JSON(parsing: answer.payload)) ?? .null
    }
}
