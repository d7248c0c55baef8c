import Foundation
import TestEmulator
import TestPostgres
import TestProcess

/// A running `change-capture` between a PostgreSQL server and an emulator.
final class CaptureProcess: @unchecked Sendable {
    // Sendable: each test uses its process from one task at a time.
    private let process: ChildProcess
    private let logFile: String

    /// What it has said so far: a JSON object a line.
    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    /// Starts the process and returns once it streams.
    ///
    /// - Parameters:
    ///   - source: another way to the server.
    ///   - fileLimitInKiB: the size beyond which it cannot write to a file, as on a full disk.
    ///   - hasParentThatEnds: whether ``endParent()`` is called; the process is then one of a shell.
    init(
        _ postgres: TemporaryPostgres, _ emulator: RunningEmulator, tables: String, as user: String = "postgres",
        source: String? = nil, options: [String] = [], fileLimitInKiB: Int? = nil, hasParentThatEnds: Bool = false
    ) async throws {
        logFile = emulator.data.path + "/capture-\(UUID().uuidString).log"
        let script =
            hasParentThatEnds
            ? #""$@" & wait"#
            : fileLimitInKiB.map { "trap '' XFSZ; ulimit -f \($0 * 2); exec \"$@\"" } ?? #"exec "$@""#
        let arguments =
            [
                "-c", script, "sh", "\(Programs.directory)/change-capture",
                "--source", source ?? postgres.uri(as: user), "--stream", "cupel-dev-changes", "--bucket",
                RawHTTP.stageBucket,
                "--tables", tables, "--endpoint-url", emulator.endpoint,
            ] + options
        let variables = [
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "TMPDIR": emulator.data.path,
        ]
        process = try ChildProcess(
            "/bin/sh", arguments, variables: ProcessInfo.processInfo.environment.merging(variables) { $1 },
            errors: logFile)
        try await wait(for: #""message":"streaming""#)
    }

    deinit {
        process.send(SIGKILL)
    }

    /// Waits until the log says `words`; fails if the process ends before, unless it is to end.
    func wait(for words: String, whileItRuns: Bool = true) async throws {
        while !log.contains(words) {
            guard process.isRunning || !whileItRuns else {
                throw Command.Failure(description: "change-capture ended with \(process.wait()): \(log)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    var isRunning: Bool { process.isRunning }

    var processIdentifier: Int32 { process.identifier }

    /// - Returns: the exit status.
    func stop() -> Int32 { process.stop(by: SIGTERM) }

    /// - Returns: the exit status of a process that ends by itself.
    func waitForEnd() -> Int32 { process.wait() }

    /// Ends the shell that started the process.
    func endParent() { killAtOnce() }

    func killAtOnce() {
        process.send(SIGKILL)
        process.wait()
    }
}
