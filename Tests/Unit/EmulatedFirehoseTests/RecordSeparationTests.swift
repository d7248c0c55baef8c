import EmulatorCore
import Testing

@testable import EmulatedFirehose

@Suite struct RecordSeparationTests {
    private func texts(_ separation: RecordSeparation, _ text: String) throws -> [String] {
        try separation.parts(of: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("JSON objects follow each other with or without white space, and braces in texts do not end them")
    func objects() throws {
        #expect(try texts(.json, #"{"a":1}{"a":{"b":"}\"}"}}"#) == [#"{"a":1}"#, #"{"a":{"b":"}\"}"}}"#])
        #expect(try texts(.json, "{}\r\n {}\n") == ["{}", "{}"])
        #expect(try texts(.json, " \n") == [])
    }

    @Test(
        "a record that is no sequence of JSON objects is not separated",
        arguments: [#"[{"a":1}, {"a":2}]"#, #"{"a":1},{"a":2}"#, #"{"a":1"#, "{a}", #"{"a":1}x"#, "1", #"{"a":"}"#])
    func noObjects(text: String) {
        #expect(throws: RecordSeparation.Failure.self) { try texts(.json, text) }
    }

    @Test("a delimiter of several bytes separates, and nothing between two of them is no record")
    func delimiter() throws {
        #expect(try texts(.delimiter(Array("##".utf8)), "a##b###c####") == ["a", "b", "#c"])
        #expect(try texts(.delimiter(Array("##".utf8)), "a#") == ["a#"])
    }

    @Test("500 records are separated, and 501 are not")
    func limit() throws {
        #expect(try texts(.json, String(repeating: "{}", count: 500)).count == 500)
        #expect(throws: RecordSeparation.Failure.self) { try texts(.json, String(repeating: "{}", count: 501)) }
    }

    @Test(
        "parameters that contradict each other are refused",
        arguments: [
            [:], ["SubRecordType": "XML"], ["SubRecordType": "DELIMITED"],
            ["SubRecordType": "JSON", "Delimiter": "Iw=="],
            ["SubRecordType": "DELIMITED", "Delimiter": "####"], ["SubRecordType": "DELIMITED", "Delimiter": ""],
        ])
    func refusals(parameters: [String: String]) {
        #expect(throws: AWSFault.self) { try RecordSeparation(parameters) }
    }
}
