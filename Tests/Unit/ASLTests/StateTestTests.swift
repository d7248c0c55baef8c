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

    @Test("a task without a mock requests its call")
    func unmockedTask() throws {
        #expect(try verdict(task) == nil)
    }
}
