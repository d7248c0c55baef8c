import ASL
import JSON
import Testing

/// Edges of fields, comparisons and functions: how states end with values that are nearly right.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
struct DocumentedErrorTests {
    typealias Case = DocumentedCaseTests.Case

    private static let place = "An error occurred while executing the state 'A' (entered at the event id #2). "
    private static let send = #""Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true"#
    private static let inner = #""ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}"#

    /// The end of a state that the interpreter itself fails.
    private static func runtime(_ text: String) -> String { "States.Runtime: " + place + text }

    private static func unexpected(_ expression: String, _ field: String, _ expected: String, _ actual: String)
        -> String
    {
        "States.QueryEvaluationError: \(place)The JSONata expression '\(expression)' specified for the field '\(field)' "
            + "returned an unexpected result type. Expected '\(expected)', but was \(actual)"
    }

    static let waits: [Case] = {
        func seconds(_ value: String, _ end: String) -> Case {
            Case(
                about: "SecondsPath to \(value)", states: #""Type": "Wait", "SecondsPath": "$.s", "End": true"#,
                input: #"{"s": \#(value)}"#, end: end)
        }
        func timestamp(_ value: String) -> Case {
            Case(
                about: "TimestampPath to \(value)", states: #""Type": "Wait", "TimestampPath": "$.t", "End": true"#,
                input: #"{"t": \#(value)}"#,
                end: runtime(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                        + "string: $.t == \(value.replacing("\"", with: ""))"))
        }
        let notLong = "The SecondsPath parameter cannot be parsed as a long value: $.s == "
        return [
            seconds("0", #"{"s": 0}"#), seconds("1.5", runtime(notLong + "1.5")),
            seconds("null", runtime(notLong + "null")), seconds(#""x""#, runtime(notLong + "x")),
            seconds("99999999999", runtime("Wait state delay is too long.")), timestamp(#""2016-12-05T21:29:29""#),
            timestamp(#""2016-12-05t21:29:29z""#), timestamp(#""2016-12-05 21:29:29Z""#), timestamp("5"),
            Case(
                about: "a path to no seconds", states: #""Type": "Wait", "SecondsPath": "$.s", "End": true"#,
                end: runtime("The SecondsPath parameter does not reference an input value: $.s")),
        ]
    }()

    static let limits: [Case] = {
        func path(_ field: String, _ value: String) -> Case {
            Case(
                about: "\(field) to \(value)", states: #"\#(send), "\#(field)": "$.n", "Parameters": {}"#,
                input: #"{"n": \#(value)}"#,
                end: runtime(
                    "The \(field) field refers to value \"\(value)\" which is not a valid positive integer: $.n"))
        }
        func map(_ field: String, _ value: String, _ end: String) -> Case {
            Case(
                about: "\(field) to \(value)",
                states: #""Type": "Map", "ItemsPath": "$.i", "\#(field)": "$.n", \#(inner), "End": true"#,
                input: #"{"i": [1], "n": \#(value)}"#, end: end)
        }
        return [
            path("TimeoutSecondsPath", "0"), path("TimeoutSecondsPath", "-1"), path("HeartbeatSecondsPath", "0"),
            map("MaxConcurrencyPath", "2", "[1]"),
            map(
                "MaxConcurrencyPath", "1.5",
                runtime("The MaxConcurrencyPath field refers to value \"1.5\" which is not a valid integer: $.n")),
            map("ToleratedFailurePercentagePath", "1.5", "[1]"),
            map("ToleratedFailureCountPath", "-1", runtime("ToleratedFailureCount cannot be negative.")),
            map(
                "ToleratedFailurePercentagePath", "101",
                runtime("ToleratedFailurePercentage must be between 0 and 100.")),
            Case(
                about: "TimeoutSeconds by an expression that gives 0",
                states: #"\#(send), "TimeoutSeconds": "{% 0 %}", "Arguments": {}"#,
                end: unexpected("0", "TimeoutSeconds", "positive integer", "'number' for value: 0"),
                language: "JSONata"),
            Case(
                about: "MaxConcurrency by an expression that gives a text",
                states: #""Type": "Map", "Items": [1], "MaxConcurrency": "{% '1' %}", \#(inner), "End": true"#,
                end: unexpected("'1'", "MaxConcurrency", "integer", "'string' for value: \"1\""), language: "JSONata"),
        ]
    }()

    static let failures: [Case] = [
        Case(
            about: "error and cause by paths", states: #""Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.c""#,
            input: #"{"e": "E", "c": "C"}"#, end: "E: C"),
        Case(
            about: "error by a path to a number", states: #""Type": "Fail", "ErrorPath": "$.e""#, input: #"{"e": 5}"#,
            end: runtime("The ErrorPath field refers to value \"5\" which is not a string")),
        Case(
            about: "cause by a path to nothing", states: #""Type": "Fail", "CausePath": "$.x""#, input: #"{"e": 5}"#,
            end: runtime(
                "The JSONPath '$.x' specified for the field 'CausePath' could not be found in the input '{\"e\":5}'")),
        Case(
            about: "error by an expression that gives a number", states: #""Type": "Fail", "Error": "{% 5 %}""#,
            end: unexpected("5", "Error", "string", "'number' for value: 5"), language: "JSONata"),
    ]

    static let functions: [Case] = {
        func value(_ call: String, _ end: String) -> Case {
            Case(
                about: call,
                states: #""Type": "Pass", "Parameters": {"r.$": "\#(call)"}, "OutputPath": "$.r", "End": true"#,
                input:
                    #"{"a": [1, 2, 3, 4, 5], "m": [1, "1", 1.0, true, null, {"x": 1}, {"x": 1}], "o": {"x": 1, "y": {"z": 2}}}"#,
                end: end)
        }
        return [
            value("States.ArrayPartition($.a, 2)", "[[1, 2], [3, 4], [5]]"),
            value("States.ArrayRange(1, 9, 4)", "[1, 5, 9]"),
            value("States.ArrayRange(9, 1, -4)", "[9, 5, 1]"), value("States.ArrayRange(5, 1, 1)", "[]"),
            value("States.ArrayContains($.a, 5.0)", "true"), value("States.ArrayContains($.m, '1')", "true"),
            value("States.ArrayUnique($.m)", #"[1, "1", true, null, {"x": 1}]"#),
            value("States.ArrayGetItem($.a, 1)", "2"),
            value("States.ArrayLength(States.Array())", "0"), value("States.Base64Decode('YQ==')", #""a""#),
            value("States.Base64Decode('YQ')", #""a""#),
            value("States.Hash('input data', 'MD5')", #""812f45842bc6d66ee14572ce20db8e86""#),
            value("States.JsonMerge($.o, States.StringToJson('{\\\"y\\\":{}}'), false)", #"{"x": 1, "y": {}}"#),
            value("States.MathAdd(1.5, 1)", "3"), value("States.MathAdd(-1.5, 0)", "-1"),
            value("States.StringSplit('a,,b;c', ',;')", #"["a", "b", "c"]"#),
            value("States.Format('{}-{}', null, true)", #""null-true""#),
            value("States.JsonToString($.o.y)", #""{\"z\":2}""#),
        ]
    }()

    static let expressions: [Case] = {
        func value(_ expression: String, _ end: String) -> Case {
            Case(
                about: expression, states: #""Type": "Pass", "Output": "{% \#(expression) %}", "End": true"#,
                input: #"{"a": [1, 2, 3]}"#, end: end, language: "JSONata")
        }
        func nothing(_ expression: String) -> Case {
            value(
                expression,
                "States.QueryEvaluationError: \(place)The JSONata expression '\(expression)' specified for the field "
                    + "'Output' returned nothing (undefined).")
        }
        return [
            value("$partition([1..5], 2)", "[[1, 2], [3, 4], [5]]"), value("$range(9, 1, -4)", "[9, 5, 1]"),
            value("$parse('[1]')", "[1]"), value("$round(2.5)", "2"), value("$round(3.5)", "4"), value("10 / 4", "2.5"),
            value("-5 % 3", "-2"), value("$string(10 / 2)", #""5""#), value("1 & 2", #""12""#),
            value("$states.input.a[-1]", "3"), value("$states.input.a[$ > 1]", "[2, 3]"),
            value("$states.input.a[$ > 2]", "3"),
            value("{'k': $states.input.missing}", "{}"), value("[$states.input.missing]", "[]"),
            value("$length('\u{1F600}')", "1"), value("$type($states.context.Execution.Id)", #""string""#),
            nothing("$states.input.missing"), nothing("$states.errorOutput"),
            nothing("$filter([1], function($v){$v > 5})"),
        ]
    }()

    @Test("a state ends as documented", arguments: waits + limits + failures + functions + expressions)
    func ends(test: Case) throws { try DocumentedCaseTests().check(test) }

    @Test(
        "a definition with a field that is out of place or out of range is refused",
        arguments: [
            (#""Type": "Fail", "Error": 5"#, "Expected value of type String at /States/A/Error"),
            (
                #""Type": "Choice", "Choices": [{"Not": {"Variable": "$.v", "IsNull": true, "Next": "A"}, "Next": "A"}]"#,
                "Field 'Next' is not supported at /States/A/Choices[0]/Not"
            ),
            (
                #""Type": "Choice", "Choices": [{"Variable": "$.v", "IsNull": true, "IsString": true, "Next": "A"}]"#,
                "There should only be one of the following fields: [IsNull, IsString] at /States/A/Choices[0]"
            ),
            (
                #""Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Condition": "x", "Next": "A"}]"#,
                "Expected value of type Boolean at /States/A/Choices[0]/Condition"
            ),
            (
                #"\#(send), "Retry": [{"ErrorEquals": ["x"], "MaxAttempts": 100000000}]"#,
                "Maximum value is 99999999 at /States/A/Retry[0]/MaxAttempts"
            ),
            (
                #"\#(send), "Retry": [{"ErrorEquals": ["x"], "MaxDelaySeconds": 31622401}]"#,
                "Maximum value is 31622400 at /States/A/Retry[0]/MaxDelaySeconds"
            ),
        ])
    func refused(state: String, reason: String) {
        let text = #"{"StartAt": "A", "States": {"A": {\#(state)}}}"#
        let invalid = #expect(throws: InvalidDefinition.self) { try StateMachine(text) }
        #expect(invalid?.diagnostics.contains { "\($0)".hasSuffix(reason) } == true, "\(String(describing: invalid))")
    }

    @Test("a machine's own time has a limit")
    func machineTimeout() {
        let text = #"{"TimeoutSeconds": 100000000, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#
        #expect(throws: InvalidDefinition.self) { try StateMachine(text) }
    }
}
