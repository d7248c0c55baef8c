internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Runs queued events within each function's concurrency. Retries failed events, and sends those without retries left
/// to their destination.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
final class EventDispatcher: Sendable {
    /// The delay before the second and the third attempt of an event, in milliseconds. AWS waits one and two minutes,
    /// which is too long on a desktop.
    static let retryDelays: [Int64] = [1000, 2000]
    /// The delay of an event without a free worker, in milliseconds.
    private static let throttleDelay: Int64 = 500

    typealias Run = @Sendable (QueuedEvent, FunctionConfiguration) async throws(AWSFault) -> InvocationOutcome

    private let queue: EventQueue
    private let registry: FunctionRegistry
    private let concurrency: Int
    private let clock: ClockAndChance
    /// The services that receive records of events.
    private let peers: Peers
    private let run: Run
    private let inFlight = Mutex<[String: Set<Int64>]>([:])

    init(
        queue: EventQueue, registry: FunctionRegistry, concurrency: Int, clock: ClockAndChance,
        peers: Peers, run: @escaping Run
    ) {
        self.queue = queue
        self.registry = registry
        self.concurrency = concurrency
        self.clock = clock
        self.peers = peers
        self.run = run
    }

    /// Runs until the task is cancelled.
    func serve() async {
        var next: Int64? = 0
        while !Task.isCancelled {
            do {
                // A delayed event may be of any function.
                let now = clock.now().milliseconds
                let isDue = next.map { $0 <= now } ?? false
                let stirred = queue.takeStirred()
                try startDueEvents(of: isDue ? nil : stirred)
                next = try queue.nextDue(after: now)
            } catch {
                // The store is busy or closing: retry soon, unless cancelled.
                next = clock.now().milliseconds + 1000
            }
            await queue.bell.wait(until: next, clock)
        }
    }

    /// - Parameter names: the functions; nil for all.
    private func startDueEvents(of names: Set<String>?) throws {
        for function in registry.all where names?.contains(function.name) ?? true {
            let running = inFlight.withLock { $0[function.name] ?? [] }
            let free = min(function.reservedConcurrency ?? concurrency, concurrency) - running.count
            guard free > 0 else { continue }
            for event in try queue.due(function: function.name, limit: free, excluding: running) {
                _ = inFlight.withLock { $0[function.name, default: []].insert(event.id) }
                Task {
                    await self.attempt(event, function)
                    self.inFlight.withLock { _ = $0[function.name]?.remove(event.id) }
                    self.queue.stir(event.function)
                }
            }
        }
    }

    /// The target, if the function's role may send to it or permissions are not enforced. A refusal is logged.
    private func permitted(
        _ target: String?, _ event: QueuedEvent, _ function: FunctionConfiguration
    ) async -> String? {
        guard let target, let permissions = peers.permissions else { return target }
        do throws(AWSFault) {
            try await permissions.check(
                delivering: target, as: function.declaration["Role"]?.string, session: function.name)
            return target
        } catch {
            peers.write(
                "The event \(event.requestID) could not be sent to \(target): \(error)\n", group: function.logGroup,
                stream: "emulator")
            return nil
        }
    }

    private func attempt(_ event: QueuedEvent, _ function: FunctionConfiguration) async {
        do {
            let ageLimit = Int64(function.maximumEventAgeInSeconds) * 1000
            let outcome: InvocationOutcome
            do throws(AWSFault) {
                outcome = try await run(event, function)
            } catch {
                // Without a worker or an executable, the function did not fail, so no attempt is counted.
                let due = clock.now().milliseconds + Self.throttleDelay
                guard due - event.createdAt < ageLimit else {
                    return try await giveUp(event, function, nil, "EventAgeExceeded")
                }
                return try await queue.postpone(event, attempts: event.attempts, until: due)
            }
            guard outcome.functionError != nil else {
                return try await deliver(event, function, outcome, "Success", to: function.onSuccess)
            }
            let due = clock.now().milliseconds + Self.retryDelays[min(event.attempts, Self.retryDelays.count - 1)]
            if event.attempts >= function.maximumRetryAttempts {
                try await giveUp(event, function, outcome, "RetriesExhausted")
            } else if due - event.createdAt >= ageLimit {
                try await giveUp(event, function, outcome, "EventAgeExceeded")
            } else {
                try await queue.postpone(event, attempts: event.attempts + 1, until: due)
            }
        } catch {
            // The end could not be stored: the event is still queued, and runs again at the next start.
        }
    }

