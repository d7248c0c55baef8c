import JSON
import Testing

@testable import LambdaRuntime

@Suite struct LogTests {
    private let lines = LogLines()

    private func log(_ variables: [String: String] = [:]) -> Log { Log(Environment(variables), sink: lines.append) }

    @Test("a line is one JSON object with time, level, request id and message") func jsonFormat() throws {
        log().tagged(requestID: "r-1").warning("two\nlines", ["bytes": 3])
        let text = try #require(lines.all.first)
        #expect(text.hasSuffix("}\n"))
        let line = try JSON(parsing: text)
        #expect(line.object?.names == ["timestamp", "level", "requestId", "message", "bytes"])
        #expect(line["level"] == "WARN")
        #expect(line["message"] == "two\nlines")
    }

    @Test("the text format writes one line, whatever the message contains") func textFormat() {
        log(["AWS_LAMBDA_LOG_FORMAT": "Text"]).tagged(requestID: "r-1").info("two\nlines", ["bytes": 3])
        #expect(lines.all.count == 1)
        #expect(lines.all[0].hasSuffix(" r-1 INFO two lines bytes=3\n"))
    }

    @Test(
        "lines below the level are left out",
        arguments: [
            (nil, ["INFO", "WARN", "ERROR"]), ("DEBUG", ["DEBUG", "INFO", "WARN", "ERROR"]), ("ERROR", ["ERROR"]),
        ])
    func levels(level: String?, expected: [String]) throws {
        let log = log(level.map { ["AWS_LAMBDA_LOG_LEVEL": $0] } ?? [:])
        log.debug("a")
        log.info("a")
        log.warning("a")
        log.error("a")
        #expect(try lines.all.map { try JSON(parsing: $0)["level"]?.string } == expected)
    }
}

@Suite struct EnvironmentTests {
    @Test("the error names a missing or empty variable") func requiredVariables() throws {
        let environment = Environment(["SET": "x", "EMPTY": ""])
        #expect(try environment.require("SET") == "x")
        #expect(throws: EnvironmentError.missing("EMPTY")) { try environment.require("EMPTY") }
        #expect(throws: EnvironmentError.missing("ABSENT")) { try environment.require("ABSENT") }
        #expect(environment["EMPTY"] == nil)
    }

    @Test("a count is a whole number above zero") func counts() throws {
        let environment = Environment(["N": "12", "ZERO": "0", "WORD": "many"])
        #expect(try environment.count("N", default: 3) == 12)
        #expect(try environment.count("ABSENT", default: 3) == 3)
        #expect(throws: EnvironmentError.notPositive("ZERO", value: "0")) { try environment.count("ZERO", default: 3) }
        #expect(throws: EnvironmentError.self) { try environment.count("WORD", default: 3) }
    }

    @Test("the variables of the process are read") func processVariables() {
        #expect(Environment.process()["PATH"] != nil)
    }
}
