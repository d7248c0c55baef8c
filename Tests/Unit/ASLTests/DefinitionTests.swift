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
