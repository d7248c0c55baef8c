internal import ASL
package import EmulatorCore
package import JSON
internal import Synchronization
internal import Time

/// AWS Step Functions: state machines, their executions, and the tasks that executions wait for.
///
/// An execution is a log of inputs to a deterministic interpreter. An input is durable before its effects are
/// performed. After a crash, the log of each running execution is replayed, so that it continues where it was; calls in
/// progress are repeated.
package final class StepFunctionsService: Service, JSONService {
    package static let signingNames = ["states"]
    package var actionService: String { "states" }
    package var targetPrefix: String { "AWSStepFunctions" }
    package var protocolVersion: String { "1.0" }

    let store: Store
    let account: Account
    let clock: ClockAndChance
    /// How many times as fast as on the clock the timers of executions pass.
    let speed: Double
    /// The services that tasks call. A call to a service that is not emulated fails.
    let peers: Peers
    let activities = ActivityQueues()
    let timers: TimerQueue
    let runners = Mutex<[String: ExecutionRunner]>([:])
    /// The executions that ran when the emulator ended and have not been resumed, by ARN.
    let recovering = Mutex<[String: Recovery]>([:])
    private let machines = Mutex<[Int64: StateMachine]>([:])

    /// - Parameter store: a store that was opened with ``schema``.
    init(
        store: Store, account: Account = Account(), clock: ClockAndChance = .system, speed: Double = 1,
        peers: Peers = Peers()
    ) {
        self.store = store
        self.account = account
        self.clock = clock
        timers = TimerQueue(clock: clock)
        self.speed = speed
        self.peers = peers
    }

    package convenience init(_ context: ServiceContext) {
        self.init(
            store: context.store, account: context.account, clock: context.clock, speed: context.executionSpeed,
            peers: context.peers)
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            return try await answer(action, input)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    private func answer(_ action: String, _ input: JSON) async throws -> JSON {
        switch action {
        case "CreateStateMachine": try await createStateMachine(input)
        case "DescribeStateMachine": try describeStateMachine(input)
        case "UpdateStateMachine": try await updateStateMachine(input)
        case "DeleteStateMachine": try await deleteStateMachine(input)
        case "ListStateMachines": try listStateMachines(input)
        case "ValidateStateMachineDefinition": try validateDefinition(input)
        case "TestState": try await testState(input)
        case "StartExecution": try await startExecution(input)
        case "StartSyncExecution": try await startSyncExecution(input)
        case "RedriveExecution": try await redriveExecution(input)
        case "UpdateMapRun": try await updateMapRun(input)
        case "StopExecution": try await stopExecution(input)
        case "DescribeExecution": try describeExecution(input)
        case "DescribeStateMachineForExecution": try describeStateMachineForExecution(input)
        case "ListExecutions": try listExecutions(input)
        case "GetExecutionHistory": try executionHistory(input)
        case "ListMapRuns": try listMapRuns(input)
        case "DescribeMapRun": try await describeMapRun(input)
        case "SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat": try await sendTask(action, input)
        case "PublishStateMachineVersion": try await publishVersion(input)
        case "ListStateMachineVersions": try listVersions(input)
        case "DeleteStateMachineVersion": try await deleteVersion(input)
        case "CreateStateMachineAlias": try await createAlias(input)
        case "DescribeStateMachineAlias": try describeAlias(input)
        case "UpdateStateMachineAlias": try await updateAlias(input)
        case "DeleteStateMachineAlias": try await deleteAlias(input)
        case "ListStateMachineAliases": try listAliases(input)
        case "TagResource": try await tagResource(input)
        case "UntagResource": try await untagResource(input)
        case "ListTagsForResource": try listTags(input)
        case "CreateActivity": try await createActivity(input)
        case "DescribeActivity": try describeActivity(input)
        case "DeleteActivity": try await deleteActivity(input)
        case "ListActivities": try listActivities(input)
        case "GetActivityTask": try await activityTask(input)
        default: throw AWSFault.notEmulated("Step Functions' \(action)")
        }
    }

    /// The state machine of a revision, which is parsed once because revisions never change.
    func machine(of revision: StateMachineRevision, workflow: StateMachine.Workflow) throws -> StateMachine {
        if let machine = machines.withLock({ $0[revision.id] }) { return machine }
        do {
            let machine = try StateMachine(revision.definition, workflow: workflow)
            machines.withLock { $0[revision.id] = machine }
            return machine
        } catch {
            throw AWSFault("InvalidDefinition", error.description)
        }
    }

    /// Clears the cache of parsed state machines.
    func forgetMachines() { machines.withLock { $0 = [:] } }
}

extension JSON {
    /// A required string member.
    func required(_ name: String) throws -> String {
        guard let value = self[name]?.string else {
            throw AWSFault.stepFunctionsValidation(
                "1 validation error detected: Value null at '\(name)' failed to satisfy constraint: "
                    + "Member must not be null")
        }
        return value
    }

    static func text(_ value: String?) -> JSON? { value.map { .string($0) } }
}
