import JSON
import Testing

@testable import EmulatorCore

@Suite struct EventPatternTests {
    static let event = """
        {"eventName": "MODIFY", "n": 5, "flag": true, "none": null, "list": ["a", "b"], "empty": [],
         "dynamodb": {"NewImage": {"status": {"S": "pending"}, "size": {"N": "12"}}}, "path": "raw/beer/x.csv.gz",
         "records": [{"id": 1}, {"id": 2}]}
        """

    @Test(
        "an event pattern matches as in EventBridge",
        arguments: [
            (#"{"eventName": ["INSERT", "MODIFY"]}"#, true), (#"{"eventName": ["INSERT"]}"#, false),
            (#"{"dynamodb": {"NewImage": {"status": {"S": ["pending"]}}}}"#, true),
            (#"{"dynamodb": {"NewImage": {"target": {"S": [{"exists": false}]}}}}"#, true),
            (#"{"dynamodb": {"NewImage": {"status": {"S": [{"exists": false}]}}}}"#, false),
            (#"{"dynamodb": {"NewImage": {"status": {"S": [{"exists": true}]}}}}"#, true),
            (#"{"dynamodb": [{"exists": true}]}"#, false), (#"{"eventName": ["MODIFY"], "gone": ["x"]}"#, false),
            (#"{"n": [5]}"#, true), (#"{"n": [5.0]}"#, true), (#"{"n": ["5"]}"#, false),
            (#"{"n": [{"numeric": [">", 4, "<=", 5]}]}"#, true), (#"{"n": [{"numeric": ["<", 5]}]}"#, false),
            (#"{"n": [{"numeric": ["=", 5]}]}"#, true), (#"{"eventName": [{"numeric": [">", 0]}]}"#, false),
            (#"{"flag": [true]}"#, true), (#"{"none": [null]}"#, true), (#"{"gone": [null]}"#, false),
            (#"{"list": ["b"]}"#, true), (#"{"list": ["c"]}"#, false), (#"{"empty": ["c"]}"#, false),
            (#"{"records": {"id": [2]}}"#, true), (#"{"records": {"id": [3]}}"#, false),
            (#"{"path": [{"prefix": "raw/"}]}"#, true), (#"{"path": [{"prefix": "RAW/"}]}"#, false),
            (#"{"path": [{"prefix": {"equals-ignore-case": "RAW/"}}]}"#, true),
            (#"{"path": [{"suffix": ".gz"}]}"#, true), (#"{"path": [{"suffix": ".csv"}]}"#, false),
            (#"{"path": [{"suffix": {"equals-ignore-case": ".GZ"}}]}"#, true),
            (#"{"path": [{"wildcard": "raw/*/x.*.gz"}]}"#, true), (#"{"path": [{"wildcard": "raw/*/y*"}]}"#, false),
            (#"{"path": [{"wildcard": "*"}]}"#, true), (#"{"path": [{"wildcard": "raw\\*"}]}"#, false),
            (#"{"eventName": [{"equals-ignore-case": "modify"}]}"#, true),
            (#"{"eventName": [{"anything-but": "INSERT"}]}"#, true),
            (#"{"eventName": [{"anything-but": ["INSERT", "MODIFY"]}]}"#, false),
            (#"{"path": [{"anything-but": {"prefix": "raw/"}}]}"#, false),
            (#"{"path": [{"anything-but": {"suffix": [".zip", ".tar"]}}]}"#, true),
            (#"{"gone": [{"anything-but": "x"}]}"#, false),
            (#"{"$or": [{"eventName": ["INSERT"]}, {"n": [5]}]}"#, true),
            (#"{"flag": [true], "$or": [{"eventName": ["INSERT"]}, {"n": [6]}]}"#, false), ("{}", true),
        ])
    func patterns(pattern: String, matches: Bool) throws {
        let event = try JSON(parsing: Self.event)
        #expect(try EventPattern(JSON(parsing: pattern)).matches(event) == matches)
    }

    @Test("a wildcard with many stars is matched in bounded steps")
    func wildcardBacktracking() throws {
        let pattern = try EventPattern(["k": [["wildcard": .string(String(repeating: "*a", count: 200) + "b")]]])
        #expect(!pattern.matches(["k": .string(String(repeating: "a", count: 20_000))]))
        #expect(pattern.matches(["k": .string(String(repeating: "a", count: 20_000) + "b")]))
    }

    @Test(
        "a star matches any bytes and a backslash makes the next byte literal",
        arguments: [
            ("a*", "a", true), ("*a", "ba", true), ("a*b*c", "axxbyyc", true), ("a*b*c", "axxbyy", false),
            ("*ab", "aab", true), (#"a\*b"#, "a*b", true), (#"a\*b"#, "axb", false), ("", "", true), ("*", "", true),
            ("a", "", false), ("**", "x", true), (#"\"#, #"\"#, true),
        ])
    func wildcard(pattern: String, text: String, matches: Bool) throws {
        let pattern = try EventPattern(["k": [["wildcard": .string(pattern)]]])
        #expect(pattern.matches(["k": .string(text)]) == matches)
    }

    @Test(
        "an invalid pattern is refused with its reason",
        arguments: [
            ("[]", "a pattern is a JSON object"), (#"{"a": "b"}"#, ".a must be an object or an array"),
            (#"{"a": []}"#, ".a has no values"), (#"{"a": {"b": [{"cidr": "10.0.0.0/8"}]}}"#, "cidr is not emulated"),
            (#"{"a": [{"numeric": [">"]}]}"#, "numeric: expected pairs"),
            (#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "exactly one operator"),
        ])
    func invalidPattern(pattern: String, reason: String) throws {
        let pattern = try JSON(parsing: pattern)
        let fault = #expect(throws: AWSFault.self) { try EventPattern(pattern) }
        #expect(fault?.code == "InvalidEventPatternException")
        #expect(fault?.message.contains(reason) == true, "\(String(describing: fault))")
    }
}
