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

    /// A class, because the line of waiters is gone through at the end of each invocation, and a plan is not small.
    private final class Waiter: Sendable {
        let number: Int
        let function: String
        let plan: FunctionWorker.Plan
        let limit: Int
        /// From when on it would rather start a worker than wait for one.
        let startsAt: ContinuousClock.Instant
        /// When it no longer waits.
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Turn?, Never>

        init(
            number: Int, plan: FunctionWorker.Plan, limit: Int, startsAt: ContinuousClock.Instant,
            deadline: ContinuousClock.Instant, continuation: CheckedContinuation<Turn?, Never>
        ) {
            self.number = number
            function = plan.configuration.name
            self.plan = plan
            self.limit = limit
            self.startsAt = startsAt
            self.deadline = deadline
            self.continuation = continuation
        }
    }

    /// How long a caller waits for a busy worker of its function before it starts another one, times its place in the line.
    ///
    /// To start a process takes the processors longer than most invocations do, so a burst of short ones is over sooner with few
    /// workers. Long ones have as many as they need after a moment.
    private static let startDelay = Duration.milliseconds(25)
    /// How often waiters are looked at whose time has come.
    private static let lookInterval = Duration.milliseconds(10)

    private let limits: Limits
    private let clock = ContinuousClock()
    /// The most recently used worker is last.
    private var idle: [String: [(worker: FunctionWorker, since: ContinuousClock.Instant)]] = [:]
    private var busy: [String: Int] = [:]
    private var busyTotal = 0
    private var waiters: [Waiter] = []
    private var nextWaiter = 0
    private var isLookingAtWaiters = false
    private var reaper: Task<Void, Never>?

    init(_ limits: Limits) { self.limits = limits }

    // MARK: Turns

    /// Waits for a turn and takes it; ``finish(_:worker:)`` returns it.
    /// - Throws: ``AWSFault`` `TooManyRequestsException` if no turn is free in time.
    func take(_ plan: FunctionWorker.Plan) async throws(AWSFault) -> Turn {
        let limit = plan.configuration.reservedConcurrency ?? limits.concurrency
        guard limit > 0 else { throw Self.throttled(reserved: true) }
        // Nobody overtakes those who wait for the same function.
        if !waiters.contains(where: { $0.function == plan.configuration.name }),
            let turn = turn(plan, limit, mayStart: false)
        {
            return turn
        }
        let isReserved = plan.configuration.reservedConcurrency != nil
        let patience = isReserved ? limits.patience : limits.hostPatience
        guard let turn = await waitForTurn(plan, limit, patience) else { throw Self.throttled(reserved: isReserved) }
        return turn
    }

    /// Takes a turn if one is free now: with an idle worker, or with the right to start one.
    /// - Parameter mayStart: whether another worker may be started while one of the function is busy.
    private func turn(_ plan: FunctionWorker.Plan, _ limit: Int, mayStart: Bool) -> Turn? {
        let function = plan.configuration.name
        guard busyTotal < limits.concurrency, busy[function, default: 0] < limit else { return nil }
        var found: FunctionWorker?
        while found == nil, let (worker, _) = idle[function]?.popLast() {
            if worker.isAlive, worker.plan.isInterchangeable(with: plan) {
                found = worker
            } else {
                worker.stop()
            }
        }
        guard found != nil || mayStart || busy[function, default: 0] == 0 else { return nil }
        busy[function, default: 0] += 1
        busyTotal += 1
        return Turn(function: function, worker: found)
    }

    /// Returns a turn. If `worker` is alive, it becomes idle.
    func finish(_ turn: Turn, worker: FunctionWorker?) {
        busy[turn.function, default: 1] -= 1
        busyTotal -= 1
        if let worker, worker.isAlive {
            idle[turn.function, default: []].append((worker, clock.now))
            if reaper == nil { reaper = Task { await self.reap() } }
        }
        serveWaiters()
    }

    /// Gives turns to those who wait, the longest first.
    private func serveWaiters() {
        guard !waiters.isEmpty else { return }
        let now = clock.now
        // Where the first in a function's line gets no turn, nobody behind it does.
        var refused: [String] = []
        var position = 0
        while position < waiters.count {
            let waiter = waiters[position]
            if refused.contains(waiter.function) {
                position += 1
            } else if let turn = turn(waiter.plan, waiter.limit, mayStart: waiter.startsAt <= now) {
                waiters.remove(at: position)
                waiter.continuation.resume(returning: turn)
            } else {
                refused.append(waiter.function)
                position += 1
            }
        }
    }

    /// - Returns: nil after the timeout or if the caller no longer waits.
    private func waitForTurn(_ plan: FunctionWorker.Plan, _ limit: Int, _ patience: Duration) async -> Turn? {
        nextWaiter += 1
        let number = nextWaiter
        let now = clock.now
        let place = waiters.count { $0.function == plan.configuration.name } + 1
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: nil) }
                waiters.append(
                    Waiter(
                        number: number, plan: plan, limit: limit, startsAt: now + Self.startDelay * place,
                        deadline: now + patience, continuation: continuation))
                guard !isLookingAtWaiters else { return }
                isLookingAtWaiters = true
                Task { await self.lookAtWaiters() }
            }
        } onCancel: {
            Task { await self.cancelWait(number) }
        }
    }

    /// Lets those start a worker who have waited for one, and sends those away whose time is over, until nobody waits.
    private func lookAtWaiters() async {
        while !waiters.isEmpty {
            try? await Task.sleep(for: Self.lookInterval)
            serveWaiters()
            let now = clock.now
            for waiter in waiters where waiter.deadline <= now { cancelWait(waiter.number) }
        }
        isLookingAtWaiters = false
    }

    private func cancelWait(_ number: Int) {
        guard let position = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: position).continuation.resume(returning: nil)
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
        guard code == other.code else { return false }
        if configuration.revision == other.configuration.revision { return true }
        return environment == other.environment
            && configuration.timeoutInSeconds == other.configuration.timeoutInSeconds
            && configuration.memoryInMegabytes == other.configuration.memoryInMegabytes
    }
}
