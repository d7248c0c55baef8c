import ASL
import JSON
import Testing
import Time

struct ExecutionTests {
    private func machine(_ states: JSON, startAt: String = "A", with extra: JSONObject = [:]) throws -> StateMachine {
        var definition = extra
        definition["StartAt"] = .string(startAt)
        definition["States"] = states
        return try StateMachine(JSON.object(definition).text)
    }

    private let fetch: JSON = [
        "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:fetch", "End": true,
    ]

    private func fetch(_ fields: JSONObject) -> JSON {
        var state = fetch.object ?? [:]
        for (name, value) in fields { state[name] = value }
        return .object(state)
    }

    private func start(_ machine: StateMachine, input: JSON = [:]) -> (Execution, [Effect]) {
        var execution = SimulatedHost.execution(of: machine, input: input, at: Timestamp(seconds: 0))
        let effects = execution.handle(ExecutionInput(.started(seed: 1), at: Timestamp(seconds: 0)))
        return (execution, effects)
    }

    private func tasks(_ effects: [Effect]) -> [TaskRequest] {
        effects.compactMap { if case .startTask(let request) = $0 { request } else { nil } }
    }

    private func timers(_ effects: [Effect]) -> [(id: TimerID, at: Timestamp)] {
        effects.compactMap { if case .setTimer(let id, let at) = $0 { (id, at) } else { nil } }
    }

