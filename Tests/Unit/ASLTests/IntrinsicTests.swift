import JSON
import JSONata
import Testing
import Time

@testable import ASL

struct IntrinsicTests {
    private func value(of text: String, input: JSON = [:]) throws -> JSON {
        var parser = IntrinsicParser(text)
        let expression = Expression(source: .call(try parser.parseWhole()), field: "value.$")
        var scope = Scope(
            input: input, context: ["Name": "run"], variables: ["v": 7], random: RandomSource(seed: 1),
            now: Timestamp(seconds: 0), budget: EvaluationBudget())
        return try expression.evaluate(in: &scope)
    }

    @Test(
        "an intrinsic function returns its documented value",
        arguments: [
            (#"States.Format('{} is \{{}\}', $.name, $v)"#, #""Ann is {7}""#),
            ("States.Format('{}', $.list)", #""[1,2]""#),
            ("States.Array(1, 'two', null, true, $.name, $$.Name)", #"[1,"two",null,true,"Ann","run"]"#),
            ("States.ArrayPartition($.list, 1)", "[[1],[2]]"), ("States.ArrayContains($.list, 2.0)", "true"),
            ("States.ArrayRange(1, 9, 2)", "[1,3,5,7,9]"), ("States.ArrayRange(3, 1, -1)", "[3,2,1]"),
            ("States.ArrayGetItem($.list, 1)", "2"), ("States.ArrayLength($.list)", "2"),
            ("States.ArrayUnique(States.Array(1, 1.0, 'a', 'a'))", #"[1,"a"]"#),
            ("States.Base64Encode('data')", #""ZGF0YQ==""#), ("States.Base64Decode('ZGF0YQ==')", #""data""#),
            ("States.Hash('input data', 'SHA-1')", #""aaff4a450a104cd177d28d18d74485e8cae074b7""#),
            ("States.JsonMerge($.left, $.right, false)", #"{"a":{"c":2},"b":3}"#),
            (#"States.StringToJson('{"a": [1]}')"#, #"{"a":[1]}"#),
            ("States.JsonToString($.left)", #""{\"a\":{\"b\":1}}""#),
            ("States.MathAdd(1.5, -3)", "-1"), ("States.MathRandom(1, 2, 99)", "1"),
            ("States.StringSplit('a,b;;c', ',;')", #"["a","b","c"]"#),
        ])
    func values(text: String, expected: String) throws {
        let input: JSON = [
            "name": "Ann", "list": [1, 2], "left": ["a": ["b": 1]], "right": ["a": ["c": 2], "b": 3],
        ]
        #expect(try value(of: text, input: input) == JSON(parsing: expected))
    }

    @Test(
        "an intrinsic function refuses an argument that it cannot use",
        arguments: [
            "States.ArrayGetItem($.list, 2)", "States.Format('{} {}', 1)", "States.StringToJson('{')",
            "States.Hash('a', 'CRC')", "States.ArrayLength('text')", "States.ArrayPartition($.list, 0)",
            "States.Base64Decode('*')", "States.JsonMerge($, $, true)", "States.MathRandom(5, 5)",
        ])
    func invalidArguments(text: String) {
        let error = #expect(throws: ASLFault.self) { try value(of: text, input: ["list": [1, 2]]) }
        #expect(error?.error == "States.IntrinsicFailure")
        #expect(error?.message.hasPrefix("The function 'States.") == true)
    }

    @Test("texts of more than 10,000 characters are neither encoded, decoded nor hashed")
    func longTexts() throws {
        for call in ["States.Base64Encode($.t)", "States.Base64Decode($.t)", "States.Hash($.t, 'MD5')"] {
            let (fits, exceeds) = (String(repeating: "a", count: 10_000), String(repeating: "a", count: 10_004))
            _ = try value(of: call, input: ["t": .string(fits)])
            let error = #expect(throws: ASLFault.self) { try value(of: call, input: ["t": .string(exceeds)]) }
            #expect(error?.error == "States.IntrinsicFailure")
        }
    }

    @Test("a path without a match inside a call is reported with its field and input")
    func missingPath() {
        let error = #expect(throws: ASLFault.self) { try value(of: "States.Array($.none)", input: ["a": 1]) }
        #expect(
            error?.message
                == #"The JSONPath '$.none' specified for the field 'value.$' could not be found in the input '{"a":1}'"#
        )
    }

    @Test(
        "an invalid call is refused",
        arguments: ["States.Nothing()", "States.Array(", "States.UUID(1)", "States.Format('a)", "States.Array(x)"])
    func invalidCall(text: String) {
        var parser = IntrinsicParser(text)
        #expect(throws: IntrinsicSyntaxError.self) { try parser.parseWhole() }
    }

    @Test("two UUIDs differ, and the same seed repeats them")
    func uuids() {
        var (first, second) = (RandomSource(seed: 5), RandomSource(seed: 5))
        let id = first.uuid()
        #expect(id == second.uuid())
        #expect(id != first.uuid())
        #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }
}
