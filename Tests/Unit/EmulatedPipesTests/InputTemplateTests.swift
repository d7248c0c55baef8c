import EmulatorCore
import JSON
import Testing

@testable import EmulatedPipes

@Suite struct InputTemplateTests {
    static let event = #"{"id": {"S": "a\"b"}, "n": 1.50, "list": [{"x": 1}, {"x": 2}], "object": {"k": "v"}}"#

    @Test(
        "an input template is filled from the event",
        arguments: [
            (#"{"control_id": <$.id.S>}"#, #"{"control_id":"a\"b"}"#),
            (#"{"t": "is <$.id.S>!"}"#, #"{"t":"is a\"b!"}"#),
            (#"{"n": <$.n>, "o": <$.object>, "e": <$.list[1].x>}"#, #"{"n":1.50,"o":{"k":"v"},"e":2}"#),
            (#"{"all": <$.list[*].x>, "gone": <$.gone>, "q": "<$.gone>"}"#, #"{"all":[1,2],"gone":null,"q":""}"#),
            (#"{"k": <$['object']['k']>}"#, #"{"k":"v"}"#), ("<$.id.S>", #""a\"b""#),
            ("<$.list>", #"[{"x":1},{"x":2}]"#),
            ("\"Hello, <$.n>\"", #""Hello, 1.50""#), ("Hello, <$.n>", #""Hello, 1.50""#),
            (#"{"p": <aws.pipes.pipe-name>, "a<b": "<no>"}"#, #"{"p":"P","a<b":"<no>"}"#),
            (#"{"o": "<$.object>"}"#, #"{"o":"{\"k\":\"v\"}"}"#), (#"{"q": "\"<$.n>\""}"#, #"{"q":"\"1.50\""}"#),
        ])
    func fill(template: String, expected: String) throws {
        let event = try JSON(parsing: Self.event)
        #expect(try InputTemplate(template).fill(from: event, variables: ["aws.pipes.pipe-name": "P"]).text == expected)
    }

    @Test("a template can name the whole event")
    func wholeEvent() throws {
        let event = try JSON(parsing: Self.event)
        #expect(try InputTemplate("<aws.pipes.event.json>").fill(from: event, variables: [:]) == event)
        #expect(try InputTemplate(#"{"e": <$>}"#).fill(from: event, variables: [:])["e"] == event)
    }

    @Test("an invalid path is refused", arguments: ["<$a>", "<$.a[>", "<$.a[x]>", "<$.>"])
    func invalidPath(template: String) {
        #expect(throws: AWSFault.self) { try InputTemplate(template) }
    }
}
