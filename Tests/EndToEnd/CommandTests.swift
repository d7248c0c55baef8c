import Foundation
import TestEmulator
import TestProcess
import Testing

/// `cupel` as its user sees it: output, exit statuses, signals.
@Suite struct CommandTests {
    @Test(
        "the emulator lists what it emulates and how to reach it, and a signal ends it cleanly",
        arguments: [SIGINT, SIGTERM])
    func up(signal: Int32) async throws {
        let emulator = try await RunningEmulator()
        for expected in ["export AWS_ENDPOINT_URL=\(emulator.endpoint)", "AWS::Pipes::Pipe", "AWS::Athena::WorkGroup"] {
            #expect(emulator.output.contains(expected), "no \(expected) in: \(emulator.output)")
        }
        #expect(!emulator.output.contains("Not emulated:"), "\(emulator.output)")
        #expect(emulator.stop(by: signal) == 0)
    }

    @Test("`cupel logs` shows a function's lines and reports, and follows new ones", .timeLimit(.minutes(10)))
    func logs() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "brewery", rows: 20, seed: 1, format: "csv", into: folder)
        let endpoint = ["--endpoint", emulator.endpoint]
        let run = try await Command.run(Programs.cupel, ["run", file, "--table", "brewery", "--json"] + endpoint)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        let logs = try await Command.run(Programs.cupel, ["logs", "bronze-writer"] + endpoint)
        #expect(logs.status == 0, "\(logs.errors)")
        #expect(logs.text.contains("START RequestId: "))
        #expect(logs.text.contains("REPORT RequestId: "))
        #expect(logs.text.contains("Max Memory Used: "))

        let output = folder.path + "/followed"
        try Data().write(to: URL(filePath: output))
        let following = try ChildProcess(
            Programs.cupel, ["logs", "bronze-writer", "--follow"] + endpoint, output: output)
        defer { following.send(SIGKILL) }
        func reports() throws -> Int {
            try String(contentsOfFile: output, encoding: .utf8).matches(of: #/REPORT RequestId: /#).count
        }
        while try reports() == 0, following.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        let before = try reports()
        _ = try await Command.run(Programs.cupel, ["run", file, "--table", "brewery"] + endpoint)
        while try reports() == before, following.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try reports() > before)
        #expect(following.isRunning)
    }

    @Test(
        "with --strict-auth the pipeline works, and a command with another key is refused",
        arguments: [[:], ["AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "a secret"]])
    func strictAuthentication(key: [String: String]) async throws {
        let emulator = try await RunningEmulator(
            parameters: ["LambdaMaxRecords": "1000"], environment: key, options: ["--strict-auth"])
        let folder = try TemporaryDirectory()
        // One file for the function, one for the task.
        for rows in [500, 2000] {
            let file = try await Sample.generate(table: "brewery", rows: rows, seed: 1, format: "csv", into: folder)
            let run = try await Command.run(
                Programs.cupel, ["run", file, "--table", "brewery", "--endpoint", emulator.endpoint], environment: key)
            #expect(run.status == 0 && run.text.contains(rows == 500 ? " lambda " : " ecs "), "\(run.errors)")
        }
        let other = ["AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "guess"]
        let status = try await Command.run(
            Programs.cupel, ["status", "--endpoint", emulator.endpoint], environment: other)
        #expect(status.status == 1 && status.errors.contains("set AWS_ACCESS_KEY_ID"), "\(status.errors)")
        #expect(!emulator.output.contains("a secret"))
        #expect(emulator.stop() == 0)
    }

    @Test("`cupel run` lists failed files with reasons and the replay command, and exits with 1")
    func failedRun() async throws {
        let folder = try TemporaryDirectory()
        let bad = folder.path + "/bad.csv.gz"
        try Data("not gzip".utf8).write(to: URL(filePath: bad))
        let good = try await Sample.generate(table: "brewery", rows: 20, seed: 1, format: "csv", into: folder)
        let run = try await Command.run(
            Programs.cupel, ["run", good, bad, "--table", "brewery", "--functions", Programs.directory])
        #expect(run.status == 1)
        let printed = run.text + run.errors
        #expect(printed.contains("bad.csv.gz"))
        #expect(printed.contains("gzip"))
        #expect(printed.contains("cupel replay --id "))
        #expect(printed.contains("success"))
    }

    @Test("a killed run leaves no emulator behind, and the next run continues from there", .timeLimit(.minutes(10)))
    func killedRun() async throws {
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "review", rows: 400_000, seed: 1, format: "json", into: folder)
        let data = folder.path + "/data"
        let arguments = ["run", file, "--functions", Programs.directory, "--data", data]
        let process = try ChildProcess(Programs.cupel, arguments)
        let state = data + "/endpoint.json"
        while !FileManager.default.fileExists(atPath: state), process.isRunning {
            try await Task.sleep(for: .milliseconds(1))
        }
        let written = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: state)))
        let emulator = try #require((written as? [String: Any])?.int("process"))
        process.send(SIGKILL)
        #expect(process.wait() == 128 + SIGKILL)
        while kill(pid_t(emulator), 0) == 0 { try await Task.sleep(for: .milliseconds(5)) }

        let again = try await Command.run(Programs.cupel, arguments)
        #expect(again.status == 0, "\(again.text)\(again.errors)")
        #expect(again.text.contains("400,000"))
    }

    @Test("a missing record exits with 3, a wrong option with 2, and a missing emulator with 4")
    func exitStatuses() async throws {
        let emulator = try await RunningEmulator()
        let missing = try await Command.run(
            Programs.cupel, ["show", "0123456789abcdef", "--endpoint", emulator.endpoint])
        #expect(missing.status == 3)
        #expect(missing.errors.contains("0123456789abcdef"))
        #expect(try await Command.run(Programs.cupel, ["show"]).status == 2)
        #expect(try await Command.run(Programs.cupel, ["status", "--status", "odd"]).status == 2)
        let endpoint = emulator.endpoint
        #expect(emulator.stop() == 0)
        let unanswered = try await Command.run(Programs.cupel, ["status", "--endpoint", endpoint])
        #expect(unanswered.status == 4)
        #expect(unanswered.errors.contains(endpoint))
    }
}
