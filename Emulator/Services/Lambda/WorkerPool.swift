internal import EmulatorCore
internal import JSON
internal import Time

/// The workers of all functions, which are started on demand, kept while idle, and limited in number.
actor WorkerPool {
    struct Limits: Sendable {
        /// The number of concurrent invocations of all functions.
        var concurrency: Int
        /// How long a caller waits for its turn before it is throttled, if the function has reserved concurrency.
        var patience = Duration.seconds(10)
        /// How long a caller waits if only this machine is too small. On AWS it would not wait.
        var hostPatience = Duration.seconds(900)
        /// How long an idle worker is kept.
        var idleTime = Duration.seconds(300)
    }

    /// A turn: an idle worker, or the right to start one.
    struct Turn: Sendable {
        let function: String
        let worker: FunctionWorker?
    }

    private struct Waiter {
        let number: Int
        let function: String
        let limit: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private let limits: Limits
    private let clock = ContinuousClock()
    /// The most recently used worker is last.
    private var idle: [String: [(worker: FunctionWorker, since: ContinuousClock.Instant)]] = [:]
    private var busy: [String: Int] = [:]
    private var busyTotal = 0
    private var waiters: [Waiter] = []
    private var nextWaiter = 0
    private var reaper: Task<Void, Never>?

    init(_ limits: Limits) { self.limits = limits }

    // MARK: Turns

    /// Waits for a turn and takes it; ``finish(_:worker:)`` returns it.
    /// - Throws: ``AWSFault`` `TooManyRequestsException` if no turn is free in time.
    func take(_ plan: FunctionWorker.Plan) async throws(AWSFault) -> Turn {
        let function = plan.configuration.name
        let limit = plan.configuration.reservedConcurrency ?? limits.concurrency
        guard limit > 0 else { throw Self.throttled(reserved: true) }
        if !isFree(function, limit) {
            let isReserved = plan.configuration.reservedConcurrency != nil
            let patience = isReserved ? limits.patience : limits.hostPatience
            guard await waitForTurn(function, limit, patience) else { throw Self.throttled(reserved: isReserved) }
        } else {
            occupy(function)
        }
        while let (worker, _) = idle[function]?.popLast() {
            if worker.isAlive, worker.plan.isInterchangeable(with: plan) {
                return Turn(function: function, worker: worker)
            }
            worker.stop()
        }
        return Turn(function: function, worker: nil)
    }

    /// Returns a turn. If `worker` is alive, it becomes idle.
    func finish(_ turn: Turn, worker: FunctionWorker?) {
        busy[turn.function, default: 1] -= 1
        busyTotal -= 1
        if let worker, worker.isAlive {
            idle[turn.function, default: []].append((worker, clock.now))
            if reaper == nil { reaper = Task { await self.reap() } }
        }
        while let position = waiters.firstIndex(where: { isFree($0.function, $0.limit) }) {
            let waiter = waiters.remove(at: position)
            occupy(waiter.function)
            waiter.continuation.resume(returning: true)
        }
    }

    private func isFree(_ function: String, _ limit: Int) -> Bool {
        busyTotal < limits.concurrency && busy[function, default: 0] < limit
    }

    private func occupy(_ function: String) {
        busy[function, default: 0] += 1
        busyTotal += 1
    }

    /// - Returns: true if the turn was taken, false after the timeout or if the caller no longer waits.
    private func waitForTurn(_ function: String, _ limit: Int, _ patience: Duration) async -> Bool {
        nextWaiter += 1
        let number = nextWaiter
        let timer = Task {
            try await Task.sleep(for: patience)
            self.cancelWait(number)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: false) }
                waiters.append(Waiter(number: number, function: function, limit: limit, continuation: continuation))
            }
        } onCancel: {
            Task { await self.cancelWait(number) }
        }
    }

    private func cancelWait(_ number: Int) {
        guard let position = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: position).continuation.resume(returning: false)
    }

    private static func throttled(reserved: Bool) -> AWSFault {
        let reason =
            reserved ? "ReservedFunctionConcurrentInvocationLimitExceeded" : "ConcurrentInvocationLimitExceeded"
        return AWSFault(
            "TooManyRequestsException", "Rate Exceeded.", status: 429, details: ["Reason": .string(reason)])
    }

    // MARK: Idle workers

    private func reap() async {
        while let oldest = idle.values.compactMap(\.first?.since).min() {
            try? await Task.sleep(until: oldest + limits.idleTime, clock: .continuous)
            guard !Task.isCancelled else { return }
            let bound = clock.now - limits.idleTime
            for (function, workers) in idle {
                for (worker, since) in workers where since <= bound || !worker.isAlive { worker.stop() }
                let kept = workers.filter { $0.since > bound && $0.worker.isAlive }
                idle[function] = kept.isEmpty ? nil : kept
            }
        }
        reaper = nil
    }

    /// Stops a function's idle workers, for example after a change of its code.
    func discard(_ function: String) {
        for (worker, _) in idle.removeValue(forKey: function) ?? [] { worker.stop() }
    }

    /// Stops all idle workers and the reaper.
    func close() {
        reaper?.cancel()
        for function in Array(idle.keys) { discard(function) }
    }
}

extension FunctionWorker.Plan {
    /// Whether a worker of this plan can run invocations of `other`.
    fileprivate func isInterchangeable(with other: Self) -> Bool {
        code == other.code && environment == other.environment
            && configuration.timeoutInSeconds == other.configuration.timeoutInSeconds
            && configuration.memoryInMegabytes == other.configuration.memoryInMegabytes
    }
}
