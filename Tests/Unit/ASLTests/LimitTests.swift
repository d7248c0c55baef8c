import ASL
import JSON
import Testing
import Time

/// What an execution may use, and that it gives way on the way there.
struct LimitTests {
    private func machine(
        _ states: JSON, workflow: StateMachine.Workflow = .standard, with extra: JSONObject = [:]
    ) throws -> StateMachine {
        var definition = extra
        definition["StartAt"] = "A"
        definition["States"] = states
        return try StateMachine(JSON.object(definition).text, workflow: workflow)
    }

    /// Never leaves its two states: the choice is there because a machine needs a state that ends.
    private let loop: JSON = [
        "A": ["Type": "Pass", "Next": "B"],
        "B": [
            "Type": "Choice", "Choices": [["Variable": "$.stop", "IsPresent": true, "Next": "C"]], "Default": "A",
        ],
        "C": ["Type": "Succeed"],
    ]

    @Test("a loop fails with event 25,000")
    func eventLimit() throws {
        var host = SimulatedHost()
        let execution = host.run(try machine(loop), input: [:])
        let cause = "The execution reached the maximum number of history events (25000)."
        #expect(execution.outcome == .failed(ErrorOutput(error: "States.Runtime", cause: cause)))
        #expect(host.events.count == 25_000)
        #expect(host.events.last?.type == "ExecutionFailed")
        #expect(host.events.map(\.id) == Array(1...25_000))
    }

    @Test("an execution that succeeds with event 25,000 succeeds")
    func lastEvent() throws {
        // Events: 1 to start, 8 a Wait and a Pass state in each of the iterations, the rest for Map and end.
        let states: JSON = [
            "A": [
                "Type": "Map", "MaxConcurrency": 1, "End": true,
                "ItemProcessor": ["StartAt": "P", "States": ["P": ["Type": "Pass", "End": true]]],
            ]
        ]
        func events(_ count: Int) throws -> (status: String?, count: Int) {
            var host = SimulatedHost()
            let items = JSON.array(Array(repeating: 0, count: count))
            let execution = host.run(try machine(states), input: items)
            return (execution.outcome?.status, host.events.count)
        }
        let one = try events(1).count
        let perItem = try events(2).count - one
        let most = (25_000 - one) / perItem + 1
        #expect(try events(most).status == "SUCCEEDED")
        #expect(try events(most + 1).status == "FAILED")
        #expect(try events(most + 1).count == 25_000)
    }

    @Test("one input enters a limited number of states, and an abort comes in between")
    func slices() throws {
        var execution = SimulatedHost.execution(of: try machine(loop), input: [:], at: Timestamp(seconds: 0))
        var events = 0
        for step in 0..<10 {
            let effects = execution.handle(
                ExecutionInput(step == 0 ? .started(seed: 1) : .continued, at: Timestamp(seconds: Int64(step))))
            events += effects.count
            #expect(effects.count < 250)
            #expect(execution.hasReadyBranches)
        }
        #expect(events > 1500)
        _ = execution.handle(
            ExecutionInput(.aborted(ErrorOutput(error: "stop", cause: nil)), at: Timestamp(seconds: 10)))
        #expect(execution.outcome == .aborted(ErrorOutput(error: "stop", cause: nil)))
        #expect(!execution.hasReadyBranches)
    }

