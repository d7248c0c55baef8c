public import JSON
internal import JSONata
public import Time

/// One run of a state machine: a deterministic function from inputs to effects.
///
/// No clock, no randomness and no I/O inside: instants and the seed come with the inputs, and calls, timers and history
/// go out as effects. The work for an input is proportional to the states it moves, however many branches have finished.
public struct Execution: Sendable {
    /// The execution and its machine, as the context object describes them.
    public struct Identity: Sendable, Equatable {
        public let arn: String
        public let name: String
        public let roleARN: String
        public let startedAt: Timestamp
        public let stateMachineARN: String
        public let stateMachineName: String
        /// Where the calls go; recorded with each of them.
        public let region: String

        public init(
            arn: String, name: String, roleARN: String, startedAt: Timestamp, stateMachineARN: String,
            stateMachineName: String, region: String
        ) {
            self.arn = arn
            self.name = name
            self.roleARN = roleARN
            self.startedAt = startedAt
            self.stateMachineARN = stateMachineARN
            self.stateMachineName = stateMachineName
            self.region = region
        }
    }

    public let machine: StateMachine
    public let identity: Identity
    public let input: JSON
    public private(set) var outcome: Outcome?

    var branches: [BranchID: Branch] = [:]
    /// The fan-outs of Map and Parallel states in progress, by the branch that visits the state.
    var fans: [BranchID: Fan] = [:]
    var tasks: [TaskID: BranchID] = [:]
    var timers: [TimerID: (purpose: TimerPurpose, at: Timestamp)] = [:]
    var random = RandomSource(seed: 0)
    /// Set when the execution is only there to test one state.
    var testing: TestSetting?
    private(set) var now = Timestamp(seconds: 0)
    private(set) var lastEventID = 0
    private var lastBranchID = 0
    private var lastTaskID = 0
    private var lastTimerID = 0
    private var ready: [BranchID] = []
    private var effects: [Effect] = []
    /// Steps of expressions and bytes of history since the last input.
    var sliceWork = 0
    /// How often the execution was continued after it had ended without success.
    private(set) var redriveCount = 0
    private(set) var redrivenAt: Timestamp?
    /// The machine's own branch as it was at such an end.
    private var stoppedRoot: Branch?

    public init(of machine: StateMachine, as identity: Identity, input: JSON) {
        self.machine = machine
        self.identity = identity
        self.input = input
    }

    /// Takes one input and returns the effects that the host carries out. An input that nothing waits for has none.
    ///
    /// One input moves the execution only so far: while ``hasReadyBranches``, the host continues it with `.continued`. So a loop
    /// never keeps its host busy, and other inputs come in between.
    public mutating func handle(_ input: ExecutionInput) -> [Effect] {
        now = input.at
        effects = []
        sliceWork = 0
        if case .redriven = input.kind {
            redrive()
            runReadyBranches()
            defer { effects = [] }
            return effects
        }
        guard outcome == nil else { return [] }
        switch input.kind {
        case .started(let seed): start(seed: seed)
        case .continued, .redriven: break
        case .mapRunUpdated(let update): updateMapRun(update)
        case .timerFired(let id): fire(id)
        case .taskStarted(let id, let workerName): taskStarted(id, workerName: workerName)
        case .taskSubmitted(let id, let output): taskSubmitted(id, output: output)
        case .taskSucceeded(let id, let output): taskEnded(id, .succeeded(output))
        case .taskFailed(let id, let failure): taskEnded(id, .failed(failure))
        case .taskHeartbeat(let id): taskHeartbeat(id)
        case .aborted(let failure):
            emit("ExecutionAborted", details(of: failure), previous: branches[Self.rootID]?.lastEventID ?? 0)
            finish(.aborted(failure))
        }
        runReadyBranches()
        defer { effects = [] }
        return effects
    }

    static let rootID: BranchID = 0

    /// An express execution ends after five minutes, or earlier where its machine sets a limit.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
    private var timeoutInSeconds: Int? {
        guard machine.workflow == .express else { return machine.timeoutInSeconds }
        return min(machine.timeoutInSeconds ?? Self.expressLimitInSeconds, Self.expressLimitInSeconds)
    }

