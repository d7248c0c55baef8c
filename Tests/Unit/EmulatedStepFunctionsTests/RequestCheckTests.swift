import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing
import Time

@testable import EmulatedStepFunctions

/// What requests may say, and what others hear of executions.
struct RequestCheckTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let bus = TableTarget("events")
    private let service: StepFunctionsService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: StepFunctionsService.schema + [TableTarget.schema])
        service = StepFunctionsService(store: store, peers: Peers(bus))
    }

    private func send(_ action: String, _ input: JSON) async throws -> JSON { try await service.perform(action, input) }

    private func code(_ action: String, _ input: JSON) async -> String? {
        do { _ = try await send(action, input) } catch { return (error as? AWSFault)?.code }
        return nil
    }

    private func request(_ more: JSONObject = [:], state: JSON = ["Type": "Pass", "End": true]) -> JSON {
        let definition: JSON = ["StartAt": "A", "States": ["A": state]]
        var request: JSONObject = [
            "name": "m", "definition": .string(definition.text), "roleArn": "arn:aws:iam::000000000000:role/r",
        ]
        for (name, value) in more { request[name] = value }
        return .object(request)
    }

    private func run(_ machine: JSON, _ input: JSON = [:]) async throws -> JSON {
        let started = try await send(
            "StartExecution", ["stateMachineArn": machine["stateMachineArn"] ?? .null, "input": .string(input.text)])
        while true {
            let described = try await send("DescribeExecution", ["executionArn": started["executionArn"] ?? .null])
            if described["status"] != "RUNNING" { return described }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test(
        "tags of what is not there are not found", arguments: ["TagResource", "UntagResource", "ListTagsForResource"])
    func tagsOfNothing(action: String) async throws {
        let none: JSON = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
        let members: JSONObject = ["tags": [["key": "k", "value": "v"]], "tagKeys": ["k"], "resourceArn": none]
        #expect(await code(action, .object(members)) == "ResourceNotFound")
        var misnamed = members
        misnamed["resourceArn"] = "none"
        #expect(await code(action, .object(misnamed)) == "InvalidArn")
    }

    @Test(
        "a state machine that AWS refuses is refused with AWS's code",
        arguments: [
            (["type": "FAST"], "ValidationException"), (["roleArn": "r"], "InvalidArn"),
            (["roleArn": "arn:aws:iam::000000000000:user/u"], "InvalidArn"),
            (["loggingConfiguration": ["level": "SOME"]], "ValidationException"),
            (
                ["loggingConfiguration": ["level": "ALL", "destinations": [[:]]]], "InvalidLoggingConfiguration"
            ),
            (["encryptionConfiguration": ["type": "OTHER"]], "ValidationException"),
            (["encryptionConfiguration": ["type": "CUSTOMER_MANAGED_KMS_KEY"]], "NotImplemented"),
            (["tags": [["key": .string(String(repeating: "k", count: 129)), "value": ""]]], "ValidationException"),
            (
                ["tags": .array((0...50).map { ["key": .string("k\($0)"), "value": ""] })], "TooManyTags"
            ),
        ] as [(JSONObject, String)])
    func refused(more: JSONObject, code: String) async throws {
        #expect(await self.code("CreateStateMachine", request(more)) == code)
    }

    @Test("a validation gives as many diagnostics as asked for, and says whether there are more")
    func diagnostics() async throws {
        let definition: JSON = [
            "StartAt": "X", "States": ["A": ["Type": "Pass"], "B": ["Type": "Pass"], "C": ["Type": "Pass"]],
        ]
        let all = try await send("ValidateStateMachineDefinition", ["definition": .string(definition.text)])
        let count = all["diagnostics"]?.array?.count ?? 0
        #expect(count > 2)
        #expect(all["truncated"] == false)
        let some = try await send(
            "ValidateStateMachineDefinition", ["definition": .string(definition.text), "maxResults": 2])
        #expect(some["diagnostics"]?.array?.count == 2)
        #expect(some["truncated"] == true)
        for more in [["maxResults": 101], ["severity": "INFO"], ["type": "OTHER"]] as [JSONObject] {
            var input: JSONObject = ["definition": "{}"]
            for (name, value) in more { input[name] = value }
            #expect(await code("ValidateStateMachineDefinition", .object(input)) == "ValidationException")
        }
    }

    @Test("warnings leave a definition valid, and are told to those who ask for them")
    func warnings() async throws {
        let state: JSON = ["Type": "Pass", "Parameters": ["a": "$.b"], "End": true]
        let definition = JSON.string(JSON.object(["StartAt": "A", "States": ["A": state]]).text)
        let silent = try await send("ValidateStateMachineDefinition", ["definition": definition])
        #expect(silent["result"] == "OK" && silent["diagnostics"] == [])
        let told = try await send("ValidateStateMachineDefinition", ["definition": definition, "severity": "WARNING"])
        #expect(told["result"] == "OK")
        #expect(told["diagnostics"]?[0]?["severity"] == "WARNING" && told["diagnostics"]?[0]?["code"] == "NO_DOLLAR")
        #expect(told["diagnostics"]?[0]?["location"] == "/States/A/Parameters/a")
    }

    @Test("answers may leave out data")
    func metadata() async throws {
        let machine = try await send("CreateStateMachine", request())
        let described = try await run(machine, ["a": 1])
        let arn = described["executionArn"] ?? .null
        let short = try await send("DescribeExecution", ["executionArn": arn, "includedData": "METADATA_ONLY"])
        #expect(short["input"] == nil && short["output"] == nil && short["status"] == "SUCCEEDED")
        let history = try await send("GetExecutionHistory", ["executionArn": arn, "includeExecutionData": false])
        #expect(!history.text.contains("\"input\""))
        let about = try await send(
            "DescribeStateMachine",
            ["stateMachineArn": machine["stateMachineArn"] ?? .null, "includedData": "METADATA_ONLY"])
        #expect(about["definition"] == nil)
        #expect(
            await code("DescribeExecution", ["executionArn": arn, "includedData": "SOME"]) == "ValidationException")
    }

    @Test("express executions are neither listed nor stopped")
    func express() async throws {
        let machine = try await send("CreateStateMachine", request(["type": "EXPRESS"]))
        let arn = machine["stateMachineArn"] ?? .null
        #expect(await code("ListExecutions", ["stateMachineArn": arn]) == "StateMachineTypeNotSupported")
        let started = try await send("StartExecution", ["stateMachineArn": arn])
        let stop: JSON = ["executionArn": started["executionArn"] ?? .null]
        #expect(await code("StopExecution", stop) == "StateMachineTypeNotSupported")
    }

    @Test("the default bus gets an event for each status of a standard execution")
    func events() async throws {
        let fails: JSON = ["Type": "Fail", "Error": "E", "Cause": "C"]
        let described = try await run(try await send("CreateStateMachine", request(state: fails)), ["a": 1])
        let events = try TableTarget.bodies(in: store).map { try JSON(parsing: $0) }
        #expect(events.map { $0["detail"]?["status"] } == ["RUNNING", "FAILED"])
        let last = try #require(events.last)
        #expect(last["source"] == "aws.states")
        #expect(last["detail-type"] == "Step Functions Execution Status Change")
        #expect(last["resources"]?[0] == described["executionArn"])
        #expect(last["detail"]?["error"] == "E")
        #expect(last["detail"]?["input"] == "{\"a\":1}")
        #expect(last["detail"]?["redriveStatus"] == "REDRIVABLE")
        #expect(last["detail"]?["output"]?.isNull == true)
    }

    @Test("a failure that a worker sends has limits")
    func failures() async throws {
        let machine = try await send(
            "CreateStateMachine", request(state: ["Type": "Wait", "Seconds": 60, "End": true]))
        let started = try await send("StartExecution", ["stateMachineArn": machine["stateMachineArn"] ?? .null])
        let long: JSON = [
            "executionArn": started["executionArn"] ?? .null, "error": .string(String(repeating: "e", count: 257)),
        ]
        #expect(await code("StopExecution", long) == "ValidationException")
    }
}
