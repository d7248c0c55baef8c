internal import EmulatorCore
internal import Synchronization
internal import Time

/// A process of a function, with its own Runtime API listener.
final class FunctionWorker: Sendable {
    /// The parameters of a worker.
    struct Plan: Sendable {
        var configuration: FunctionConfiguration
        var code: FunctionCode
        var environment: [String: String]
        /// The time in which a process must send its first request to the Runtime API.
        var initTimeout: Duration
        /// What the log of a worker says first about how it runs.
        var note: String?
    }

    /// A worker could not start; this is the outcome of the invocation that needed it.
    struct InitFailure: Error { let outcome: InvocationOutcome }

    let plan: Plan
    private let process: ChildProcess
    private let listener: any Listener
    private let runtime: RuntimeAPI
    private let log: InvocationLog
    private let watch: InvocationWatch
    private let clock: ClockAndChance
    /// The init duration, which is reported with the first invocation.
    private let initDuration: Once<Duration>
    /// Settled when the process ends during an invocation.
    private let current = Mutex<Promise<InvocationEnd>?>(nil)
    private let isStopped = Atomic(false)

    private init(
        plan: Plan, process: ChildProcess, listener: any Listener, runtime: RuntimeAPI, log: InvocationLog,
        watch: InvocationWatch, clock: ClockAndChance, initDuration: Duration
    ) {
        self.plan = plan
        self.process = process
        self.listener = listener
        self.runtime = runtime
        self.log = log
        self.watch = watch
        self.clock = clock
        self.initDuration = Once(initDuration)
    }

    // MARK: Init

    /// Starts a process and waits until it asks for its first invocation.
    /// - Throws: ``InitFailure`` if the process ends, reports an error or times out instead; ``AWSFault`` if it cannot
    ///   be started.
    static func start(
        _ plan: Plan, host: ProcessHost, listening: any Listening, sink: any LogWriting, watch: InvocationWatch,
        clock: ClockAndChance
    ) async throws -> FunctionWorker {
        let begin = ContinuousClock.now
        let runtime = RuntimeAPI()
        let log = InvocationLog(
            group: plan.configuration.logGroup, isJSON: plan.configuration.logsJSON, sink: sink, clock: clock)
        let listener = try await listening.listen(port: 0, respond: runtime.respond)
        var environment = plan.environment
        environment["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:\(listener.port)"
        environment["AWS_LAMBDA_LOG_GROUP_NAME"] = log.group
        environment["AWS_LAMBDA_LOG_STREAM_NAME"] = log.stream
        let command = Command(
            path: plan.code.executable, arguments: plan.code.arguments, environment: environment,
            directory: plan.code.taskRoot)
        log.beginInit(runtime: plan.configuration.runtime)
        if let note = plan.note { log.write(note) }
        let process: ChildProcess
        do {
            // AWS's client for Python keeps the lines of a traceback together so, where it writes to the output.
            let isPython = PythonRuntime.supports(plan.configuration.runtime)
            process = try await host.start(command) { line in
                log.write(isPython ? line.replacing("\r", with: "\n") : line)
            }
        } catch {
            await listener.close()
            log.write("\(error)")
            throw InitFailure(outcome: .failed("Runtime.InvalidEntrypoint", "Error: \(error)"))
        }
        let exit = Task { runtime.readiness.settle(.exited(await process.ended())) }
        let timer = Task {
            try await Task.sleep(for: plan.initTimeout)
            runtime.readiness.settle(.timedOut)
        }
        let readiness = await runtime.readiness.value
        timer.cancel()
        exit.cancel()
        guard case .ready = readiness else {
            process.signal(9)
            _ = await process.ended()
            await listener.close()
            throw failure(readiness, of: plan, log, after: ContinuousClock.now - begin)
        }
        let worker = FunctionWorker(
            plan: plan, process: process, listener: listener, runtime: runtime, log: log, watch: watch,
            clock: clock, initDuration: ContinuousClock.now - begin)
        Task { await worker.waitForEnd() }
        return worker
    }

    private static func failure(
        _ readiness: RuntimeAPI.Readiness, of plan: Plan, _ log: InvocationLog, after duration: Duration
    ) -> InitFailure {
        let outcome: InvocationOutcome
        var errorType: String
        switch readiness {
        case .failed(let body, let type):
            outcome = InvocationOutcome(payload: body, functionError: "Unhandled")
            errorType = type ?? "Runtime.Unknown"
        case .exited(let end):
            errorType = "Runtime.ExitError"
            outcome = .failed(errorType, "Error: \(end.exitMessage)")
        case .timedOut, .ready:
            errorType = "Sandbox.Timedout"
            let seconds = plan.initTimeout.components.seconds
            outcome = .failed(errorType, "Error: Task timed out after \(seconds).00 seconds")
        }
        log.write(
            "INIT_REPORT Init Duration: \(duration.millisecondsText) ms\tPhase: init\tStatus: "
                + (errorType == "Sandbox.Timedout" ? "timeout" : "error\tError Type: \(errorType)"))
        return InitFailure(outcome: outcome)
    }

    /// Waits for the end of the process, which also ends a running invocation.
    private func waitForEnd() async {
        let end = await process.ended()
        current.withLock { $0 }?.settle(.exited(end))
        await listener.close()
    }

    // MARK: Invocations

    /// Whether the process can take another invocation.
    var isAlive: Bool { process.end == nil && !isStopped.load(ordering: .acquiring) }

    /// Ends the process, and with it a running invocation.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        process.signal(9)
    }

