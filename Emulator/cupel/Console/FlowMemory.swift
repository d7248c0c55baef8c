internal import AWSClient
internal import Console
internal import Control
internal import JSON
internal import Synchronization
internal import Threads

/// What the flow page shows and need not ask for each time: what is deployed, and what functions and machines did in the last
/// minutes. No page waits for the second.
final class FlowMemory: Sendable {
    /// What a function or a state machine did lately.
    struct Activity: Sendable, Hashable {
        /// In the busiest of the last three minutes: CloudWatch has a minute's figures a minute later.
        var perMinute = 0
        /// In the last three minutes; of a machine, in the last hour.
        var errors = 0
        /// Executions of a machine that run.
        var running: Int?
    }

    private struct State {
        var deployed: DeployedParts?
        var deployedAt: ContinuousClock.Instant?
        var activity: [String: Activity] = [:]
        var activityAt: ContinuousClock.Instant?
        var isReading = false
    }

    /// The counts.
    let reading = FlowReading()
    private let state = Mutex(State())
    private let large = Mutex(Set<ControlQuery>())
    private let lists = Mutex(SortedLists())

    private static let deployedAge = Duration.seconds(60)
    private static let minutes = 3
    /// Executions that are counted; there may be more.
    private static let executionLimit = 100

    /// What is deployed, at most a minute old.
    func deployed(of pipeline: Pipeline) -> DeployedParts {
        let known = state.withLock { state -> DeployedParts? in
            guard let at = state.deployedAt, ContinuousClock.now - at < Self.deployedAge else { return nil }
            return state.deployed
        }
        if let known { return known }
        let deployed = DeployedParts(of: pipeline)
        state.withLock { ($0.deployed, $0.deployedAt) = (deployed, .now) }
        return deployed
    }

    // MARK: Large queries

    /// Whether a query is known to find more than one call reads. Records seldom go: it need not be found out for each page.
    func isLarge(_ query: ControlQuery) -> Bool { large.withLock { $0.contains(query) } }

    func rememberLarge(_ query: ControlQuery) {
        large.withLock { large in
            // Names of tables come from addresses.
            if large.count >= 1000 { large.removeAll() }
            large.insert(query)
        }
    }

    /// The list that was read last, or as `read` reads it.
    func sortedList(
        of filter: FileFilter, by sort: FileFilter.Sort, _ read: () throws(ConsoleFault) -> SortedList
    ) throws(ConsoleFault) -> SortedList {
        if let known = lists.withLock({ $0.list(of: filter, by: sort) }) { return known }
        let began = ContinuousClock.now
        let list = try read()
        lists.withLock { $0.keep(list, of: filter, by: sort, took: ContinuousClock.now - began) }
        return list
    }

    // MARK: Activity

    /// What parts did lately, by their names; empty until it was read once.
    func activity(of deployed: DeployedParts, in pipeline: Pipeline, age: Duration) -> [String: Activity] {
        let (known, reads) = state.withLock { state -> ([String: Activity], Bool) in
            let isFresh = state.activityAt.map { ContinuousClock.now - $0 < age } ?? false
            guard !isFresh, !state.isReading else { return (state.activity, false) }
            state.isReading = true
            return (state.activity, true)
        }
        if reads {
            SystemThread { [self] in
                let activity = Self.read(deployed, pipeline)
                state.withLock { ($0.activity, $0.activityAt, $0.isReading) = (activity, .now, false) }
            }.detach()
        }
        return known
    }

    private static func read(_ deployed: DeployedParts, _ pipeline: Pipeline) -> [String: Activity] {
        var found: [String: Activity] = [:]
        readFunctions(deployed, pipeline, &found)
        readMachines(deployed, pipeline, &found)
        return found
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
    private static func readFunctions(
        _ deployed: DeployedParts, _ pipeline: Pipeline, _ found: inout [String: Activity]
    ) {
        func metric(_ name: String, _ function: String) -> MetricFigures.Metric {
            MetricFigures.Metric(
                namespace: "AWS/Lambda", name: name, dimension: "FunctionName",
                value: pipeline.functionPrefix + function)
        }
        let wanted = deployed.functions.flatMap { [metric("Invocations", $0), metric("Errors", $0)] }
        guard let figures = MetricFigures(wanted, period: 60, count: minutes, from: pipeline) else { return }
        for function in deployed.functions {
            found[function] = Activity(
                perMinute: figures.largest(metric("Invocations", function)) ?? 0,
                errors: figures.sum(metric("Errors", function)) ?? 0)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html>
    private static func readMachines(
        _ deployed: DeployedParts, _ pipeline: Pipeline, _ found: inout [String: Activity]
    ) {
        let failures = ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"]
        func metric(_ name: String, _ machine: String) -> MetricFigures.Metric {
            MetricFigures.Metric(
                namespace: "AWS/States", name: name, dimension: "StateMachineArn",
                value: pipeline.stateMachine(machine) ?? machine)
        }
        guard pipeline.stateMachine("silver") != nil else { return }
        let machines = deployed.machines.keys
        let started = MetricFigures(
            machines.map { metric("ExecutionsStarted", $0) }, period: 60, count: minutes, from: pipeline)
        let failed = MetricFigures(
            machines.flatMap { machine in failures.map { metric($0, machine) } }, period: 300, count: 12,
            from: pipeline)
        for (machine, type) in deployed.machines {
            let arn = metric("ExecutionsStarted", machine)
            found[machine + "-machine"] = Activity(
                perMinute: started?.largest(arn) ?? 0,
                errors: failures.reduce(0) { $0 + (failed?.sum(metric($1, machine)) ?? 0) },
                running: type == "EXPRESS" ? nil : running(arn.value, pipeline))
        }
    }

    private static func running(_ machine: String, _ pipeline: Pipeline) -> Int? {
        let answer = try? pipeline.client.jsonCall(
            service: "states", target: "AWSStepFunctions", action: "ListExecutions",
            input: [
                "stateMachineArn": .string(machine), "statusFilter": "RUNNING", "maxResults": .int(executionLimit),
            ], isRepeatable: true)
        return answer?["executions"]?.array?.count
    }
}
