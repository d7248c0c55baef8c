internal import AWSClient
internal import JSON
internal import Synchronization
internal import Threads
internal import Time

/// What the flow page shows and need not ask for each time: what is deployed, and what functions and machines did in the last
/// minute. No page waits for the second.
final class FlowMemory: Sendable {
    /// What a function or a state machine did lately.
    struct Activity: Sendable, Hashable {
        /// In the last minute.
        var count = 0
        /// In the last minute; of a machine, in the last hour.
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

    private let state = Mutex(State())

    private static let deployedAge = Duration.seconds(60)
    private static let activityAge = Duration.seconds(10)
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

    /// What parts did lately, by their names; empty until it was read once.
    func activity(of deployed: DeployedParts, in pipeline: Pipeline) -> [String: Activity] {
        let (known, reads) = state.withLock { state -> ([String: Activity], Bool) in
            let isFresh = state.activityAt.map { ContinuousClock.now - $0 < Self.activityAge } ?? false
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
        let now = Timestamp.now()
        let since = now.advanced(byMilliseconds: -60_000)
        func count(_ function: String, _ pattern: String) -> Int? {
            let answer = try? pipeline.client.jsonCall(
                service: "logs", target: "Logs_20140328", action: "FilterLogEvents",
                input: [
                    "logGroupName": .string("/aws/lambda/\(pipeline.functionPrefix)\(function)"),
                    "startTime": .int(since.milliseconds), "filterPattern": .string(pattern), "limit": 1000,
                ], version: "1.1", isRepeatable: true)
            return answer?["events"]?.array?.count
        }
        for function in deployed.functions {
            guard let calls = count(function, "\"REPORT RequestId\"") else { continue }
            let errors = calls > 0 ? count(function, "{ $.level = \"ERROR\" }") ?? 0 : 0
            found[function] = Activity(count: calls, errors: errors)
        }
        for (machine, type) in deployed.machines where type != "EXPRESS" {
            found[machine + "-machine"] = activity(ofMachine: machine, at: now, pipeline)
        }
        return found
    }

    private static func activity(ofMachine name: String, at now: Timestamp, _ pipeline: Pipeline) -> Activity? {
        // The ARN has the form of those that the pipeline knows.
        guard let known = pipeline.silverMachine ?? pipeline.goldMachine, let colon = known.lastIndex(of: ":") else {
            return nil
        }
        let answer = try? pipeline.client.jsonCall(
            service: "states", target: "AWSStepFunctions", action: "ListExecutions",
            input: [
                "stateMachineArn": .string("\(known[...colon])\(pipeline.functionPrefix)\(name)"),
                "maxResults": .int(executionLimit),
            ], isRepeatable: true)
        guard let executions = answer?["executions"]?.array else { return nil }
        var activity = Activity(running: 0)
        for execution in executions {
            let status = execution["status"]?.string
            if status == "RUNNING" { activity.running = (activity.running ?? 0) + 1 }
            guard let stopped = PipelineSource.instant(execution["stopDate"]) else { continue }
            let age = now.milliseconds(since: stopped)
            if age < 60_000 { activity.count += 1 }
            if age < 3_600_000, status != "SUCCEEDED" { activity.errors += 1 }
        }
        return activity
    }
}
