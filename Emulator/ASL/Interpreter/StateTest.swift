public import JSON
internal import JSONata
public import Time

/// One state alone, with what it would find in an execution: what the TestState operation runs.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>
public struct StateTest: Sendable {
    /// What replaces the work of a Task, Map or Parallel state.
    public enum Mock: Sendable {
        case result(JSON)
        case error(ErrorOutput)
    }

    /// Everything that a test may set beside the input.
    public struct Conditions: Sendable {
        public var variables: [String: JSON] = [:]
        /// The whole context object; nil for one made up.
        public var context: JSON?
        public var mock: Mock?
        /// How often the retrier that answers for the error has been used already.
        public var retryCount = 0
        /// How many iterations of the Map state have failed.
        public var failedIterations = 0
        /// What the Map state's ItemReader would read, in the form that it has where it is read.
        public var readData: String?

        public init() {}
    }

    public struct Verdict: Sendable, Equatable {
        public enum Status: String, Sendable, Equatable {
            case succeeded = "SUCCEEDED"
            case failed = "FAILED"
            case retriable = "RETRIABLE"
            case caughtError = "CAUGHT_ERROR"
        }

        public let status: Status
        public let output: JSON?
        public let failure: ErrorOutput?
        public let nextState: String?
        /// The data at each step through the state, by the names of the API's InspectionData.
        public let inspection: JSONObject
    }

    /// The verdict of the test, or the call that the host makes first.
    public enum Progress: Sendable, Equatable {
        case call(TaskRequest)
        case done(Verdict)
    }

    /// `Pass`, `Task`…
    public let stateType: String
    private let state: State
    private var execution: Execution

    /// - Returns: nil when the machine has no such state, also not inside its Map and Parallel states.
    public init?(
        of stateName: String, in machine: StateMachine, as identity: Execution.Identity, input: JSON,
        under conditions: Conditions
    ) {
        guard let block = machine.block.block(holding: stateName), let state = block.states[stateName] else {
            return nil
        }
        self.state = state
        stateType = state.typeName
        let single = StateMachine(
            comment: nil, timeoutInSeconds: nil,
            block: StateBlock(startAt: stateName, states: block.names.compactMap { block.states[$0] }))
        execution = Execution(of: single, as: identity, input: input)
        execution.testing = TestSetting(conditions: conditions)
    }

    /// The pattern of the call that a Task state makes.
    public var pattern: TaskResource.Pattern? {
        if case .task(let task) = state.kind { task.resource.pattern } else { nil }
    }

    /// The number of branches of a Parallel state.
    public var branchCount: Int? {
        if case .parallel(let parallel) = state.kind { parallel.branches.count } else { nil }
    }

    /// Whether the results of a Map state go elsewhere, so that its own result is an object that says where.
    public var writesResults: Bool {
        if case .map(let map) = state.kind { map.writer?.resource != nil } else { false }
    }

    /// The resource of a Task state.
    public var resource: TaskResource? {
        if case .task(let task) = state.kind { task.resource } else { nil }
    }

    /// Runs the state up to its call, or to its end.
    public mutating func run(at now: Timestamp, seed: UInt64) -> Progress {
        var effects = execution.handle(ExecutionInput(.started(seed: seed), at: now))
        if case .timer(let timer)? = execution.branches[Execution.rootID]?.visit?.pending,
            execution.testing?.failure == nil
        {
            // A Wait state is not waited for.
            effects = execution.handle(ExecutionInput(.timerFired(timer), at: now))
        }
        guard let request = effects.compactMap({ if case .startTask(let request) = $0 { request } else { nil } }).first
        else { return .done(verdict) }
        guard let mock = execution.testing?.conditions.mock else { return .call(request) }
        switch mock {
        case .result(let result): return .done(finish(.succeeded(output: result), of: request, at: now))
        case .error(let failure): return .done(finish(.failed(failure), of: request, at: now))
        }
    }

    /// Takes the result of the call that ``run(at:seed:)`` asked for.
    public mutating func finish(_ outcome: Outcome, of request: TaskRequest, at now: Timestamp) -> Verdict {
        if request.resource.awaitsResult {
            _ = execution.handle(ExecutionInput(.taskSubmitted(request.id, output: .null), at: now))
        }
        switch outcome {
        case .succeeded(let output):
            _ = execution.handle(ExecutionInput(.taskSucceeded(request.id, output: output), at: now))
        case .failed(let failure), .timedOut(let failure), .aborted(let failure):
            _ = execution.handle(ExecutionInput(.taskFailed(request.id, failure), at: now))
        }
        return verdict
    }

