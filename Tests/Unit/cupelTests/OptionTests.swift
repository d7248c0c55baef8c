import ArgumentParser
import EmulatorCore
import Foundation
import Testing

@testable import cupel

/// A wrong value of an option is refused in the user's words.
@Suite struct OptionTests {
    @Test(
        "a value out of range names its option",
        arguments: [
            ["--port", "65536"], ["--port", "-1"], ["--allow-origin", "localhost:5173"],
            ["--allow-origin", "http://a/"], ["--allow-origin", "*"], ["--allow-host", "a:80"],
        ])
    func up(arguments: [String]) {
        let error = #expect(throws: (any Error).self) {
            _ = try UpCommand.parse([arguments.joined(separator: "=")])
        }
        let message = error.map { UpCommand.message(for: $0) } ?? ""
        #expect(message.contains(arguments[0]) && message.contains("expected"), "\(message)")
    }

    @Test("an origin and a host name are accepted")
    func accepted() throws {
        let up = try UpCommand.parse(["--allow-origin", "http://localhost:5173", "--allow-host", "docker.internal"])
        #expect(up.allowOrigin == ["http://localhost:5173"] && up.allowHost == ["docker.internal"])
    }

    @Test("a layer that nothing is taken to is refused, and only those that work are offered")
    func layers() {
        let error = #expect(throws: (any Error).self) { try RunCommand.parse(["x", "--until", "platinum"]) }
        let message = error.map { RunCommand.message(for: $0) } ?? ""
        #expect(["bronze", "silver", "gold"].allSatisfy { message.contains($0) }, "\(message)")
        #expect(throws: (any Error).self) { try ReplayCommand.parse(["--layer", "platinum"]) }
        #expect(ReplayCommand.helpMessage(columns: 200).contains("bronze, silver or gold"))
    }

    @Test("a timeout is at least a second")
    func timeout() {
        #expect(throws: (any Error).self) { try RunCommand.parse(["x", "--timeout", "0"]) }
    }

    @Test(
        "a file or a folder that is missing is named with its option",
        arguments: ["template", "functions", "contracts"])
    func missing(option: String) throws {
        let options = try EmulatorOptions.parse(["--\(option)", "/nonexistent"])
        let failure = #expect(throws: CommandFailure.self) { try options.configuration(data: "d", port: 0) }
        #expect(failure?.exitStatus == 3)
        #expect(failure?.description.hasPrefix("--\(option): /nonexistent is not a f") == true)
    }

    @Test(
        "an option that differs from what the running emulator was started with is refused; the same one is not",
        arguments: [
            (["--parameter", "LambdaMaxRecords=2"], "LambdaMaxRecords=1"), (["--parameter", "Stage=x"], "no Stage"),
            (["--firehose-interval", "2"], "--firehose-interval 1"),
            (["--kinesis-limits", "off"], "--kinesis-limits on"),
            (["--strict-auth"], "its default"), (["--functions", "/usr"], "/tmp"),
        ])
    func runningEmulator(differing: [String], theirs: String) throws {
        let template = URL(filePath: #filePath).path
        let started = [
            "--template", template, "--functions", "/tmp", "--contracts", "/", "--parameter", "LambdaMaxRecords=1",
            "--firehose-interval", "1",
        ]
        let running = EndpointFile(
            endpoint: "http://127.0.0.1:1", processID: 1, outputs: [:],
            settings: try EmulatorOptions.parse(started).settings())
        try EmulatorOptions.parse(started + ["--kinesis-limits", "on"]).check(against: running)
        try EmulatorOptions.parse(["--contracts", "/usr"]).check(against: running)
        let failure = #expect(throws: CommandFailure.self) {
            try EmulatorOptions.parse(["--contracts", "/"] + differing).check(against: running)
        }
        #expect(failure?.exitStatus == 2 && failure?.description.contains("was started with \(theirs)") == true)
    }

    @Test("a data folder that is missing is named", .enabled(if: Pipeline.variable("AWS_ENDPOINT_URL") == nil))
    func missingData() throws {
        let options = try PipelineOptions.parse(["--data", "/nonexistent"])
        let failure = #expect(throws: CommandFailure.self) { try options.pipeline() }
        #expect(failure?.description == "--data: /nonexistent is not a folder")
    }

    @Test("--strict-auth takes the key of the environment, all of it, or else the one that README names")
    func requiredKey() throws {
        #expect(try EmulatorOptions.requiredKey { _ in nil } == .emulator)
        let environment = ["AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"]
        #expect(
            try EmulatorOptions.requiredKey { environment[$0] } == AccessKey(id: "me", secret: "s", token: "t"))
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let failure = #expect(throws: CommandFailure.self) {
                try EmulatorOptions.requiredKey { $0 == name ? nil : environment[$0] }
            }
            #expect(failure?.exitStatus == 2 && failure?.description.contains("\(name) is not") == true)
        }
        let options = try EmulatorOptions.parse(["--strict-auth"])
        #expect(options.arguments == ["--strict-auth"])
    }
}
