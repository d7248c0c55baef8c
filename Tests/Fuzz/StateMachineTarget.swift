import ASL
import JSON
import Time

/// A definition, a zero byte, and an input: the definition is refused with its faults, or its execution goes on or ends, and
/// ends the same way again.
struct StateMachineTarget: FuzzTarget {
    /// Inputs that one execution is given.
    private static let longestRun = 60

    func take(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let definition = String(decoding: parts[0], as: UTF8.self)
        let input = parts.count == 2 ? (try? JSON(parsing: Array(parts[1]))) ?? [:] : [:]
        for workflow in [StateMachine.Workflow.standard, .express] {
            guard let machine = self.machine(definition, workflow) else { continue }
            let first = run(machine, input)
            require(first == run(machine, input), "another history the second time")
            for name in machine.stateNames.prefix(4) { test(name, of: machine, input) }
        }
    }

    private func machine(_ definition: String, _ workflow: StateMachine.Workflow) -> StateMachine? {
        do {
            return try StateMachine(definition, workflow: workflow)
        } catch {
            require(!error.diagnostics.isEmpty, "refused for no reason")
            return nil
        }
    }

    private func identity(at now: Timestamp) -> Execution.Identity {
        Execution.Identity(
            arn: "arn:aws:states:us-east-1:000000000000:execution:m:e", name: "e", roleARN: "arn:aws:iam::0:role/r",
            startedAt: now, stateMachineARN: "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            stateMachineName: "m", region: "us-east-1")
    }

    /// Every call gives back its parameters, and every timer fires at its time.
    private func run(_ machine: StateMachine, _ input: JSON) -> [HistoryEvent] {
        var now = Timestamp(seconds: 1_800_000_000)
        var execution = Execution(of: machine, as: identity(at: now), input: input)
        var waiting: [ExecutionInput.Kind] = [.started(seed: 7)]
        var timers: [TimerID: Timestamp] = [:]
        var events: [HistoryEvent] = []
        for _ in 0..<Self.longestRun {
            if waiting.isEmpty, execution.hasReadyBranches { waiting.append(.continued) }
            if waiting.isEmpty, let next = timers.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
                timers[next.key] = nil
                now = max(now, next.value)
                waiting.append(.timerFired(next.key))
            }
            guard !waiting.isEmpty else { break }
            let given = ExecutionInput(waiting.removeFirst(), at: now)
            require(ExecutionInput(json: given.json) == given, "an input that cannot be read back")
            for effect in execution.handle(given) {
                switch effect {
                case .record(let event): events.append(event)
                case .setTimer(let id, let at): timers[id] = at
                case .cancelTimer(let id): timers[id] = nil
                case .startTask(let request):
                    if request.resource.awaitsResult { waiting.append(.taskSubmitted(request.id, output: [:])) }
                    waiting.append(.taskSucceeded(request.id, output: request.parameters))
                case .finished(.succeeded(let output)):
                    require((try? JSON(parsing: output.text)) != nil, "an output that cannot be read back")
                default: break
                }
            }
        }
        require(events.map(\.id) == events.indices.map { $0 + 1 }, "events that are not numbered in a row")
        return events
    }

    private func test(_ name: String, of machine: StateMachine, _ input: JSON) {
        let now = Timestamp(seconds: 1_800_000_000)
        var test = StateTest(of: name, in: machine, as: identity(at: now), input: input, under: .init())
        if case .call(let request)? = test?.run(at: now, seed: 7) {
            _ = test?.finish(.succeeded(output: request.parameters), of: request, at: now)
        }
    }
}
