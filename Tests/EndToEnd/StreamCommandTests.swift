import Foundation
import TestEmulator
import TestProcess
import Testing

/// `make stream`: PostgreSQL, its changes and their bronze rows in one command.
@Suite struct StreamCommandTests {
    @Test("what the workload commits is in bronze at the end, and no process is left")
    func untilTheLimit() async throws {
        let folder = try TemporaryDirectory()
        let stream = try await Self.run(["SECONDS_LIMIT": "6", "RATE": "50", "INTERVAL": "1"], into: folder)
        #expect(stream.status == 0, "\(stream.text)\(stream.errors)")
        let committed = try #require(stream.text.firstMatch(of: #/([0-9,]+) changes were committed, and all are/#))
        #expect(committed.1 != "0")
        let last = try #require(stream.text.split(separator: "\n").last { $0.contains(" committed ") })
        let beers = try #require(last.firstMatch(of: #/ beer (\d+) \((\d+) files\)/#))
        #expect(Int(beers.1) ?? 0 > 2001, "only the rows that were there before: \(last)")
        #expect(try await Self.isEnded(folder))
    }

    @Test("SIGTERM ends all in order") func terminated() async throws {
        let folder = try TemporaryDirectory()
        let output = folder.path + "/output"
        let process = try Self.start(["INTERVAL": "1"], into: folder, output: output)
        while process.isRunning, !Self.text(output).contains(" committed ") {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await !Self.isEnded(folder))
        let refusal = folder.path + "/refusal"
        let second = try Self.start([:], into: folder, output: refusal)
        #expect(second.wait() == 1)
        #expect(Self.text(refusal).contains("another make stream uses \(folder.path)"), "\(Self.text(refusal))")
        #expect(process.stop(by: SIGTERM) == 0, "\(Self.text(output))")
        #expect(Self.text(output).contains("To look at it"))
        #expect(try await Self.isEnded(folder))
    }

    @Test("on a terminal of 80 columns it shows one view, and Ctrl-C ends all and says where things are")
    func terminal() async throws {
        // Of a usual length: it is in the lines that are checked.
        let folder = try TemporaryDirectory()
        let run = try await Command.run(
            Programs.python,
            ["\(Programs.packageRoot)/Tests/EndToEnd/Referees/terminal.py", "Ctrl-C ends it", Self.script],
            environment: Self.variables(["INTERVAL": "1", "RATE": "50"], into: folder), seconds: 600)
        #expect(run.status == 0, "\(run.errors)")
        let seen = try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
        let screen = seen.text("screen") ?? ""
        #expect(seen.int("status") == 0, "\(screen)")
        // The two lines with the folder's own name are as long as it is.
        let lines = screen.split(separator: "\n").filter {
            !$0.contains(folder.path) && !$0.contains(Programs.directory)
        }
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
        #expect(screen.contains("TABLE         BRONZE FILES   BRONZE ROWS   QUARANTINED   SILVER KEYS"), "\(screen)")
        #expect(screen.contains("Ending: what is committed gets some seconds"))
        #expect(screen.contains("The lake is in \(folder.path)/stream/lake") && screen.contains("The logs are in"))
        #expect(try await Self.isEnded(folder))
    }

    @Test("after a run that was killed, the next one starts at once") func killed() async throws {
        let folder = try TemporaryDirectory()
        let output = folder.path + "/output"
        let process = try Self.start(["INTERVAL": "1"], into: folder, output: output)
        while process.isRunning, !Self.text(output).contains(" committed ") {
            try await Task.sleep(for: .milliseconds(50))
        }
        process.send(SIGKILL)
        process.wait()
        let next = try await Self.run(["SECONDS_LIMIT": "2", "RATE": "50", "INTERVAL": "1"], into: folder)
        #expect(next.status == 0, "\(next.text)\(next.errors)")
        #expect(try await Self.isEnded(folder))
    }

    @Test("what is in the way is named, and no process is left") func refusals() async throws {
        let emulator = try await RunningEmulator()
        let port = try #require(URL(string: emulator.endpoint)?.port)
        let folder = try TemporaryDirectory()
        let taken = try await Self.run(["PORT": "\(port)"], into: folder)
        #expect(taken.status == 1 && taken.errors.contains("cupel ended"), "\(taken.errors)")
        #expect(taken.errors.contains("\(port)"), "\(taken.errors)")
        #expect(try await Self.isEnded(folder))

        let foreign = try TemporaryDirectory()
        let kept = foreign.path + "/stream/mine"
        try FileManager.default.createDirectory(atPath: foreign.path + "/stream", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: kept))
        let refused = try await Self.run([:], into: foreign)
        #expect(refused.status == 1 && refused.errors.contains("no earlier run made it"), "\(refused.errors)")
        #expect(FileManager.default.fileExists(atPath: kept))

        for (name, value) in ["RATE": "0", "SECONDS_LIMIT": "soon", "PORT": "65536", "INTERVAL": "901"] {
            let usage = try await Self.run([name: value], into: folder)
            #expect(usage.status == 2 && usage.errors.contains("\(name)=\(value)"), "\(usage.errors)")
        }
        // A folder without anything in it hides the server's programs from this one process.
        let hidden = try await Command.run(
            "/bin/sh",
            [
                "-c",
                """
                user=; unshare --mount true 2>/dev/null || user="--user --map-root-user"
                PATH=/usr/bin:/bin; export PATH
                exec unshare $user --mount sh -c 'mount -t tmpfs none /usr/lib/postgresql && exec "$0"' "$0"
                """, Self.script,
            ], environment: Self.variables([:], into: folder))
        #expect(hidden.status == 1, "\(hidden.errors)")
        #expect(hidden.errors.contains("PostgreSQL's postgres is missing; run: infra/setup stream"), "\(hidden.errors)")
        let unbuilt = try await Self.run(["CUPEL_BINARIES": "/nowhere"], into: folder)
        #expect(unbuilt.status == 1 && unbuilt.errors.contains("run: make build"), "\(unbuilt.errors)")
        #expect(emulator.stop() == 0)
    }

    private static let script = "\(Programs.packageRoot)/infra/stream"

    private static func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

    private static func start(
        _ variables: [String: String], into folder: TemporaryDirectory, output: String
    ) throws -> ChildProcess {
        try ChildProcess(
            Self.script, [], variables: Self.variables(variables, into: folder), output: output, errors: output)
    }

    private static func run(_ variables: [String: String], into folder: TemporaryDirectory) async throws -> Command {
        try await Command.run(script, [], environment: Self.variables(variables, into: folder), seconds: 300)
    }

    private static func variables(_ own: [String: String], into folder: TemporaryDirectory) -> [String: String] {
        ProcessInfo.processInfo.environment
            .merging(["DATA": folder.path + "/stream", "CUPEL_BINARIES": Programs.directory]) { $1 }
            .merging(own) { $1 }
    }

    /// Each process that the script starts keeps its lock.
    private static func isEnded(_ folder: TemporaryDirectory) async throws -> Bool {
        try await Command.run("/usr/bin/flock", ["--nonblock", folder.path + "/stream/lock", "true"]).status == 0
    }
}