    private var verdict: Verdict {
        let failure = execution.testing?.failure
        let inspection = execution.testing?.inspection ?? [:]
        switch execution.outcome {
        case .succeeded(let output)?:
            return Verdict(
                status: .succeeded, output: output, failure: nil, nextState: nil, inspection: inspection)
        case .failed(let failure)?, .timedOut(let failure)?, .aborted(let failure)?:
            return Verdict(
                status: .failed, output: nil, failure: failure, nextState: nil, inspection: inspection)
        case nil: break
        }
        guard let branch = execution.branches[Execution.rootID], branch.visit == nil else {
            return Verdict(
                status: .retriable, output: nil, failure: failure, nextState: nil, inspection: inspection)
        }
        return Verdict(
            status: failure == nil ? .succeeded : .caughtError, output: branch.input, failure: failure,
            nextState: branch.stateName, inspection: inspection)
    }
}

/// What makes an execution a test of one state.
struct TestSetting: Sendable {
    let conditions: StateTest.Conditions
    /// What the state failed with, whether or not it was retried or caught.
    var failure: ErrorOutput?
    var inspection: JSONObject = [:]
}

extension StateBlock {
    /// The block that has the state, this one or one inside it.
    fileprivate func block(holding name: String) -> StateBlock? {
        if states[name] != nil { return self }
        for state in states.values {
            let inner: [StateBlock] =
                switch state.kind {
                case .map(let map): [map.processor]
                case .parallel(let parallel): parallel.branches
                default: []
                }
            for block in inner {
                if let found = block.block(holding: name) { return found }
            }
        }
        return nil
    }
}

extension Execution {
    /// Keeps a value for the inspection of a state under test.
    mutating func note(_ name: String, _ value: JSON) {
        testing?.inspection[name] = .string(value.text)
    }

    /// Notes a limit, which AWS shows as a number.
    private mutating func note(_ name: String, limit: JSON) { testing?.inspection[name] = limit }

    /// Ends a Map or Parallel state under test with its mock; false when there is none.
    mutating func runMocked(_ id: BranchID) -> Bool {
        guard let mock = testing?.conditions.mock else { return false }
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            switch visit.state.kind {
            case .map(let map):
                try execution.checkMocked(map, visit, &scope)
            case .parallel: _ = try visit.state.flow.parameters?.evaluate(in: &scope)
            default: break
            }
            switch mock {
            case .error(let failure): execution.fail(id, with: failure)
            case .result(let result): try execution.leave(id, with: .result(result), scope: &scope)
            }
        }
        return true
    }

    private mutating func checkMocked(_ map: MapState, _ visit: Visit, _ scope: inout Scope) throws(ASLFault) {
        let limit = try map.maxConcurrency?.integer(in: &scope) ?? 0
        var items: [JSON] = []
        if let reader = map.reader {
            if let data = testing?.conditions.readData { items = try reader.items(inData: data, scope: &scope) }
        } else {
            items = try map.items(in: &scope, language: visit.state.flow.language)
            if visit.state.flow.language == .jsonPath { note("afterItemsPath", .array(items)) }
        }
        let count = items.count
        if map.itemSelector != nil {
            let progress = MapProgress(state: map, items: items, concurrency: 1, tolerance: 0)
            for index in items.indices { items[index] = try select(items[index], at: index, for: progress, &scope) }
            note("afterItemSelector", .array(items))
        }
        if let batcher = map.batcher { note("afterItemBatcher", .array(try batcher.batches(of: items, in: &scope))) }
        note("maxConcurrency", limit: .int(limit))
        if let most = try map.toleratedFailureCount?.integer(in: &scope) {
            note("toleratedFailureCount", limit: .int(most))
        }
        if let share = try map.toleratedFailurePercentage?.value(in: &scope) {
            note("toleratedFailurePercentage", limit: .decimal(share))
        }
        let tolerance = try map.tolerance(of: count, in: &scope)
        guard case .result? = testing?.conditions.mock, let tolerance,
            testing?.conditions.failedIterations ?? 0 > tolerance
        else { return }
        throw .thresholdExceeded
    }
}