    private func giveUp(
        _ event: QueuedEvent, _ function: FunctionConfiguration, _ outcome: InvocationOutcome?, _ condition: String
    ) async throws {
        try await deliver(event, function, outcome, condition, to: function.onFailure, andTo: function.deadLetterTarget)
    }

    /// Ends the event. In the same commit, its record goes to the destination and the event itself to the dead-letter
    /// queue. A missing target is logged, and the event still ends.
    private func deliver(
        _ event: QueuedEvent, _ function: FunctionConfiguration, _ outcome: InvocationOutcome?, _ condition: String,
        to destination: String?, andTo deadLetterTarget: String? = nil
    ) async throws {
        let destination = await permitted(destination, event, function)
        let deadLetterTarget = await permitted(deadLetterTarget, event, function)
        let record = record(of: event, outcome, condition)
        let letter = deadLetter(of: event, outcome, condition)
        try await queue.finish(event) { [self] transaction in
            if let destination {
                try attempt(destination, of: event, function) {
                    try peers.deliver(TargetEvent(record), to: destination, in: transaction)
                }
            }
            if let deadLetterTarget {
                try attempt(deadLetterTarget, of: event, function) {
                    try peers.deliver(letter, to: deadLetterTarget, in: transaction)
                }
            }
        }
    }

    private func attempt(
        _ destination: String, of event: QueuedEvent, _ function: FunctionConfiguration, _ body: () throws -> Void
    ) throws {
        do { try body() } catch let fault as AWSFault {
            peers.write(
                "The event \(event.requestID) could not be sent to \(destination): \(fault)\n",
                group: function.logGroup, stream: "emulator")
        }
    }

    /// The event as it arrives in a function's own dead-letter queue.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
    private func deadLetter(of event: QueuedEvent, _ outcome: InvocationOutcome?, _ condition: String) -> TargetEvent {
        let error = outcome.flatMap { try? JSON(parsing: $0.payload)["errorMessage"]?.string } ?? condition
        func attribute(_ type: JSON, _ value: String) -> JSON { ["DataType": type, "StringValue": .string(value)] }
        return TargetEvent(
            String(decoding: event.payload, as: UTF8.self),
            attributes: [
                "RequestID": attribute("String", event.requestID), "ErrorCode": attribute("Number", "200"),
                "ErrorMessage": attribute("String", String(error.prefix(1024))),
            ])
    }

    private func record(of event: QueuedEvent, _ outcome: InvocationOutcome?, _ condition: String) -> JSON {
        var record: JSONObject = [
            "version": "1.0", "timestamp": .string(clock.now().rfc3339),
            "requestContext": [
                "requestId": .string(event.requestID),
                "functionArn": .string(registry.arn(of: event.function) + ":$LATEST"),
                "condition": .string(condition), "approximateInvokeCount": .int(event.attempts + 1),
            ],
            "requestPayload": (try? JSON(parsing: event.payload)) ?? .null,
        ]
        if let outcome {
            var context: JSONObject = ["statusCode": 200, "executedVersion": "$LATEST"]
            if let functionError = outcome.functionError { context["functionError"] = .string(functionError) }
            record["responseContext"] = .object(context)
            record["responsePayload"] = (try? JSON(parsing: outcome.payload)) ?? .null
        }
        return .object(record)
    }
}