    /// Runs one invocation; the worker takes one at a time.
    /// - Returns: nil if the process ended before it took the invocation, so that another worker can run it.
    func run(_ invocation: Invocation) async -> InvocationOutcome? {
        let begin = ContinuousClock.now
        let timeout = Duration.seconds(plan.configuration.timeoutInSeconds)
        var invocation = invocation
        invocation.deadline = clock.now().milliseconds + timeout.wholeMilliseconds
        let promise = Promise<InvocationEnd>()
        current.withLock { $0 = promise }
        defer { current.withLock { $0 = nil } }
        log.start(invocation.requestID)
        runtime.submit(invocation, end: promise)
        if let end = process.end { promise.settle(.exited(end)) }
        let watched = watch.add(
            process, until: begin + timeout, memoryLimit: plan.configuration.memoryInMegabytes << 20, end: promise)
        let end = await promise.value
        watch.remove(watched)
        if case .exited = end, runtime.withdraw() { return nil }
        let duration = min(ContinuousClock.now - begin, timeout)
        let peak = process.peakResidentBytes
        if case .timedOut = end { stop() }
        if case .outOfMemory = end { stop() }
        process.drain()
        return finish(invocation, end, duration: duration, peakBytes: peak)
    }

    private func finish(
        _ invocation: Invocation, _ end: InvocationEnd, duration: Duration, peakBytes: Int
    ) -> InvocationOutcome {
        let memory = plan.configuration.memoryInMegabytes
        let limit = memory << 20
        var report = InvocationReport(
            duration: duration, initDuration: initDuration.take(), memoryInMegabytes: memory,
            peakBytes: min(peakBytes, limit))
        var outcome: InvocationOutcome
        func fail(_ type: String, _ message: String) -> InvocationOutcome {
            (report.status, report.errorType) = ("error", type)
            return .failed(type, "RequestId: \(invocation.requestID) Error: \(message)")
        }
        switch end {
        case .responded(let payload):
            outcome = InvocationOutcome(payload: payload)
        case .failed(let payload, let type):
            outcome = InvocationOutcome(payload: payload, functionError: "Unhandled")
            (report.status, report.errorType) = ("error", type)
        case .exited(let end):
            outcome = fail("Runtime.ExitError", end.exitMessage)
            log.write("RequestId: \(invocation.requestID) Error: \(end.exitMessage)\nRuntime.ExitError")
        case .outOfMemory:
            report.peakBytes = limit
            outcome = fail("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")
        case .timedOut:
            let message = "Task timed out after \(plan.configuration.timeoutInSeconds).00 seconds"
            outcome = fail("Sandbox.Timedout", message)
            (report.status, report.errorType) = ("timeout", nil)
            log.write("\(invocation.requestID) \(message)")
        }
        outcome.logTail = log.end(invocation.requestID, report)
        return outcome
    }
}

extension ProcessEnd {
    /// Lambda's message about a runtime that ended unexpectedly.
    fileprivate var exitMessage: String {
        self == .status(0) ? "Runtime exited without providing a reason" : "Runtime exited with error: \(text)"
    }
}
