import ASL
import JSON
import Testing
import Time

struct StateTestTests {
    private func verdict(
        _ state: JSON, input: JSON = [:], _ change: (inout StateTest.Conditions) -> Void = { _ in }
    ) throws -> StateTest.Verdict? {
        let machine = try StateMachine(singleState: state.text, named: "S")
        var conditions = StateTest.Conditions()
        change(&conditions)
        let identity = SimulatedHost.execution(of: machine, input: input, at: Timestamp(seconds: 0)).identity
        var test = try #require(StateTest(of: "S", in: machine, as: identity, input: input, under: conditions))
        guard case .done(let verdict) = test.run(at: Timestamp(seconds: 0), seed: 1) else { return nil }
        return verdict
    }

    private let task: JSON = [
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": "T",
        "Retry": [["ErrorEquals": ["Busy"], "MaxAttempts": 2]], "Catch": [["ErrorEquals": ["Oops"], "Next": "C"]],
    ]

    @Test("a state runs alone and reports the next state")
    func singleState() throws {
        let state: JSON = ["Type": "Pass", "Result": 5, "ResultPath": "$.five", "Next": "Elsewhere"]
        let verdict = try verdict(state, input: ["a": 1])
        #expect(verdict?.status == .succeeded)
        #expect(verdict?.output == ["a": 1, "five": 5])
        #expect(verdict?.nextState == "Elsewhere")
    }

    @Test("what a state with a fixed result shows is that result, and nothing of its input and parameters")
    func fixedResult() throws {
        let fixed = try verdict(["Type": "Pass", "Parameters": ["b": 2], "Result": 5, "End": true], input: ["a": 1])
        #expect(
            fixed.map { JSON.object($0.inspection) }
                == ["result": "5", "afterResultSelector": "5", "afterResultPath": "5"])
        let computed = try verdict(["Type": "Pass", "Parameters": ["b": 2], "End": true], input: ["a": 1])
        #expect(computed?.inspection["afterParameters"] == #"{"b":2}"#)
        #expect(computed?.inspection["afterInputPath"] == #"{"a":1}"#)
        #expect(computed?.inspection["result"] == nil)
    }

    @Test("a wait state ends at once")
    func wait() throws {
        #expect(try verdict(["Type": "Wait", "Seconds": 3600, "End": true])?.status == .succeeded)
    }

    @Test(
        "a mocked error goes through the retriers and catchers",
        arguments: [
            ("Busy", 0, .retriable, nil), ("Busy", 2, .failed, nil), ("Oops", 0, .caughtError, "C"),
            ("Other", 0, .failed, nil),
        ] as [(String, Int, StateTest.Verdict.Status, String?)])
    func mockedError(error: String, retries: Int, status: StateTest.Verdict.Status, next: String?) throws {
        let verdict = try verdict(task) {
            $0.mock = .error(ErrorOutput(error: error, cause: "why"))
            $0.retryCount = retries
        }
        #expect(verdict?.status == status)
        #expect(verdict?.nextState == next)
        #expect(verdict?.failure == ErrorOutput(error: error, cause: "why"))
    }

    @Test("a mocked result replaces the iterations of a map state, up to its tolerance")
    func mockedMap() throws {
        let map: JSON = [
            "Type": "Map", "End": true, "ToleratedFailureCount": 1,
            "ItemProcessor": ["StartAt": "P", "States": ["P": ["Type": "Pass", "End": true]]],
        ]
        #expect(try verdict(map, input: [1, 2]) { $0.mock = .result([7, 8]) }?.output == [7, 8])
        let failed = try verdict(map, input: [1, 2]) {
            $0.mock = .result([7, 8])
            $0.failedIterations = 2
        }
        #expect(failed?.failure?.error == "States.ExceedToleratedFailureThreshold")
    }

    @Test("a map state under test shows what its iterations would get, and fails where that cannot be made")
    func inputsOfIterations() throws {
        func map(_ fields: JSONObject) -> JSON {
            var state: JSONObject = [
                "Type": "Map", "End": true,
                "ItemProcessor": [
                    "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "P",
                    "States": ["P": ["Type": "Pass", "End": true]],
                ],
            ]
            for (name, value) in fields { state[name] = value }
            return .object(state)
        }
        let chosen = map([
            "ItemSelector": ["v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"],
            "ItemBatcher": ["MaxItemsPerBatch": 2],
        ])
        let shown = try verdict(chosen, input: ["a", "b", "c"]) { $0.mock = .result([1, 2]) }
        #expect(shown?.inspection["afterItemSelector"] == #"[{"v":"a","i":0},{"v":"b","i":1},{"v":"c","i":2}]"#)
        let batches = #"[{"Items":[{"v":"a","i":0},{"v":"b","i":1}]},{"Items":[{"v":"c","i":2}]}]"#
        #expect(shown?.inspection["afterItemBatcher"]?.string == batches)
        let wrong = try verdict(map(["ItemSelector": ["v.$": "$.none"]]), input: [1]) { $0.mock = .result([1]) }
        #expect(wrong?.failure?.error == "States.Runtime")
        // A reader's data are in the form of its object.
        let reader = map([
            "ItemReader": [
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": ["InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1],
                "Parameters": ["Bucket": "b", "Key": "k"],
            ], "ItemSelector": ["id.$": "$$.Map.Item.Value.id"],
        ])
        let read = try verdict(reader) {
            $0.mock = .result([1])
            $0.readData = "id,n\n7,x\n8,y\n"
        }
        #expect(read?.inspection["afterItemSelector"] == #"[{"id":"7"}]"#)
    }

    @Test("a state under test shows the variables that it leaves")
    func variables() throws {
        let shown = try verdict(["Type": "Pass", "Assign": ["x": 1], "End": true]) { $0.variables = ["y": 2, "x": 0] }
        #expect(shown?.inspection["variables"] == #"{"x":1,"y":2}"#)
    }

    @Test("a task without a mock requests its call")
    func unmockedTask() throws {
        #expect(try verdict(task) == nil)
    }
}
