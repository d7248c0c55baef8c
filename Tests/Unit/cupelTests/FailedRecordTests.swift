import JSON
import Testing
import Time

@testable import cupel

@Suite struct FailedRecordTests {
    @Test("a line of an error object is a record, with numbers as numbers or as texts")
    func lines() throws {
        let lines = """
            {"attemptsMade":4,"arrivalTimestamp":1780000000123,"errorCode":"Lambda.FunctionError","errorMessage":"no","rawData":"YQo="}
            {"attemptsMade":"1","arrivalTimestamp":"1780000000123","errorCode":"X","rawData":""}

            """
        let records = try FailedRecord.all(in: Array(lines.utf8), of: "errors/o")
        #expect(records.map(\.code) == ["Lambda.FunctionError", "X"] && records.map(\.attempts) == [4, 1])
        #expect(records.map(\.data) == [Array("a\n".utf8), []])
        #expect(records.allSatisfy { $0.arrivedAt == Timestamp(milliseconds: 1_780_000_000_123) })
    }

    @Test("what is no document of Firehose is named by its line", arguments: ["x", "{}", #"{"rawData":"?"}"#])
    func broken(line: String) {
        let good = #"{"rawData":""}"#
        let failure = #expect(throws: CommandFailure.self) {
            try FailedRecord.all(in: Array("\(good)\n\(line)".utf8), of: "errors/o")
        }
        #expect(failure?.description.contains("errors/o, line 2") == true)
    }

    @Test(
        "the keys of failed records begin with the constant part of the error prefix",
        arguments: [
            ("errors/!{firehose:error-output-type}/", nil, "errors/processing-failed/"),
            ("e/!{timestamp:yyyy}/!{firehose:error-output-type}/", nil, "e/"), ("e/", nil, "e/"),
            (nil, "raw/", "raw/processing-failed/"), (nil, nil, "processing-failed/"), ("", "", "processing-failed/"),
        ] as [(String?, String?, String)])
    func prefixes(errors: String?, data: String?, expected: String) {
        #expect(FailedDelivery.prefix(errors: errors, data: data) == expected)
    }

    @Test("gzip files of one member and of several are decompressed, broken ones are not")
    func gzip() {
        // printf a | gzip -n
        let member: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 4, 0, 0x43, 0xBE, 0xB7, 0xE8, 1, 0, 0, 0,
        ]
        #expect(GzipContent.decompressed(member) == Array("a".utf8))
        #expect(GzipContent.decompressed(member + member) == Array("aa".utf8))
        for end in 0..<member.count { #expect(GzipContent.decompressed(Array(member[..<end])) == nil) }
    }
}
