import Foundation
import Testing

/// One emulator process on a data folder of its own, with the project's template and functions.
final class RunningEmulator: @unchecked Sendable {
    // Sendable: each test uses its emulator from one task at a time.
    let data: TemporaryDirectory
    private(set) var endpoint: String
    private var process: Process
    private let environment: [String: String]

    /// - Parameter environment: on top of the tests' own; functions inherit none of it but what `cupel up` passes on.
    init(environment: [String: String] = [:]) async throws {
        data = try TemporaryDirectory()
        self.environment = environment
        (process, endpoint) = try await Self.start(data.path, port: 0, environment)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    func killAtOnce() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGTERM, and the exit status.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Starts again on the same data and the same port.
    func restart() async throws {
        (process, endpoint) = try await Self.start(data.path, port: URL(string: endpoint)?.port ?? 0, environment)
    }

    var processIdentifier: Int32 { process.processIdentifier }

    private static func start(
        _ data: String, port: Int, _ environment: [String: String]
    ) async throws -> (Process, String) {
        let process = Process()
        process.executableURL = URL(filePath: Programs.cupel)
        process.arguments = [
            "up", "--port", "\(port)", "--data", data, "--template", "\(Programs.packageRoot)/infra/pipeline.yaml",
            "--functions", Programs.directory,
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        let errorFile = data + "/up.stderr"
        if !FileManager.default.fileExists(atPath: errorFile) {
            FileManager.default.createFile(atPath: errorFile, contents: nil)
        }
        let errors = FileHandle(forWritingAtPath: errorFile)
        _ = try? errors?.seekToEnd()
        process.standardOutput = pipe
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var shown = ""
        for try await line in pipe.fileHandleForReading.bytes.lines {
            shown += line + "\n"
            if let match = line.firstMatch(of: #/http://127\.0\.0\.1:\d+/#) {
                // What follows is read and dropped, so that the process never blocks on a full pipe.
                pipe.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
                return (process, String(match.output))
            }
        }
        process.waitUntilExit()
        let said = (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? ""
        throw Command.Failure(description: "cupel up ended with \(process.terminationStatus): \(shown)\(said)")
    }
}
