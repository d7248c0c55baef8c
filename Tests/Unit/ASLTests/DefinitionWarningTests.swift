import JSON
import Testing

@testable import ASL

/// Warnings, which leave a definition valid.
@Suite struct DefinitionWarningTests {
    private func warnings(_ state: JSON, language: JSON? = nil) -> [String] {
        var definition: JSONObject = ["StartAt": "A", "States": ["A": state]]
        definition["QueryLanguage"] = language
        return DefinitionWarnings.all(in: .object(definition)).map { "\($0.code) \($0.location ?? "")" }
    }

    /// A state and its warnings.
    static let states: [(JSON, [String])] = [
        (["Type": "Task", "Parameters": ["a": "$.x", "b.$": "$.x"]], ["NO_DOLLAR /States/A/Parameters/a"]),
        (["Type": "Task", "Parameters": ["a": ["b": "States.UUID()"]]], ["NO_DOLLAR /States/A/Parameters/a/b"]),
        (["Type": "Task", "Parameters": ["a": "text", "b": "States", "c": "$5"]], []),
        (["Type": "Pass", "Assign": ["a": "$$.State.Name"]], ["NO_DOLLAR /States/A/Assign/a"]),
        (["Type": "Pass", "Result": ["a": "$.x"]], ["PASS_RESULT_IS_STATIC /States/A/Result"]),
        (["Type": "Pass", "Result": ["a.$": "x"]], ["PASS_RESULT_IS_STATIC /States/A/Result"]),
        (["Type": "Pass", "Result": ["a": 1]], []),
        (["Type": "Fail", "Cause": "$.cause", "ErrorPath": "$.error"], ["NO_PATH /States/A/Cause"]),
        (["Type": "Wait", "Timestamp": "$.time"], ["NO_PATH /States/A/Timestamp"]),
        (
            [
                "Type": "Choice",
                "Choices": [
                    ["Variable": "$.a", "StringEquals": "$.b", "Next": "A"],
                    ["Not": ["Variable": "$.a", "StringEqualsPath": "$.b"], "Next": "A"],
                    ["And": [["Variable": "$.a", "NumericEquals": 1], ["Variable": "$.a", "StringMatches": "$.*"]]],
                ],
            ],
            ["NO_PATH /States/A/Choices[0]/StringEquals", "NO_PATH /States/A/Choices[2]/And[1]/StringMatches"]
        ),
        (
            [
                "Type": "Parallel",
                "Branches": [["StartAt": "B", "States": ["B": ["Type": "Pass", "Result": "$.x"]]]],
            ], ["PASS_RESULT_IS_STATIC /States/A/Branches[0]/States/B/Result"]
        ),
        (
            ["Type": "Map", "ItemProcessor": ["States": ["B": ["Type": "Fail", "Error": "$.x"]]]],
            ["NO_PATH /States/A/ItemProcessor/States/B/Error"]
        ),
    ]

    @Test("a path that is only text is a warning, at its field", arguments: states)
    func paths(state: JSON, expected: [String]) {
        #expect(warnings(state) == expected)
    }

    @Test("in JSONata there are no paths") func language() {
        let state: JSON = ["Type": "Pass", "Output": "$.x", "Result": "$.x"]
        #expect(warnings(state, language: "JSONata").isEmpty)
        #expect(warnings(["Type": "Fail", "Cause": "$.x", "QueryLanguage": "JSONata"]).isEmpty)
    }
}
