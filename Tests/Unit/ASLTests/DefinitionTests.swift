import ASL
import Foundation
import Testing

struct DefinitionTests {
    private func diagnostics(of definition: String) -> String? {
        #expect(throws: InvalidDefinition.self) { try StateMachine(definition) }?.description
    }

    @Test(
        "an invalid definition is refused with what is wrong and where",
        arguments: [
            ("{}", "These fields are required: [States, StartAt] at /"),
            (#"{"StartAt": "A", "States": {}}"#, "Value cannot be empty at /States"),
            (#"{"StartAt": "A", "States": {"A": {"Type": "Jump"}}}"#, "Value is not valid"),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}"#,
                "Exactly one of 'Next' or 'End' is required at /States/A"
            ),
            (#"{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}"#, "Missing 'Next' target: B at /StartAt"),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}}}"#,
                "Missing 'Next' target: C at /States/A/Next"
            ),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}"#,
                #"State "B" is not reachable"#
            ),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Task", "End": true}}}"#,
                "These fields are required: [Resource]"
            ),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:query", "#
                    + #""End": true}}}"#,
                "The resource provided arn:aws:states:::dynamodb:query is not recognized."
            ),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "a.b", "End": true}}}"#,
                "at /States/A/InputPath"
            ),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Pass", "ResultPath": "$.a[*]", "End": true}}}"#,
                "reference path"
            ),
            (
                #"{"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [], "End": true}}}"#,
                "Value cannot be empty at /States/A/Branches"
            ),
        ])
    func invalidDefinition(definition: String, words: String) {
        #expect(diagnostics(of: definition)?.contains(words) == true)
    }

    @Test(
        "a field that the state's type or query language does not have is refused, as on AWS",
        arguments: [
            (#""Type": "Pass", "Catch": [], "End": true"#, "Field 'Catch' is not supported at /States/A"),
            (#""Type": "Wait", "Seconds": 1, "Retry": [], "End": true"#, "Field 'Retry' is not supported at /States/A"),
            (
                #""Type": "Map", "TimeoutSeconds": 5, "End": true, "#
                    + #""ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
                "Field 'TimeoutSeconds' is not supported at /States/A"
            ),
            (
                #""Type": "Map", "End": true, "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "B", "#
                    + #""States": {"B": {"Type": "Succeed"}}}"#,
                "Field 'QueryLanguage' is not supported at /States/A/ItemProcessor"
            ),
            (
                #""Type": "Pass", "Output": 1, "End": true"#,
                "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' "
                    + "QueryLanguage at /States/A"
            ),
            (
                #""Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$", "End": true"#,
                "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' "
                    + "QueryLanguage at /States/A"
            ),
            (
                #""Type": "Fail", "Error": "a", "ErrorPath": "$.e""#,
                "There should only be one of the following fields: [Error, ErrorPath] at /States/A"
            ),
            (
                #""Type": "Pass", "Next": "A", "End": true"#,
                "Exactly one of 'Next' or 'End' is required at /States/A"
            ),
            (#""Type": "Pass", "End": "true""#, "Expected value of type Boolean at /States/A/End"),
            (#""Type": "Pass", "Comment": 1, "End": true"#, "Expected value of type String at /States/A/Comment"),
            (#""Type": "Pass", "Assign": 1, "End": true"#, "Expected value of type Object at /States/A/Assign"),
            (
                #""Type": "Pass", "Assign": {"states": 1}, "End": true"#,
                "Variable name 'states' is not valid at /States/A/Assign"
            ),
            (#""Type": "Wait", "Seconds": 100000000, "End": true"#, "Maximum value is 99999999 at /States/A/Seconds"),
            (
                #""Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": "1", "Next": "A"}]"#,
                "Expected value of type Number at /States/A/Choices[0]/NumericEquals"
            ),
            (
                #""Type": "Choice", "Choices": [{"Variable": "$", "TimestampEquals": "noon", "Next": "A"}]"#,
                "String does not match RFC3339 timestamp at /States/A/Choices[0]/TimestampEquals"
            ),
            (
                #""Type": "Choice", "Choices": [{"And": [], "Next": "A"}]"#,
                "Value cannot be empty at /States/A/Choices[0]/And"
            ),
            (
                #""Type": "Choice", "Choices": [{"Condition": true, "Next": "A"}]"#,
                "field 'Condition' is only supported for the 'JSONata' QueryLanguage at /States/A/Choices[0]"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true, "#
                    + #""Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A", "Output": 1}]"#,
                "field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A/Catch[0]"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true, "#
                    + #""Retry": [{"ErrorEquals": ["States.ALL", "x"]}]"#,
                "States.ALL must appear alone at /States/A/Retry[0]/ErrorEquals"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true, "#
                    + #""Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["x"]}]"#,
                "States.ALL must appear at the end of the list at /States/A/Retry[0]/ErrorEquals"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true, "#
                    + #""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#,
                "HeartbeatSeconds must be smaller than TimeoutSeconds at /States/A/HeartbeatSeconds"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true, "Credentials": {}"#,
                "These fields are required: [RoleArn] at /States/A/Credentials"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true, "#
                    + #""Credentials": {"RoleArn": "r", "User": "u"}"#,
                "Field 'User' is not supported at /States/A/Credentials"
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.sync", "End": true"#,
                "The resource provided arn:aws:states:::sqs:sendMessage.sync is not recognized."
            ),
            (
                #""Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage.sync", "End": true"#,
                "The resource provided arn:aws:states:::aws-sdk:sqs:sendMessage.sync is not recognized."
            ),
            (
                #""Type": "Map", "End": true, "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2"}, "#
                    + #""ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
                "Field 'ItemReader' is only supported in DISTRIBUTED mode at /States/A"
            ),
            (
                #""Type": "Map", "End": true, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "#
                    + #""StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
                "These fields are required: [ExecutionType] at /States/A/ItemProcessor/ProcessorConfig"
            ),
            (
                #""Type": "Map", "ToleratedFailurePercentage": 101, "End": true, "#
                    + #""ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
                "Maximum value is 100.0 at /States/A/ToleratedFailurePercentage"
            ),
            (
                #""Type": "Map", "MaxConcurrency": -1, "End": true, "#
                    + #""ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
                "Minimum value is 0 at /States/A/MaxConcurrency"
            ),
            (
                #""Type": "Pass", "QueryLanguage": "JSONata", "Output": {"v": "{% phone %}"}, "End": true"#,
                "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at "
                    + "/States/A/Output/v"
            ),
            (
                #""Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 + %}", "End": true"#,
                "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output"
            ),
        ])
    func unsupportedField(state: String, diagnostic: String) {
        let found = diagnostics(of: #"{"StartAt": "A", "States": {"A": {\#(state)}}}"#)
        #expect(found?.contains(diagnostic) == true, "\(found ?? "")")
    }

    @Test(
        "definitions that AWS accepts are accepted",
        arguments: [
            #""Type": "Pass", "Parameters": {"body.$": "$.[0].body"}, "End": true"#,
            #""Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:aws-sdk:sfn:startExecution", "End": true"#,
            #""Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:lambda:invoke", "End": true"#,
            #""Type": "Task", "Resource": "arn:aws-cn:states:::aws-sdk:sqs:sendMessage.waitForTaskToken", "End": true"#,
            #""Type": "Pass", "QueryLanguage": "JSONata", "Output": " {% constant %} ", "End": true"#,
        ])
    func acceptedDefinition(state: String) throws {
        _ = try StateMachine(#"{"StartAt": "A", "States": {"A": {\#(state)}}}"#)
    }

    @Test("a machine that cannot end is refused, and so are states that nothing leads to")
    func graph() {
        let loop = #""A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}"#
        #expect(
            diagnostics(of: #"{"StartAt": "A", "States": {\#(loop)}}"#)
                == "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'")
        #expect(
            diagnostics(of: #"{"StartAt": "A", "States": {\#(loop), "C": {"Type": "Succeed"}}}"#)
                == "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at "
                + "/States/C'")
        let island = #""S": {"Type": "Succeed"}, "# + loop
        #expect(
            diagnostics(of: #"{"StartAt": "S", "States": {\#(island)}}"#)?.contains(#""B" is not reachable"#) == true)
        #expect(
            diagnostics(of: #"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "NOPE"}}}"#)
                == "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at "
                + "/States/A/Next, MISSING_END_STATE: Workflow has no terminal state at null'")
    }

    @Test("the name of a state occurs once in a machine")
    func duplicateNames() {
        let found = diagnostics(
            of: #"{"StartAt": "A", "States": {"A": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "#
                + #""States": {"A": {"Type": "Succeed"}}}]}}}"#)
        #expect(found?.contains("DUPLICATE_STATE_NAME: Duplicate State name: A") == true)
    }

    @Test("all diagnostics are reported at once")
    func allDiagnostics() {
        let error = #expect(throws: InvalidDefinition.self) {
            try StateMachine(
                #"{"StartAt": "A", "States": {"A": {"Type": "Pass"}, "B": {"Type": "Wait", "End": true}}}"#)
        }
        #expect(error?.diagnostics.count == 3)
    }

    @Test("the resources of nested states are listed")
    func nestedResources() throws {
        let task = #"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}"#
        let machine = try StateMachine(
            """
            {"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "P", "States": {
              "P": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "T", "States": {"T": \(task)}}]}}}}}}
            """)
        #expect(machine.resources.map(\.text) == ["arn:aws:states:::lambda:invoke"])
    }
}

/// The state machines that this repository deploys.
struct ProjectMachineTests {
    @Test("every state machine of the project is valid once its names are substituted")
    func validMachines() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../StateMachines").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasSuffix(".asl.json") }
        #expect(!files.isEmpty)
        for file in files {
            var text = try String(contentsOf: file, encoding: .utf8)
            while let start = text.range(of: "${"), let end = text[start.upperBound...].firstIndex(of: "}") {
                text.replaceSubrange(start.lowerBound...end, with: "bound")
            }
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try StateMachine(text) }
        }
    }
}
