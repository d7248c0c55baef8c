import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedStepFunctions

/// What an execution does as its role, where permissions are enforced.
@Suite struct TaskPermissionTests {
    /// Refuses everything, and remembers what was asked.
    private final class Refusals: PermissionChecking {
        private let asked = Mutex<[String]>([])
        var calls: [String] { asked.withLock { $0 } }

        func check(
            _ operation: String, of service: String, _ input: JSON, as role: String?, session: String
        ) async throws(AWSFault) {
            asked.withLock { $0.append("\(service):\(operation) as \(role ?? "")") }
            throw AWSFault("AccessDeniedException", "not authorized")
        }

        func check(delivering target: String, as role: String?, session: String) async throws(AWSFault) {}
        func check(delivering target: String, from sender: EventSender) throws(AWSFault) {}
    }

    /// The resource of a task with its parameters, the call that is checked, and the error of the state.
    static let tasks: [(String, JSON, String, String)] = [
        (
            "arn:aws:lambda:us-east-1:000000000000:function:f", [:], "lambda:Invoke", "Lambda.AWSLambdaException"
        ),
        ("arn:aws:states:::lambda:invoke", ["FunctionName": "f"], "lambda:Invoke", "Lambda.AWSLambdaException"),
        (
            "arn:aws:states:::dynamodb:putItem", ["TableName": "t", "Item": [:]], "dynamodb:PutItem",
            "DynamoDB.AmazonDynamoDBException"
        ),
        (
            "arn:aws:states:::aws-sdk:dynamodb:getItem", ["TableName": "t", "Key": [:]], "dynamodb:GetItem",
            "DynamoDb.DynamoDbException"
        ),
        (
            "arn:aws:states:::sqs:sendMessage", ["QueueUrl": "q", "MessageBody": "m"], "sqs:SendMessage",
            "SQS.AmazonSQSException"
        ),
        (
            "arn:aws:states:::states:startExecution",
            ["StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:x"], "states:StartExecution",
            "StepFunctions.AWSStepFunctionsException"
        ),
        (
            "arn:aws:states:::aws-sdk:s3:getObject", ["Bucket": "b", "Key": "k"], "s3:GetObject", "S3.S3Exception"
        ),
        (
            "arn:aws:states:::ecs:runTask.sync", ["TaskDefinition": "d", "Cluster": "c"], "ecs:RunTask",
            "ECS.AccessDeniedException"
        ),
    ]

    @Test("a task whose call the role may not make fails with the SDK's error", arguments: tasks)
    func refusedTask(resource: String, parameters: JSON, call: String, error: String) async throws {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: StepFunctionsService.schema)
        let refusals = Refusals()
        let peers = Peers()
        peers.enforce(refusals)
        let service = StepFunctionsService(store: store, peers: peers)
        let state: JSON = [
            "Type": "Task", "Resource": .string(resource), "Parameters": parameters, "End": true,
        ]
        let definition: JSON = ["StartAt": "A", "States": ["A": state]]
        let role = "arn:aws:iam::000000000000:role/r"
        let machine = try await service.perform(
            "CreateStateMachine",
            ["name": "m", "definition": .string(definition.text), "roleArn": .string(role)])["stateMachineArn"]
        let execution = try await service.perform("StartExecution", ["stateMachineArn": machine ?? ""])["executionArn"]
        var described: JSON = [:]
        repeat {
            try await Task.sleep(for: .milliseconds(2))
            described = try await service.perform("DescribeExecution", ["executionArn": execution ?? ""])
        } while described["status"] == "RUNNING"
        #expect(described["status"] == "FAILED")
        #expect(described["error"]?.string == error)
        #expect(described["cause"]?.string?.hasPrefix("not authorized (Service: ") == true)
        #expect(refusals.calls == ["\(call) as \(role)"])
        store.close()
    }
}