    private static let expressLimitInSeconds = 300
    /// The events that the history of a standard execution holds.
    static let eventLimit = 25_000

    private mutating func start(seed: UInt64) {
        random = RandomSource(seed: seed)
        emit(
            "ExecutionStarted",
            ["input": .string(input.text), "inputDetails": ["truncated": false], "roleArn": .string(identity.roleARN)],
            previous: 0)
        setExecutionTimer()
        branches[Self.rootID] = Branch(
            block: machine.block, owner: nil, slot: 0, stateName: machine.block.startAt, input: input,
            variables: testing?.conditions.variables ?? [:],
            mapContext: nil, lastEventID: 0, isSilent: false)
        ready.append(Self.rootID)
    }

    mutating func setExecutionTimer() {
        if let timeout = timeoutInSeconds { _ = setTimer(.execution, at: now.advanced(bySeconds: timeout)) }
    }

    /// Forgets the end of the execution.
    /// - Returns: where it stopped; nil unless it ended without success and its history has room.
    mutating func beginRedrive() -> Branch? {
        guard let outcome, let root = stoppedRoot, lastEventID < Self.eventLimit - 1 else { return nil }
        if case .succeeded = outcome { return nil }
        self.outcome = nil
        stoppedRoot = nil
        redriveCount += 1
        redrivenAt = now
        return root
    }

    /// Whether states can be entered without another input.
    public var hasReadyBranches: Bool { outcome == nil && !ready.isEmpty }

    /// States that one input may enter.
    private static let entriesPerInput = 100
    /// Steps of expressions, and bytes of history, after which an input enters no other state.
    private static let workPerInput = 500_000

    /// Lets each ready branch enter one state in turn, so that branches run side by side.
    private mutating func runReadyBranches() {
        var position = 0
        while position < ready.count, outcome == nil, position < Self.entriesPerInput, sliceWork < Self.workPerInput {
            let id = ready[position]
            position += 1
            if branches[id] != nil, testing == nil || lastEventID == 1 { enter(id) }
        }
        ready.removeFirst(position)
        // A test of one state stops before the next.
        if testing != nil { ready = [] }
    }

    private mutating func fire(_ id: TimerID) {
        guard let timer = timers.removeValue(forKey: id) else { return }
        switch timer.purpose {
        case .wait(let branch): waitEnded(branch)
        case .retry(let branch): run(branch)
        case .taskTimeout(let task), .heartbeat(let task): taskTimedOut(task)
        case .execution:
            let failure = ErrorOutput(error: ErrorName.timeout, cause: nil)
            emit("ExecutionTimedOut", details(of: failure), previous: branches[Self.rootID]?.lastEventID ?? 0)
            finish(.timedOut(failure))
        }
    }
}

// MARK: What the states use

extension Execution {
    func details(of failure: ErrorOutput) -> JSONObject {
        var details = JSONObject()
        details.add(failure)
        return details
    }

    /// Adds an event to the history. The last event that fits is the end of the execution: where it would be another
    /// one, the execution fails instead.
    ///
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html>
    @discardableResult
    mutating func emit(_ type: String, _ details: JSONObject?, previous: Int) -> Int {
        guard outcome == nil else { return lastEventID }
        if lastEventID == Self.eventLimit - 1, machine.workflow == .standard, !Self.endingEvents.contains(type) {
            let failure = ErrorOutput(
                error: ErrorName.runtime,
                cause: "The execution reached the maximum number of history events (\(Self.eventLimit)).")
            emit("ExecutionFailed", self.details(of: failure), previous: previous)
            finish(.failed(failure))
            return lastEventID
        }
        lastEventID += 1
        sliceWork += details?["input"]?.string?.utf8.count ?? details?["output"]?.string?.utf8.count ?? 0
        effects.append(
            .record(HistoryEvent(id: lastEventID, previousEventID: previous, type: type, at: now, details: details)))
        return lastEventID
    }

    private static let endingEvents: Set<String> = [
        "ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut",
    ]