    @Test("a logged sequence of inputs reproduces an execution")
    func replayedLog() throws {
        let machine = try machine([
            "A": [
                "Type": "Map",
                "ItemProcessor": [
                    "StartAt": "F",
                    "States": [
                        "F": fetch([
                            "Retry": [["ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL", "MaxAttempts": 2]],
                            "Catch": [["ErrorEquals": ["States.ALL"], "Next": "U"]],
                        ]),
                        "U": ["Type": "Pass", "Parameters": ["id.$": "States.UUID()"], "End": true],
                    ],
                ], "End": true,
            ]
        ])
        var host = SimulatedHost()
        host.functions["fetch"] = ["kind": "raise", "errorType": "Oops"]
        let first = host.run(machine, input: [1, 2, 3])
        var replayed = Execution(of: machine, as: first.identity, input: first.input)
        let logged = try host.log.map { try #require(ExecutionInput(json: JSON(parsing: $0.json.bytes))) }
        let events = logged.flatMap { replayed.handle($0) }.compactMap { effect in
            if case .record(let event) = effect { event } else { nil }
        }
        #expect(first.outcome != nil)
        #expect(replayed.outcome == first.outcome)
        #expect(events == host.events)
    }

    @Test("retry delays grow up to MaxDelaySeconds")
    func retryDelays() throws {
        let machine = try machine([
            "A": fetch([
                "Retry": [
                    [
                        "ErrorEquals": ["Oops"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10,
                        "MaxAttempts": 3,
                    ]
                ]
            ])
        ])
        var (execution, effects) = start(machine)
        var delays: [Int64] = []
        while let task = tasks(effects).first {
            let now = Timestamp(seconds: 0)
            effects = execution.handle(
                ExecutionInput(.taskFailed(task.id, ErrorOutput(error: "Oops", cause: nil)), at: now))
            guard let timer = timers(effects).first else { break }
            delays.append(timer.at.seconds)
            effects = execution.handle(ExecutionInput(.timerFired(timer.id), at: now))
        }
        #expect(delays == [2, 6, 10])
        #expect(execution.outcome == .failed(ErrorOutput(error: "Oops", cause: nil)))
    }

    @Test("a task result that arrives before the answer to its call waits for that answer")
    func earlyResult() throws {
        let machine = try machine([
            "A": [
                "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": ["MessageBody.$": "$$.Task.Token"], "End": true,
            ]
        ])
        var (execution, effects) = start(machine)
        let task = try #require(tasks(effects).first)
        #expect(task.parameters["MessageBody"]?.string == task.token)
        #expect(execution.token(ofTask: task.id) == task.token)
        let early = execution.handle(ExecutionInput(.taskSucceeded(task.id, output: 5), at: Timestamp(seconds: 1)))
        #expect(early == [])
        effects = execution.handle(ExecutionInput(.taskSubmitted(task.id, output: [:]), at: Timestamp(seconds: 2)))
        #expect(effects.last == .finished(.succeeded(output: 5)))
    }

    @Test("a missing heartbeat times the task out, and a heartbeat postpones that")
    func heartbeat() throws {
        let machine = try machine(["A": fetch(["HeartbeatSeconds": 10, "TimeoutSeconds": 25])])
        var (execution, effects) = start(machine)
        let task = try #require(tasks(effects).first)
        #expect(Set(timers(effects).map(\.at.seconds)) == [10, 25])
        effects = execution.handle(ExecutionInput(.taskHeartbeat(task.id), at: Timestamp(seconds: 8)))
        let timer = try #require(timers(effects).first)
        #expect(timer.at.seconds == 18)
        effects = execution.handle(ExecutionInput(.timerFired(timer.id), at: timer.at))
        #expect(effects.contains(.cancelTask(task.id)))
        #expect(execution.outcome == .failed(ErrorOutput(error: "States.Timeout", cause: nil)))
        #expect(execution.pendingTimers.isEmpty)
    }

    @Test(
        "a missed heartbeat is caught as States.HeartbeatTimeout and as States.Timeout, an exceeded time as the latter alone",
        arguments: [
            ("HeartbeatSeconds", "States.HeartbeatTimeout", "SUCCEEDED"),
            ("HeartbeatSeconds", "States.Timeout", "SUCCEEDED"),
            ("TimeoutSeconds", "States.HeartbeatTimeout", "FAILED"), ("TimeoutSeconds", "States.Timeout", "SUCCEEDED"),
        ])
    func heartbeatName(field: String, caught: String, status: String) throws {
        let machine = try StateMachine(
            JSON.object([
                "StartAt": "A",
                "States": [
                    "A": [
                        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", field: 5,
                        "Parameters": ["MessageBody.$": "$$.Task.Token"], "End": true,
                        "Catch": [["ErrorEquals": [.string(caught)], "Next": "B"]],
                    ],
                    "B": ["Type": "Pass", "End": true],
                ],
            ]).text)
        var host = SimulatedHost()
        let execution = host.run(machine, input: [:])
        #expect(execution.outcome?.status == status)
    }

    @Test("a state that waits for a job has a task token")
    func jobToken() throws {
        let machine = try StateMachine(
            JSON.object([
                "StartAt": "A",
                "States": [
                    "A": [
                        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync",
                        "Parameters": ["Input": ["token.$": "$$.Task.Token"]], "End": true,
                    ]
                ],
            ]).text)
        var execution = SimulatedHost.execution(of: machine, input: [:], at: Timestamp(seconds: 0))
        let effects = execution.handle(ExecutionInput(.started(seed: 1), at: Timestamp(seconds: 0)))
        let request = effects.compactMap { if case .startTask(let request) = $0 { request } else { nil } }.first
        #expect(request?.parameters["Input"]?["token"]?.string == request?.token)
    }

    @Test("a failed branch cancels the others")
    func failedBranch() throws {
        let wait: JSON = ["StartAt": "W", "States": ["W": ["Type": "Wait", "Seconds": 60, "End": true]]]
        let machine = try machine([
            "A": [
                "Type": "Parallel", "End": true,
                "Branches": [
                    ["StartAt": "F", "States": ["F": fetch]], ["StartAt": "G", "States": ["G": fetch]], wait,
                ],
            ]
        ])
        var (execution, effects) = start(machine)
        let calls = tasks(effects)
        #expect(calls.count == 2)
        effects = execution.handle(
            ExecutionInput(
                .taskFailed(calls[0].id, ErrorOutput(error: "Oops", cause: "why")), at: Timestamp(seconds: 1)))
        #expect(effects.contains(.cancelTask(calls[1].id)))
        #expect(effects.contains { if case .cancelTimer = $0 { true } else { false } })
        #expect(effects.last == .finished(.failed(ErrorOutput(error: "Oops", cause: "why"))))
        #expect(
            execution.handle(ExecutionInput(.taskSucceeded(calls[1].id, output: 1), at: Timestamp(seconds: 2))) == [])
    }

    @Test("a map state keeps to MaxConcurrency and returns results in the order of its items")
    func mapConcurrency() throws {
        let machine = try machine([
            "A": [
                "Type": "Map", "MaxConcurrency": 2, "End": true,
                "ItemProcessor": ["StartAt": "F", "States": ["F": fetch]],
            ]
        ])
        var (execution, effects) = start(machine, input: [10, 20, 30])
        var running = tasks(effects)
        #expect(running.map(\.parameters) == [10, 20])
        effects = execution.handle(ExecutionInput(.taskSucceeded(running[1].id, output: 2), at: Timestamp(seconds: 1)))
        running.append(contentsOf: tasks(effects))
        #expect(running.map(\.parameters) == [10, 20, 30])
        for (task, output) in [(running[2], 3), (running[0], 1)] as [(TaskRequest, JSON)] {
            effects = execution.handle(
                ExecutionInput(.taskSucceeded(task.id, output: output), at: Timestamp(seconds: 2)))
        }
        #expect(effects.last == .finished(.succeeded(output: [1, 2, 3])))
    }

    @Test("an aborted execution cancels everything that it waits for")
    func aborted() throws {
        var (execution, effects) = start(try machine(["A": fetch(["TimeoutSeconds": 60])]))
        let task = try #require(tasks(effects).first)
        let failure = ErrorOutput(error: "Stop", cause: "by hand")
        effects = execution.handle(ExecutionInput(.aborted(failure), at: Timestamp(seconds: 1)))
        #expect(effects.contains(.cancelTask(task.id)))
        #expect(effects.last == .finished(.aborted(failure)))
        #expect(!execution.isPending(task: task.id))
    }

    @Test("the state machine's timeout ends the execution")
    func machineTimeout() throws {
        let machine = try machine(
            ["A": ["Type": "Wait", "Seconds": 100, "End": true]], with: ["TimeoutSeconds": 5])
        var host = SimulatedHost()
        #expect(host.run(machine, input: [:]).outcome == .timedOut(ErrorOutput(error: "States.Timeout", cause: nil)))
        #expect(host.events.last?.type == "ExecutionTimedOut")
    }

    @Test("a choice state without a match or a default fails with the documented error")
    func noChoiceMatched() throws {
        let machine = try machine([
            "A": ["Type": "Choice", "Choices": [["Variable": "$.x", "NumericEquals": 1, "Next": "B"]]],
            "B": ["Type": "Succeed"],
        ])
        var host = SimulatedHost()
        guard case .failed(let failure)? = host.run(machine, input: ["x": 2]).outcome else {
            Issue.record("the execution did not fail")
            return
        }
        #expect(failure.error == "States.NoChoiceMatched")
        guard case .failed(let missing)? = host.run(machine, input: [:]).outcome else {
            Issue.record("the execution did not fail")
            return
        }
        #expect(missing.cause?.hasSuffix("The choice state's condition path references an invalid value.") == true)
    }

    @Test(
        "an asterisk in StringMatches matches any text",
        arguments: [
            ("a*c", "abc", true), ("*.txt", "a.txt", true), ("a*", "b", false), (#"a\*"#, "a*", true),
            ("a*b*c", "a-b-b-c", true), ("*", "", true), ("ab", "abc", false),
        ])
    func stringMatches(pattern: String, text: String, expected: Bool) throws {
        let machine = try machine([
            "A": [
                "Type": "Choice", "Default": "N",
                "Choices": [["Variable": "$", "StringMatches": .string(pattern), "Next": "Y"]],
            ],
            "Y": ["Type": "Pass", "Result": true, "End": true], "N": ["Type": "Pass", "Result": false, "End": true],
        ])
        var host = SimulatedHost()
        #expect(host.run(machine, input: .string(text)).outcome == .succeeded(output: .bool(expected)))
    }
}
