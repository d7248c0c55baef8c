import ASL
import JSON
import Testing

/// Numbers of any size, and values of any depth, end a state or not at all; they never end the process.
struct LargeNumberTests {
    private static let sizes: [JSON] = [
        0, -1, 1, .int(Int.max), .int(Int.min), .number(JSONNumber("1e308") ?? JSONNumber(0)),
        .number(JSONNumber("-1e400") ?? JSONNumber(0)), .number(JSONNumber("99999999999999999999") ?? JSONNumber(0)),
        "9223372036854775807", "-9223372036854775808", "1e308",
    ]

    private func run(_ state: JSONObject, input: JSON) {
        let definition: JSON = [
            "StartAt": "A",
            "States": ["A": .object(state), "B": ["Type": "Succeed"]],
        ]
        var found = definition
        if state["Type"] != "Choice" { found = ["StartAt": "A", "States": ["A": .object(state)]] }
        guard let machine = try? StateMachine(found.text) else { return }
        var host = SimulatedHost()
        _ = host.run(machine, input: input)
    }

    private static let task: JSONObject = [
        "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "End": true,
    ]
    private static let map: JSONObject = [
        "Type": "Map", "ItemsPath": "$.items", "End": true,
        "ItemProcessor": [
            "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "P",
            "States": ["P": ["Type": "Pass", "End": true]],
        ],
    ]

    @Test("every number of a definition or its input may have any size", arguments: sizes)
    func numbers(number: JSON) {
        let input: JSON = ["n": number, "items": [1, 2, 3]]
        run(["Type": "Wait", "Seconds": number, "End": true], input: input)
        run(["Type": "Wait", "SecondsPath": "$.n", "End": true], input: input)
        for name in ["TimeoutSeconds", "HeartbeatSeconds"] {
            var (given, found) = (Self.task, Self.task)
            given[name] = number
            found[name + "Path"] = "$.n"
            run(given, input: input)
            run(found, input: input)
        }
        for name in ["MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"] {
            var (given, found) = (Self.map, Self.map)
            given[name] = number
            found[name + "Path"] = "$.n"
            run(given, input: input)
            run(found, input: input)
        }
        for name in ["MaxItemsPerBatch", "MaxInputBytesPerBatch"] {
            var (given, found) = (Self.map, Self.map)
            given["ItemBatcher"] = [name: number]
            found["ItemBatcher"] = [name + "Path": "$.n"]
            run(given, input: input)
            run(found, input: input)
        }
        for name in ["IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"] {
            var retried = Self.task
            retried["Retry"] = [["ErrorEquals": ["States.ALL"], "IntervalSeconds": 7, "MaxAttempts": 3, name: number]]
            run(retried, input: input)
        }
        for call in [
            "States.ArrayRange($.n, 9, 1)", "States.ArrayRange(0, $.n, 1)", "States.ArrayRange(1, 9, $.n)",
            "States.ArrayRange($.n, $.n, $.n)", "States.ArrayPartition($.items, $.n)",
            "States.ArrayGetItem($.items, $.n)", "States.MathAdd($.n, $.n)",
            "States.MathRandom($.n, 9223372036854775807)",
            "States.MathRandom(-9223372036854775808, $.n)", "States.MathRandom(1, 9, $.n)",
        ] {
            run(["Type": "Pass", "Parameters": ["v.$": .string(call)], "End": true], input: input)
        }
    }

    @Test(
        "indices and slices of a path may have any size",
        arguments: ["9223372036854775807", "-9223372036854775808", "99999999999999999999", "-1", "0"])
    func indices(index: String) {
        for path in [
            "$.items[\(index)]", "$.items[\(index):]", "$.items[:\(index)]", "$.items[::\(index)]",
            "$.items[\(index):\(index):\(index)]", "$.items[\(index),\(index)]", "$.items[?(@ > \(index))]",
        ] {
            run(["Type": "Pass", "InputPath": .string(path), "End": true], input: ["items": [1, 2, 3]])
            run(["Type": "Pass", "ResultPath": .string(path), "End": true], input: ["items": [1, 2, 3]])
        }
    }

    @Test("a path of many steps is refused, because each takes a level of the stack")
    func manySteps() {
        for step in [".*", "[?(@)]", "..*", "[0]", ".a", "[*]"] {
            let path = "$" + String(repeating: step, count: 20_000)
            run(["Type": "Pass", "InputPath": .string(path), "End": true], input: ["a": ["a": 1]])
        }
    }

    @Test("a loop that puts its input into itself fails before its value is too deep to read back")
    func deepValues() throws {
        var inner: JSON = ["a.$": "$"]
        for _ in 0..<300 { inner = ["a": inner] }
        let machine = try StateMachine(
            JSON.object([
                "StartAt": "A",
                "States": [
                    "A": ["Type": "Pass", "Parameters": inner, "Next": "B"],
                    "B": [
                        "Type": "Choice", "Default": "A",
                        "Choices": [["Variable": "$.stop", "IsPresent": true, "Next": "C"]],
                    ],
                    "C": ["Type": "Succeed"],
                ],
            ]).text)
        var host = SimulatedHost()
        let execution = host.run(machine, input: [:])
        guard case .failed(let failure)? = execution.outcome else {
            Issue.record("\(String(describing: execution.outcome))")
            return
        }
        #expect(failure.error == "States.Runtime")
        #expect(failure.cause?.hasSuffix("nested deeper than 400 levels.") == true, "\(failure.cause ?? "")")
    }

    @Test("states inside each other to the depth that JSON allows are read")
    func nestedStates() throws {
        var block: JSON = ["StartAt": "s", "States": ["s": ["Type": "Succeed"]]]
        for level in 0..<90 {
            block = [
                "StartAt": .string("s\(level)"),
                "States": [
                    "s\(level)": ["Type": "Map", "ItemsPath": "$", "ItemProcessor": block, "End": true] as JSON
                ],
            ]
        }
        _ = try StateMachine(block.text)
    }
}
