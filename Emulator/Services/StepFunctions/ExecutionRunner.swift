internal import ASL
internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Runs one execution: receives inputs, makes them and their history durable, and only then performs their effects.
///
/// One input moves an execution only so far (see ``Execution/handle(_:)``); while states are ready, the runner continues
/// it with inputs of its own, and other inputs come in between.
actor ExecutionRunner {
    /// Settled once the end of the execution is durable.
    nonisolated let outcome = Promise<Outcome>()

    private var execution: Execution
    /// The part of an execution that survives the emulator.
    enum Keeping: Sendable {
        /// Every input, in the row of the execution.
        case log(row: Int64)
        /// Only its start: after a crash an express workflow runs again from its start, so it runs at least once.
        case start
        /// Nothing: its caller waits, and its request ends with the emulator.
        case nothing
    }

    private let keeping: Keeping
    private let service: StepFunctionsService
    private let logging: ExecutionLogging?
    private var waiting: [ExecutionInput.Kind] = []
    private var isWorking = false
    /// Whether the execution is about to go on after its end.
    private var isRedriven = false
    /// Slices since the execution last did anything but enter further states.
    private var slicesInARow = 0
    /// Slices in a row, of a hundred states each, after which an execution is probably a loop.
    private static let unpacedSlices = 20
    private static let pauseInMilliseconds = 200.0
    private var sequence: Int64 = 0
    private var lastEventID: Int64 = 0
    private var calls: [TaskID: Task<Void, Never>] = [:]
    /// Their numbers in the service's queue.
    private var timers: [TimerID: Int] = [:]

    init(_ execution: Execution, keeping: Keeping, logging: ExecutionLogging?, service: StepFunctionsService) {
        self.execution = execution
        self.keeping = keeping
        self.logging = logging
        self.service = service
    }

    func isPending(task: TaskID) -> Bool { execution.isPending(task: task) }

    func token(ofTask id: TaskID) -> String? { execution.token(ofTask: id) }

    /// The map run as it is now; nil when it is not in progress.
    func mapRun(_ arn: String) -> MapRunReport? { execution.mapRuns.first { $0.arn == arn } }

    /// Adds an input. Its result becomes durable later; inputs that arrive meanwhile share a commit.
    ///
    /// An abort goes before all that wait, because none of it matters any more.
    func give(_ kind: ExecutionInput.Kind) {
        if case .aborted = kind { waiting = [kind] } else { waiting.append(kind) }
        guard !isWorking else { return }
        isWorking = true
        Task { await self.work() }
    }

    private func work() async {
        while !waiting.isEmpty, execution.outcome == nil || isRedriven {
            isRedriven = false
            let inputs = waiting.map { ExecutionInput($0, at: service.clock.now()) }
            waiting = []
            let effects = await handle(inputs)
            do {
                try await append(inputs, effects)
            } catch {
                // The store is closed or the disk is full: after a restart the execution continues from its log.
                return
            }
            for effect in effects { perform(effect) }
            guard execution.hasReadyBranches else { continue }
            waiting.append(.continued)
            slicesInARow = Self.onlyGoesOn(inputs, effects) ? slicesInARow + 1 : 0
            if slicesInARow > Self.unpacedSlices { await pause() }
        }
        isWorking = false
    }

    /// Lets others have the processors and the disk. AWS itself takes some 20 ms for each state.
    private func pause() async {
        let clock = service.clock
        let length = Int64((Self.pauseInMilliseconds / max(1, service.speed)).rounded(.up))
        try? await clock.sleep(clock.now().advanced(byMilliseconds: length))
    }

    /// Lets the interpreter take `inputs`, on a thread that may be busy with them for a while.
    private func handle(_ inputs: [ExecutionInput]) async -> [Effect] {
        let current = execution
        let isUrgent = inputs.contains { if case .aborted = $0.kind { true } else { false } }
        let (next, effects) = await InterpreterThreads.shared.run(isUrgent: isUrgent) {
            var execution = current
            let effects = inputs.flatMap { execution.handle($0) }
            return (execution, effects)
        }
        execution = next
        return effects
    }

    /// Whether a slice does nothing but enter further states.
    private static func onlyGoesOn(_ inputs: [ExecutionInput], _ effects: [Effect]) -> Bool {
        inputs.allSatisfy { $0.kind == .continued }
            && effects.allSatisfy { if case .record = $0 { true } else { false } }
    }

    private func append(_ inputs: [ExecutionInput], _ effects: [Effect]) async throws {
        let row: Int64
        switch keeping {
        case .nothing: return
        case .start:
            guard execution.outcome != nil else { return }
            let arn = execution.identity.arn
            // An end that a power cut takes back makes the workflow run again, which it may.
            try await service.store.write(waitsForDisk: false) { transaction in
                try transaction.execute("DELETE FROM express_executions WHERE arn = ?", .text(arn))
            }
            return
        case .log(let number): row = number
        }
        let events = effects.compactMap { if case .record(let event) = $0 { event } else { nil } }
        if let last = events.last { lastEventID = Int64(last.id) }
        sequence += 1
        let (sequence, lastEventID, outcome) = (sequence, lastEventID, execution.outcome)
        let inputText = JSON.array(inputs.map(\.json)).text
        let eventText = JSON.array(events.map(\.json)).text
        let runs = effects.compactMap { if case .mapRun(let run) = $0 { run } else { nil } }
        let arn = execution.identity.arn
        let now = service.clock.now().milliseconds
        // A slice that only goes on does nothing outside the execution: after a power cut it is interpreted again. So a
        // loop does not keep the disk from those who wait for it.
        try await service.store.write(waitsForDisk: !Self.onlyGoesOn(inputs, effects)) { [service] transaction in
            try transaction.execute(
                "INSERT INTO execution_log (execution, sequence, inputs, last_event, events) VALUES (?, ?, ?, ?, ?)",
                .integer(row), .integer(sequence), .text(inputText), .integer(lastEventID), .text(eventText))
            for run in runs { try transaction.record(run, of: arn, at: now) }
            if let outcome {
                try transaction.end(row, with: outcome, at: now)
                try service.announce(row: row, in: transaction)
            }
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .record(let event): logging?.write(event, of: execution.identity.arn)
        case .mapRun: break
        case .startTask(let request): call(request, submission: nil)
        case .cancelTask(let id): calls.removeValue(forKey: id)?.cancel()
        case .setTimer(let id, let at): setTimer(id, at: at)
        case .cancelTimer(let id): if let number = timers.removeValue(forKey: id) { service.timers.cancel(number) }
        case .finished(let outcome):
            let arn = execution.identity.arn
            service.runners.withLock { $0[arn] = nil }
            for call in calls.values { call.cancel() }
            for number in timers.values { service.timers.cancel(number) }
            timers = [:]
            self.outcome.settle(outcome)
        }
    }

    private func call(_ request: TaskRequest, submission: JSON?) {
        // An effect of the same batch may have made the task obsolete already.
        guard execution.isPending(task: request.id) else { return }
        let identity = execution.identity
        calls[request.id] = Task { [service] in
            await service.call(request, of: identity, submission: submission) { input in await self.give(input) }
            self.callEnded(request.id)
        }
    }

    private func callEnded(_ id: TaskID) { calls[id] = nil }

    private func setTimer(_ id: TimerID, at: Timestamp) {
        let now = service.clock.now()
        let wait = Double(max(0, at.milliseconds(since: now))) / service.speed
        // A wait beyond the calendar's end never passes.
        let end = Timestamp(milliseconds: now.milliseconds + Int64(min(wait.rounded(.up), 1e14)))
        timers[id] = service.timers.set(at: end.milliseconds) { Task { await self.timerFired(id) } }
    }

    private func timerFired(_ id: TimerID) {
        timers[id] = nil
        give(.timerFired(id))
    }

    /// Entries of the log that are in memory at one time.
    private static let pageSize: Int64 = 20

    /// Continues where the log ends: sets timers, and makes the calls that were under way again.
    func resume() async throws {
        guard case .log(let row) = keeping else { return give(.started(seed: Self.seed())) }
        isWorking = true
        while true {
            let page = try service.store.read { snapshot in
                try snapshot.all(
                    """
                    SELECT sequence, inputs, last_event FROM execution_log WHERE execution = ? AND sequence > ?
                    ORDER BY sequence LIMIT ?
                    """, .integer(row), .integer(sequence), .integer(Self.pageSize)
                ) { (sequence: $0.integer(0), inputs: $0.text(1), lastEvent: $0.integer(2)) }
            }
            guard let last = page.last else { break }
            for entry in page {
                let inputs = (try? JSON(parsing: entry.inputs))?.array ?? []
                _ = await handle(inputs.compactMap { ExecutionInput(json: $0) })
            }
            (sequence, lastEventID) = (last.sequence, last.lastEvent)
        }
        isWorking = false
        if sequence == 0 { return give(.started(seed: Self.seed())) }
        if execution.outcome != nil {
            // An execution that has ended is only resumed when it is redriven.
            isRedriven = true
            return give(.redriven)
        }
        if execution.hasReadyBranches { waiting.append(.continued) }
        for timer in execution.pendingTimers { setTimer(timer.id, at: timer.at) }
        for task in execution.pendingTasks { call(task.request, submission: task.submission) }
        guard !waiting.isEmpty else { return }
        isWorking = true
        Task { await self.work() }
    }

    private static func seed() -> UInt64 { UInt64.random(in: 0...UInt64(Int64.max)) }
}

extension Transaction {
    func end(_ row: Int64, with outcome: Outcome, at now: Int64) throws {
        var output: String?
        var failure = ErrorOutput(error: nil, cause: nil)
        switch outcome {
        case .succeeded(let value): output = value.text
        case .failed(let reason), .timedOut(let reason), .aborted(let reason): failure = reason
        }
        try execute(
            "UPDATE executions SET status = ?, output = ?, error = ?, cause = ?, stopped_at = ? WHERE id = ?",
            .text(outcome.status), .text(output), .text(failure.error), .text(failure.cause), .integer(now),
            .integer(row))
    }
}
