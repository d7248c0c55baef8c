import ASL
import JSON
import Testing
import Time

/// Small machines whose end the documentation of the language leaves no doubt about, by area.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>
struct DocumentedCaseTests {
    /// How a machine with this state `A`, or with these states, ends.
    struct Case: Sendable, CustomTestStringConvertible {
        let about: String
        let states: String
        var input = "{}"
        let end: String
        var language = "JSONPath"

        var testDescription: String { about }
    }

    private static let fetch = #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:fetch""#
    private static let oops = #""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:oops""#
    private static let inner = #""ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}"#

    func check(_ test: Case) throws {
        let states = test.states.hasPrefix("\"A\"") ? test.states : #""A": {\#(test.states)}"#
        let machine = try StateMachine(
            #"{"QueryLanguage": "\#(test.language)", "StartAt": "A", "States": {\#(states)}}"#)
        var host = SimulatedHost()
        host.functions = [
            "fetch": ["kind": "echo"], "oops": ["kind": "raise", "errorType": "Oops", "errorMessage": "no"],
        ]
        let execution = host.run(machine, input: try JSON(parsing: test.input))
        switch execution.outcome {
        case .succeeded(let output)?:
            #expect(output == (try? JSON(parsing: test.end)), "\(test.about): \(output.text), not \(test.end)")
        case .failed(let failure)?, .timedOut(let failure)?, .aborted(let failure)?:
            let end = "\(failure.error ?? "none"): \(failure.cause ?? "")"
            #expect(end == test.end, "\(test.about)")
        case nil: Issue.record("\(test.about): the execution has not ended")
        }
    }

    static let dataFlow: [Case] = [
        Case(
            about: "InputPath null is an empty object", states: #""Type": "Pass", "InputPath": null, "End": true"#,
            input: #"{"a": 1}"#, end: "{}"),
        Case(
            about: "OutputPath null is an empty object", states: #""Type": "Pass", "OutputPath": null, "End": true"#,
            input: #"{"a": 1}"#, end: "{}"),
        Case(
            about: "ResultPath null keeps the input",
            states: #""Type": "Pass", "Result": 5, "ResultPath": null, "End": true"#,
            input: #"{"a": 1}"#, end: #"{"a": 1}"#),
        Case(
            about: "ResultPath makes the objects on its way",
            states: #""Type": "Pass", "Result": 5, "ResultPath": "$.x.y['z w']", "End": true"#,
            input: #"{"x": {"q": 1}}"#,
            end: #"{"x": {"q": 1, "y": {"z w": 5}}}"#),
        Case(
            about: "a fixed null is a result",
            states: #""Type": "Pass", "Result": null, "ResultPath": "$.r", "End": true"#,
            input: #"{"a": 1}"#, end: #"{"a": 1, "r": null}"#),
        Case(
            about: "parameters mix constants, paths, the context and functions",
            states: #"""
                "Type": "Pass", "Parameters": {"c": [1, {"d.$": "$.a"}], "n.$": "$$.Execution.Name", \#
                "s.$": "States.Format('{}-{}', $.a, $$.State.Name)"}, "End": true
                """#,
            input: #"{"a": 1}"#, end: #"{"c": [1, {"d": 1}], "n": "run", "s": "1-A"}"#),
        Case(
            about: "a result selector sees the result alone",
            states: #"""
                \#(fetch), "Parameters": {"v.$": "$.a", "w": 2}, "ResultSelector": {"only.$": "$.w"}, \#
                "ResultPath": "$.r", "OutputPath": "$.r.only", "End": true
                """#, input: #"{"a": 1}"#, end: "2"),
        Case(
            about: "a missing reference in parameters fails the execution",
            states: #""Type": "Pass", "Parameters": {"v.$": "$.none"}, "End": true"#, input: #"{"a": 1}"#,
            end: "States.Runtime: An error occurred while executing the state 'A' (entered at the event id #2). The "
                + "JSONPath '$.none' specified for the field 'v.$' could not be found in the input '{\"a\":1}'"),
        Case(
            about: "ResultPath into a text does not match",
            states: #""Type": "Pass", "Result": 1, "ResultPath": "$.a", "End": true"#, input: #""text""#,
            end:
                "States.ResultPathMatchFailure: An error occurred while executing the state 'A' (entered at the event id "
                + "#2). Unable to apply ReferencePath $.a to input \"text\""),
        Case(
            about: "slices and negative indices choose elements",
            states:
                #""Type": "Pass", "Parameters": {"s.$": "$.l[1:3]", "n.$": "$.l[-1:]", "f.$": "$.l[?(@ > 2)]"}, "End": true"#,
            input: #"{"l": [1, 2, 3, 4]}"#, end: #"{"s": [2, 3], "n": [4], "f": [3, 4]}"#),
        Case(
            about: "recursive descent collects from all levels",
            states: #""Type": "Pass", "Parameters": {"ids.$": "$..id"}, "End": true"#,
            input: #"{"id": 1, "in": [{"id": 2}, {"id": 3}]}"#, end: #"{"ids": [1, 2, 3]}"#),
    ]

    static let choices: [Case] = {
        func choice(_ about: String, _ rule: String, _ input: String, _ holds: Bool) -> Case {
            Case(
                about: about,
                states: #"""
                    "A": {"Type": "Choice", "Choices": [{\#(rule), "Next": "Y"}], "Default": "N"}, \#
                    "Y": {"Type": "Pass", "Result": true, "End": true}, "N": {"Type": "Pass", "Result": false, "End": true}
                    """#,
                input: input, end: holds ? "true" : "false")
        }
        return [
            choice("a number is not a string", #""Variable": "$.v", "StringEquals": "1""#, #"{"v": 1}"#, false),
            choice("numbers compare by value", #""Variable": "$.v", "NumericEquals": 1.0"#, #"{"v": 1}"#, true),
            choice(
                "strings compare by code units", #""Variable": "$.v", "StringLessThan": "a""#, #"{"v": "Z"}"#, true),
            choice(
                "a star matches any text", #""Variable": "$.v", "StringMatches": "log-*.t*t""#, #"{"v": "log-.txt"}"#,
                true),
            choice(
                "an escaped star is a star", #""Variable": "$.v", "StringMatches": "a\\*b""#, #"{"v": "axb"}"#, false),
            choice(
                "instants compare across offsets",
                #""Variable": "$.v", "TimestampEquals": "2026-01-01T12:00:00Z""#,
                #"{"v": "2026-01-01T14:00:00+02:00"}"#, true),
            choice(
                "a text that is no instant is not one", #""Variable": "$.v", "IsTimestamp": true"#,
                #"{"v": "2026-01-01"}"#, false),
            choice("null is present", #""Variable": "$.v", "IsPresent": true"#, #"{"v": null}"#, true),
            choice("null is null", #""Variable": "$.v", "IsNull": true"#, #"{"v": null}"#, true),
            choice(
                "IsPresent false asks for absence", #""Variable": "$.w", "IsPresent": false"#, #"{"v": null}"#, true),
            choice("IsString false holds for a list", #""Variable": "$.v", "IsString": false"#, #"{"v": []}"#, true),
            choice(
                "the other side may be a path", #""Variable": "$.v", "NumericGreaterThanEqualsPath": "$.w""#,
                #"{"v": 2, "w": 2}"#, true),
            choice(
                "sides of other types never compare", #""Variable": "$.v", "NumericLessThanPath": "$.w""#,
                #"{"v": 2, "w": "3"}"#, false),
            choice(
                "And, Or and Not go inside each other",
                #"""
                "And": [{"Variable": "$.v", "NumericGreaterThan": 1}, {"Or": [{"Variable": "$.v", "NumericLessThan": 0}, \#
                {"Not": {"Variable": "$.v", "NumericEquals": 3}}]}]
                """#, #"{"v": 2}"#, true),
            choice(
                "And stops at the first test that fails",
                #""And": [{"Variable": "$.w", "IsPresent": true}, {"Variable": "$.w", "NumericEquals": 1}]"#,
                #"{"v": 2}"#, false),
            Case(
                about: "a variable that is not there fails the execution",
                states: #"""
                    "A": {"Type": "Choice", "Choices": [{"Variable": "$.w", "NumericEquals": 1, "Next": "Y"}]}, \#
                    "Y": {"Type": "Succeed"}
                    """#,
                end:
                    "States.Runtime: An error occurred while executing the state 'A' (entered at the event id #2). Invalid "
                    + "path '$.w': The choice state's condition path references an invalid value."),
        ]
    }()

    static let failures: [Case] = [
        Case(
            about: "an error without a retrier or catcher ends the execution", states: #"\#(oops), "End": true"#,
            end: #"Oops: {"errorMessage":"no","errorType":"Oops","requestId":"1","stackTrace":[]}"#),
        Case(
            about: "a catcher's ResultPath puts the error into the input",
            states: #"""
                "A": {\#(oops), "Catch": [{"ErrorEquals": ["Oops"], "ResultPath": "$.e", "Next": "C"}], "End": true}, \#
                "C": {"Type": "Pass", "Parameters": {"error.$": "$.e.Error", "a.$": "$.a"}, "End": true}
                """#,
            input: #"{"a": 1}"#, end: #"{"error": "Oops", "a": 1}"#),
        Case(
            about: "the first catcher that matches takes over",
            states: #"""
                "A": {\#(oops), "Catch": [{"ErrorEquals": ["Other"], "Next": "B"}, {"ErrorEquals": ["States.TaskFailed"], \#
                "Next": "C"}, {"ErrorEquals": ["States.ALL"], "Next": "B"}], "End": true}, \#
                "B": {"Type": "Pass", "Result": "B", "End": true}, "C": {"Type": "Pass", "Result": "C", "End": true}
                """#,
            end: #""C""#),
        Case(
            about: "retriers count on their own, and the context tells the attempts",
            states: #"""
                "A": {\#(oops), "Retry": [{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Oops"], "MaxAttempts": 2}], \#
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C", "Assign": {"tries.$": "$$.State.RetryCount"}}], \#
                "End": true}, "C": {"Type": "Pass", "Parameters": {"tries.$": "$tries"}, "End": true}
                """#,
            end: #"{"tries": 2}"#),
        Case(
            about: "an error in a branch is caught around the branches",
            states: #"""
                "A": {"Type": "Parallel", "Branches": [{"StartAt": "P", "States": {"P": {"Type": "Wait", "Seconds": 60, \#
                "End": true}}}, {"StartAt": "Q", "States": {"Q": {"Type": "Fail", "Error": "E", "Cause": "c"}}}], \#
                "Catch": [{"ErrorEquals": ["E"], "Next": "C"}], "End": true}, "C": {"Type": "Pass", "End": true}
                """#,
            end: #"{"Error": "E", "Cause": "c"}"#),
        Case(
            about: "an error in an iteration is caught around the iterations",
            states: #"""
                "A": {"Type": "Map", "ItemProcessor": {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}, \#
                "Catch": [{"ErrorEquals": ["E"], "ResultPath": "$", "Next": "C"}], "End": true}, \#
                "C": {"Type": "Pass", "End": true}
                """#,
            input: "[1, 2]", end: #"{"Error": "E", "Cause": null}"#),
        Case(
            about: "States.Runtime is not caught",
            states: #"""
                "A": {"Type": "Parallel", "Branches": [{"StartAt": "P", "States": {"P": {"Type": "Pass", \#
                "InputPath": "$.none", "End": true}}}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], \#
                "End": true}, "C": {"Type": "Succeed"}
                """#,
            end:
                "States.Runtime: An error occurred while executing the state 'P' (entered at the event id #4). Invalid path "
                + "'$.none' : No results for path: $['none']"),
        Case(
            about: "States.IntrinsicFailure is caught by name",
            states: #"""
                "A": {"Type": "Parallel", "Branches": [{"StartAt": "P", "States": {"P": {"Type": "Pass", \#
                "Parameters": {"v.$": "States.ArrayGetItem($.l, 5)"}, "End": true}}}], \#
                "Catch": [{"ErrorEquals": ["States.IntrinsicFailure"], "ResultPath": "$.e", "Next": "C"}], "End": true}, \#
                "C": {"Type": "Pass", "OutputPath": "$.e.Error", "End": true}
                """#,
            input: #"{"l": [1]}"#, end: #""States.IntrinsicFailure""#),
        Case(
            about: "a Fail state may compute its error and cause",
            states: #""Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('was {}', $.n)""#,
            input: #"{"e": "Late", "n": 3}"#, end: "Late: was 3"),
        Case(
            about: "a task's time comes from its input",
            states: #"\#(oops), "TimeoutSecondsPath": "$.t", "Parameters": {}, "End": true"#, input: #"{"t": "soon"}"#,
            end: "States.Runtime: An error occurred while executing the state 'A' (entered at the event id #2). The "
                + "TimeoutSecondsPath field refers to value \"soon\" which is not a valid integer: $.t"),
    ]

    static let iterations: [Case] = [
        Case(
            about: "an item selector sees item, index, input and variables",
            states: #"""
                "A": {"Type": "Pass", "Assign": {"v": "w"}, "Next": "M"}, "M": {"Type": "Map", "ItemsPath": "$.l", \#
                "ItemSelector": {"i.$": "$$.Map.Item.Index", "x.$": "$$.Map.Item.Value", "k.$": "$.k", "v.$": "$v"}, \#
                \#(inner), "End": true}
                """#,
            input: #"{"l": ["a", "b"], "k": 9}"#,
            end: #"[{"i": 0, "x": "a", "k": 9, "v": "w"}, {"i": 1, "x": "b", "k": 9, "v": "w"}]"#),
        Case(
            about: "an empty list has an empty result",
            states: #""Type": "Map", \#(inner), "ResultPath": "$", "End": true"#,
            input: "[]", end: "[]"),
        Case(
            about: "what is not a list is not iterated",
            states: #""Type": "Map", "ItemsPath": "$.l", \#(inner), "End": true"#,
            input: #"{"l": 5}"#,
            end:
                "States.Runtime: An error occurred while executing the state 'A' (entered at the event id #2). Reference path "
                + "\"$.l\" must point to array."),
        Case(
            about: "a result selector takes from the results of all iterations",
            states: #"""
                "Type": "Map", \#(inner), "ResultSelector": {"second.$": "$[1]"}, "ResultPath": "$.r", \#
                "ItemsPath": "$.l", "End": true
                """#, input: #"{"l": [1, 2]}"#, end: #"{"l": [1, 2], "r": {"second": 2}}"#),
        Case(
            about: "variables of an iteration stay in it",
            states: #"""
                "A": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "M"}, "M": {"Type": "Map", "ItemProcessor": {\#
                "StartAt": "I", "States": {"I": {"Type": "Pass", "Assign": {"own.$": "$"}, "Next": "J"}, \#
                "J": {"Type": "Pass", "Parameters": {"own.$": "$own", "outer.$": "$outer"}, "End": true}}}, "End": true}
                """#,
            input: "[1, 2]", end: #"[{"own": 1, "outer": 1}, {"own": 2, "outer": 1}]"#),
        Case(
            about: "branches have the input in common, and results in their order",
            states: #"""
                "Type": "Parallel", "Parameters": {"p.$": "$.a"}, "Branches": [{"StartAt": "P", "States": {"P": {\#
                "Type": "Wait", "Seconds": 5, "End": true}}}, {"StartAt": "Q", "States": {"Q": {"Type": "Pass", \#
                "Result": "q", "End": true}}}], "ResultSelector": {"first.$": "$[0].p", "second.$": "$[1]"}, "End": true
                """#,
            input: #"{"a": 1}"#, end: #"{"first": 1, "second": "q"}"#),
        Case(
            about: "a map inside a map counts its own items",
            states: #"""
                "Type": "Map", "ItemProcessor": {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemSelector": {\#
                "i.$": "$$.Map.Item.Index"}, \#(inner), "End": true}}}, "End": true
                """#,
            input: "[[5, 6], []]", end: #"[[{"i": 0}, {"i": 1}], []]"#),
    ]

    static let jsonata: [Case] = [
        Case(
            about: "Output replaces the result, and Assign sees the same result",
            states: #"""
                "A": {\#(fetch), "Arguments": {"n": "{% $states.input.a + 1 %}"}, "Assign": {"v": "{% $states.result.n %}"}, \#
                "Output": {"was": "{% $states.input.a %}", "is": "{% $states.result.n %}"}, "Next": "B"}, \#
                "B": {"Type": "Pass", "Output": ["{% $v %}", "{% $states.input %}"], "End": true}
                """#,
            input: #"{"a": 1}"#, end: #"[2, {"was": 1, "is": 2}]"#, language: "JSONata"),
        Case(
            about: "all variables change together",
            states: #"""
                "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"}, "B": {"Type": "Pass", \#
                "Assign": {"x": "{% $y %}", "y": "{% $x %}"}, "Next": "C"}, "C": {"Type": "Pass", "Output": "{% [$x, $y] %}", \#
                "End": true}
                """#, end: "[2, 1]", language: "JSONata"),
        Case(
            about: "a text with more than an expression is a text",
            states: #""Type": "Pass", "Output": "sum: {% 1 + 1 %}", "End": true"#, end: #""sum: {% 1 + 1 %}""#,
            language: "JSONata"),
        Case(
            about: "conditions decide in their order, with variables of the rule",
            states: #"""
                "A": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n > 10 %}", "Next": "B"}, \#
                {"Condition": "{% $exists($states.input.n) %}", "Assign": {"by": "second"}, "Output": "{% $states.input.n %}", \#
                "Next": "B"}]}, "B": {"Type": "Pass", "Output": "{% $by & $states.input %}", "End": true}
                """#,
            input: #"{"n": 7}"#, end: #""second7""#, language: "JSONata"),
        Case(
            about: "what is undefined cannot be an output",
            states: #""Type": "Pass", "Output": {"v": "{% $states.input.none %}"}, "End": true"#,
            end:
                "States.QueryEvaluationError: An error occurred while executing the state 'A' (entered at the event id #2). The "
                + "JSONata expression '$states.input.none' specified for the field 'Output/v' returned nothing (undefined).",
            language: "JSONata"),
        Case(
            about: "a failed expression is caught by name",
            states: #"""
                "A": {\#(fetch), "Arguments": "{% $states.input.none %}", "Catch": [{"ErrorEquals": [\#
                "States.QueryEvaluationError"], "Output": "{% $states.errorOutput.Error %}", "Next": "B"}], "End": true}, \#
                "B": {"Type": "Pass", "End": true}
                """#, end: #""States.QueryEvaluationError""#, language: "JSONata"),
        Case(
            about: "a wait takes its seconds from an expression",
            states: #"""
                "Type": "Wait", "Seconds": "{% $states.input.s %}", "Output": "{% $states.context.State.Name %}", \#
                "End": true
                """#, input: #"{"s": 2}"#, end: #""A""#, language: "JSONata"),
        Case(
            about: "a negative wait is refused",
            states: #""Type": "Wait", "Seconds": "{% -1 %}", "End": true"#,
            end:
                "States.QueryEvaluationError: An error occurred while executing the state 'A' (entered at the event id #2). The "
                + "JSONata expression '-1' specified for the field 'Seconds' returned an unexpected result type. Expected "
                + "'non-negative integer', but was 'number' for value: -1", language: "JSONata"),
        Case(
            about: "items are made by an expression, and chosen by the selector",
            states: #"""
                "Type": "Map", "Items": "{% [1..3] %}", "ItemSelector": "{% $states.context.Map.Item.Value * \#
                $states.input.k %}", \#(inner), "Output": "{% $sum($states.result) %}", "End": true
                """#,
            input: #"{"k": 10}"#, end: "60", language: "JSONata"),
        Case(
            about: "Step Functions' own functions",
            states: #"""
                "Type": "Pass", "Output": {"p": "{% $partition([1, 2, 3], 2) %}", "r": "{% $range(1, 5, 2) %}", \#
                "h": "{% $hash('input data', 'MD5') %}", "j": "{% $parse('{\"a\": [1]}').a %}", \#
                "u": "{% $length($uuid()) %}", "s": "{% $random(7) = $random(7) %}"}, "End": true
                """#,
            end:
                #"{"p": [[1, 2], [3]], "r": [1, 3, 5], "h": "812f45842bc6d66ee14572ce20db8e86", "j": [1], "u": 36, "s": true}"#,
            language: "JSONata"),
        Case(
            about: "a fail state may compute",
            states: #""Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "{% 'n=' & 3 %}""#,
            input: #"{"e": "Late"}"#, end: "Late: n=3", language: "JSONata"),
        Case(
            about: "a succeed state has an output",
            states: #""Type": "Succeed", "Output": {"d": "{% $states.input.a * 2 %}"}"#,
            input: #"{"a": 4}"#, end: #"{"d": 8}"#, language: "JSONata"),
        Case(
            about: "branches read variables from around them and keep their own",
            states: #"""
                "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "P"}, "P": {"Type": "Parallel", "Arguments": {"q": "{% $x %}"}, \#
                "Branches": [{"StartAt": "L", "States": {"L": {"Type": "Pass", "Assign": {"y": 5}, "Next": "M"}, \#
                "M": {"Type": "Pass", "Output": "{% $x + $y + $states.input.q %}", "End": true}}}, \#
                {"StartAt": "N", "States": {"N": {"Type": "Pass", "Output": "{% $exists($y) %}", "End": true}}}], "End": true}
                """#,
            end: "[7, false]", language: "JSONata"),
    ]

    @Test("data flows as documented", arguments: dataFlow) func data(_ test: Case) throws { try check(test) }
    @Test("choices decide as documented", arguments: choices) func choosing(_ test: Case) throws { try check(test) }
    @Test("failures are retried and caught as documented", arguments: failures)
    func failing(_ test: Case) throws { try check(test) }
    @Test("branches and iterations run as documented", arguments: iterations)
    func iterating(_ test: Case) throws { try check(test) }
    @Test("JSONata is evaluated as documented", arguments: jsonata)
    func evaluating(_ test: Case) throws { try check(test) }
}