    @Test("expressions that take many steps end a slice early")
    func expensiveStates() throws {
        let machine = try machine(
            [
                "A": [
                    "Type": "Pass", "Output": ["sum": "{% $sum($map([1..200000], function($i) { $i })) %}"],
                    "Next": "B",
                ],
                "B": ["Type": "Pass", "Next": "C"],
                "C": ["Type": "Pass", "Output": "{% $count([1..800000]) %}", "Next": "D"],
                "D": ["Type": "Pass", "Output": "{% $sum($map([1..200000], function($i) { $i })) %}", "Next": "E"],
                "E": ["Type": "Pass", "Output": "{% $sum($map([1..200000], function($i) { $i })) %}", "Next": "F"],
                "F": ["Type": "Succeed"],
            ], with: ["QueryLanguage": "JSONata"])
        var execution = SimulatedHost.execution(of: machine, input: [:], at: Timestamp(seconds: 0))
        var inputs = 1
        _ = execution.handle(ExecutionInput(.started(seed: 1), at: Timestamp(seconds: 0)))
        while execution.hasReadyBranches {
            _ = execution.handle(ExecutionInput(.continued, at: Timestamp(seconds: 0)))
            inputs += 1
        }
        #expect(execution.outcome?.status == "SUCCEEDED")
        #expect(inputs > 1)
    }

    @Test("an express execution times out after five minutes")
    func expressTimeout() throws {
        var host = SimulatedHost(millisecondsPerSlice: 2000)
        let execution = host.run(try machine(loop, workflow: .express), input: [:])
        #expect(execution.outcome == .timedOut(ErrorOutput(error: "States.Timeout", cause: nil)))
        #expect(host.now == Timestamp(seconds: 1_800_000_300))
        #expect(host.events.count > 25_000)
    }

    @Test("an express execution that waits longer than five minutes times out, whatever its own limit")
    func expressWait() throws {
        let wait: JSON = ["A": ["Type": "Wait", "Seconds": 1000, "End": true]]
        for extra in [[:], ["TimeoutSeconds": 900]] as [JSONObject] {
            var host = SimulatedHost()
            let execution = host.run(try machine(wait, workflow: .express, with: extra), input: [:])
            #expect(execution.outcome?.status == "TIMED_OUT")
            #expect(host.now == Timestamp(seconds: 1_800_000_300))
        }
    }

    @Test("a payload above 262,144 bytes fails the state that makes it")
    func payloads() throws {
        let large = String(repeating: "a", count: 200_000)
        let double: JSON = [
            "A": [
                "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f",
                "Parameters": ["one.$": "$.text", "two.$": "$.text"], "End": true,
            ]
        ]
        var host = SimulatedHost()
        let execution = host.run(try machine(double), input: ["text": .string(large)])
        #expect(
            execution.outcome
                == .failed(
                    ErrorOutput(
                        error: "States.DataLimitExceeded",
                        cause:
                            "The state/task 'A' provided parameters with a size exceeding the maximum number of bytes "
                            + "service limit.")))
        let assign: JSON = [
            "A": ["Type": "Pass", "Assign": ["one.$": "$.text", "two.$": "$.text"], "End": true]
        ]
        #expect(host.run(try machine(assign), input: ["text": .string(large)]).outcome?.status == "FAILED")
        var keep = JSONObject()
        for number in 0..<60 {
            keep["S\(number)"] = [
                "Type": "Pass", "Assign": .object(JSONObject([("v\(number).$", JSON.string("$.text"))])),
                "Next": .string(number == 59 ? "End" : "S\(number + 1)"),
            ]
        }
        keep["End"] = ["Type": "Succeed"]
        keep["A"] = ["Type": "Pass", "Next": "S0"]
        #expect(host.run(try machine(.object(keep)), input: ["text": .string(large)]).outcome?.status == "FAILED")
    }

    @Test("patterns and sets of separators take linear time")
    func linearTexts() throws {
        let text = String(repeating: "a", count: 120_000)
        let states: JSON = [
            "A": [
                "Type": "Choice", "Default": "B",
                "Choices": [
                    ["Variable": "$", "StringMatches": .string("*" + text.prefix(60_000) + "b*"), "Next": "B"]
                ],
            ],
            "B": [
                "Type": "Pass", "Parameters": ["v.$": .string("States.ArrayLength(States.StringSplit($, '\(text)'))")],
                "Next": "C",
            ],
            "C": ["Type": "Pass", "End": true],
        ]
        var host = SimulatedHost()
        #expect(host.run(try machine(states), input: .string(text)).outcome == .succeeded(output: ["v": 0]))
    }
}
