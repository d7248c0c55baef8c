import Testing

@testable import JQ

@Suite struct JQProgramTests {
    private func first(_ query: String, _ document: String) throws -> String? {
        try JQProgram(query).first(Array(document.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a query gives its first result as JSON, or none")
    func results() throws {
        #expect(try first(".a", #"{"a":"Kölsch"}"#) == #""Kölsch""#)
        #expect(try first("{a, b: .c.d}", #"{"a":1,"c":{"d":[true]}}"#) == #"{"a":1,"b":[true]}"#)
        #expect(try first(".t | strftime(\"%Y-%m-%d\")", #"{"t":1565382027}"#) == #""2019-08-09""#)
        #expect(try first(".[] | select(. > 1)", "[1,2,3]") == "2")
        #expect(try first("empty", "1") == nil)
        #expect(try first(".a", "{}") == "null")
    }

    @Test("a query with an error is refused, with what jq says about it", arguments: ["{", ".a |", "nothing(1)", "\0"])
    func errors(query: String) {
        let error = #expect(throws: JQProgram.Failure.self) { try JQProgram(query) }
        #expect(error?.description.isEmpty == false)
    }

    @Test(
        "a document that is no JSON, or that the query does not fit, fails with the reason, and the next one does not",
        arguments: ["{", "", "{\"a\":1} x", "[1]", "\"\\uD800"])
    func failures(document: String) throws {
        let program = try JQProgram(".a")
        #expect(throws: JQProgram.Failure.self) { try program.first(Array(document.utf8)) }
        #expect(try program.first(Array(#"{"a":1}"#.utf8)) == Array("1".utf8))
    }

    @Test("a query that does not end is interrupted, and works for the next document")
    func endless() throws {
        let program = try JQProgram("if . then def f: f; f else 1 end", budget: 100)
        let error = #expect(throws: JQProgram.Failure.self) { try program.first(Array("true".utf8)) }
        #expect(error?.description.contains("interrupted") == true)
        #expect(try program.first(Array("false".utf8)) == Array("1".utf8))
    }
}
