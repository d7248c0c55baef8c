import Foundation
import TestEmulator
import TestPostgres

/// A running `change-capture` between a PostgreSQL server and an emulator.
final class CaptureProcess: @unchecked Sendable {
    // Sendable: each test uses its process from one task at a time.
    private let process: Process
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
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let script =
            hasParentThatEnds
            ? #""$@" & wait"#
            : fileLimitInKiB.map { "trap '' XFSZ; ulimit -f \($0 * 2); exec \"$@\"" } ?? #"exec "$@""#
        process.arguments =
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
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        try Data().write(to: URL(filePath: logFile))
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: logFile)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try await wait(for: #""message":"streaming""#)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Waits until the log says `words`; fails if the process ends before, unless it is to end.
    func wait(for words: String, whileItRuns: Bool = true) async throws {
        while !log.contains(words) {
            guard process.isRunning || !whileItRuns else {
                throw Command.Failure(description: "change-capture ended with \(process.terminationStatus): \(log)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    var isRunning: Bool { process.isRunning }

    var processIdentifier: Int32 { process.processIdentifier }

    /// - Returns: the exit status.
    func stop() -> Int32 {
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// - Returns: the exit status of a process that ends by itself.
    func waitForEnd() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends the shell that started the process.
    func endParent() { killAtOnce() }

    func killAtOnce() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