    /// Records an event of a branch, unless the branch is silent.
    ///
    /// - Parameters:
    ///   - previous: the event to point back to, when not the branch's last one.
    ///   - isPassedBy: whether the branch's next event points back past this one.
    @discardableResult
    mutating func emit(
        _ type: String, _ details: JSONObject? = nil, in id: BranchID, previous: Int? = nil, isPassedBy: Bool = false
    ) -> Int {
        guard let branch = branches[id], !branch.isSilent else { return lastEventID }
        let event = emit(type, details, previous: previous ?? branch.lastEventID)
        if !isPassedBy { branches[id]?.lastEventID = event }
        return event
    }

    mutating func makeReady(_ id: BranchID) { ready.append(id) }

    /// A branch that goes on inside a state does not enter one.
    mutating func forgetReady(_ id: BranchID) { ready.removeAll { $0 == id } }

    mutating func addBranch(_ branch: Branch) -> BranchID {
        lastBranchID += 1
        branches[lastBranchID] = branch
        ready.append(lastBranchID)
        return lastBranchID
    }

    mutating func setTimer(_ purpose: TimerPurpose, at: Timestamp) -> TimerID {
        lastTimerID += 1
        guard outcome == nil else { return lastTimerID }
        timers[lastTimerID] = (purpose, at)
        effects.append(.setTimer(lastTimerID, at: at))
        return lastTimerID
    }

    /// Tells the host that a map run has begun or ended.
    mutating func report(_ status: MapRunReport.Status, mapRunOf id: BranchID) {
        if let report = fans[id]?.report(status) { effects.append(.mapRun(report)) }
    }

    mutating func cancelTimer(_ id: TimerID?) {
        guard let id, timers.removeValue(forKey: id) != nil else { return }
        effects.append(.cancelTimer(id))
    }

    mutating func nextTaskID() -> TaskID {
        lastTaskID += 1
        return lastTaskID
    }

    mutating func startTask(_ request: TaskRequest) {
        if outcome == nil { effects.append(.startTask(request)) }
    }

    /// Forgets a branch with everything that it waits for.
    mutating func abandon(_ id: BranchID) {
        guard let branch = branches.removeValue(forKey: id) else { return }
        switch branch.visit?.pending {
        case .timer(let timer): cancelTimer(timer)
        case .task(let task): endTask(task, cancelled: true)
        case .fan:
            report(.aborted, mapRunOf: id)
            for child in fans[id]?.active.keys.sorted() ?? [] { abandon(child) }
        case .nothing, nil: break
        }
        fans[id] = nil
    }

    mutating func endTask(_ task: PendingTask, cancelled: Bool) {
        tasks[task.request.id] = nil
        cancelTimer(task.timeoutTimer)
        cancelTimer(task.heartbeatTimer)
        if cancelled { effects.append(.cancelTask(task.request.id)) }
    }

    mutating func finish(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        if case .succeeded = outcome {} else { stoppedRoot = suspended(Self.rootID) }
        stoppedRoot?.lastEventID = lastEventID
        abandon(Self.rootID)
        for id in timers.keys.sorted() { cancelTimer(id) }
        effects.append(.finished(outcome))
    }
}

// MARK: After a restart

extension Execution {
    /// The timers that still have to fire.
    public var pendingTimers: [(id: TimerID, at: Timestamp)] {
        timers.map { ($0.key, $0.value.at) }.sorted { $0.id < $1.id }
    }

    /// The calls that were made and have not ended; with the answer to the call where its result comes later.
    public var pendingTasks: [(request: TaskRequest, submission: JSON?)] {
        tasks.sorted { $0.key < $1.key }.compactMap { _, branch in
            guard case .task(let task)? = branches[branch]?.visit?.pending else { return nil }
            return (task.request, task.submission)
        }
    }

    public func isPending(task id: TaskID) -> Bool { tasks[id] != nil }

    /// The token of a task that still runs.
    public func token(ofTask id: TaskID) -> String? {
        guard let branch = tasks[id], case .task(let task)? = branches[branch]?.visit?.pending else { return nil }
        return task.request.token
    }
}
