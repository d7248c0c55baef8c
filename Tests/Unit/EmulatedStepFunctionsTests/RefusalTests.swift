import EmulatorCore
import JSON
import TestServices
import Testing
import Time

@testable import EmulatedStepFunctions

/// How requests for the wrong kind of resource end, and calls that succeed with a refusal inside.
struct RefusalTests {
    /// EventBridge, which refuses one event of two.
    private struct Bus: ActionPerforming {
        var actionService: String { "events" }

        func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
            let isWhole = input["Entries"]?.array?.count == 1
            return [
                "FailedEntryCount": isWhole ? 0 : 1,
                "Entries": isWhole ? [["EventId": "1"]] : [["EventId": "1"], ["ErrorCode": "MalformedDetail"]],
            ]
        }
    }

    private let directory: TemporaryDirectory
    private let store: Store
    private let service: StepFunctionsService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: StepFunctionsService.schema)
        service = StepFunctionsService(store: store, peers: Peers(Bus()))
    }

    @Test(
        "an ARN of another kind of resource is invalid, and says of which",
        arguments: [
            ("DescribeExecution", "executionArn", "express:m:e:1", "express"),
            ("GetExecutionHistory", "executionArn", "express:m:e:1", "express"),
            ("DescribeExecution", "executionArn", "stateMachine:m", "stateMachine"),
            ("DescribeStateMachine", "stateMachineArn", "activity:a", "activity"),
            ("StartExecution", "stateMachineArn", "execution:m:e", "execution"),
            ("DescribeActivity", "activityArn", "stateMachine:m", "stateMachine"),
            ("GetActivityTask", "activityArn", "stateMachine:m", "stateMachine"),
        ])
    func kinds(action: String, member: String, resource: String, kind: String) async {
        let arn = "arn:aws:states:us-east-1:000000000000:\(resource)"
        let fault = await #expect(throws: AWSFault.self) {
            try await service.perform(action, JSON.object(JSONObject([(member, .string(arn))])))
        }
        #expect(fault?.code == "InvalidArn")
        #expect(fault?.message == "Invalid Arn: 'Resource type not valid in this context: \(kind)'")
        store.close()
    }

    @Test("a text that is no ARN of Step Functions is invalid", arguments: ["x", "arn:aws:s3:::bucket"])
    func prefixes(text: String) async {
        for (action, member) in [
            ("DescribeExecution", "executionArn"), ("DescribeStateMachineAlias", "stateMachineAliasArn"),
            ("DeleteStateMachineAlias", "stateMachineAliasArn"), ("DeleteActivity", "activityArn"),
        ] {
            let fault = await #expect(throws: AWSFault.self) {
                try await service.perform(action, JSON.object(JSONObject([(member, .string(text))])))
            }
            #expect(fault?.message == "Invalid Arn: 'Invalid ARN prefix: \(text)'", "\(action)")
        }
        store.close()
    }

    @Test("a state that puts events fails when one of them is refused", arguments: [1, 2])
    func refusedEvent(count: Int) async throws {
        let definition: JSON = [
            "StartAt": "A",
            "States": [
                "A": [
                    "Type": "Task", "Resource": "arn:aws:states:::events:putEvents",
                    "Parameters": ["Entries.$": "$"], "End": true,
                ]
            ],
        ]
        let machine = try await service.perform(
            "CreateStateMachine",
            [
                "name": "m", "definition": .string(definition.text), "roleArn": "arn:aws:iam::000000000000:role/r",
                "type": "EXPRESS",
            ])
        let ended = try await service.perform(
            "StartSyncExecution",
            [
                "stateMachineArn": machine["stateMachineArn"] ?? .null,
                "input": .string(JSON.array(Array(repeating: [:], count: count)).text),
            ])
        #expect(ended["status"] == (count == 1 ? "SUCCEEDED" : "FAILED"))
        if count == 2 {
            #expect(ended["error"] == "EventBridge.FailedEntry")
            let cause = try JSON(parsing: ended["cause"]?.string ?? "")
            #expect(cause["FailedEntryCount"] == 1 && cause["Entries"]?[1]?["ErrorCode"] == "MalformedDetail")
        }
        store.close()
    }

    @Test(
        "a context of the wrong shape is refused",
        arguments: [
            (#"[]"#, "Context must be an object"), (#"{"Execution": "x"}"#, "Execution must be an object"),
            (#"{"State": {"RetryCount": "1"}}"#, "State.RetryCount must be a number"),
            (#"{"Execution": {"Id": 5}}"#, "Execution.Id must be a string"),
        ])
    func contexts(context: String, reason: String) async {
        let fault = await #expect(throws: AWSFault.self) {
            try await service.perform(
                "TestState",
                [
                    "definition": #"{"Type": "Pass", "End": true}"#, "roleArn": "arn:aws:iam::000000000000:role/r",
                    "context": .string(context),
                ])
        }
        #expect(fault?.message == "Invalid Context object provided: \(reason)")
        store.close()
    }
}
