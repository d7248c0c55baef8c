internal import Foundation

/// One emulator process on a data folder of its own, with the project's template and functions.
public final class RunningEmulator: @unchecked Sendable {
    // Sendable: each test uses its emulator from one task at a time.
    public let data: TemporaryDirectory
    public private(set) var endpoint: String
    private var process: Process
    private let parameters: [String: String]

    /// - Parameter parameters: of the template, other than its defaults.
    public init(parameters: [String: String] = [:]) async throws {
        data = try TemporaryDirectory()
        self.parameters = parameters
        (process, endpoint) = try await Self.start(data.path, port: 0, parameters)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    public func killAtOnce() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// What it has printed so far.
    public var output: String { (try? String(contentsOfFile: data.path + "/up.stdout", encoding: .utf8)) ?? "" }

    /// SIGTERM, and the exit status.
    public func stop() -> Int32 { stop(by: SIGTERM) }

    /// A signal that ends it in good order, and the exit status.
    public func stop(by signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Starts again on the same data and the same port.
    public func restart() async throws {
        (process, endpoint) = try await Self.start(data.path, port: URL(string: endpoint)?.port ?? 0, parameters)
    }

    public var processIdentifier: Int32 { process.processIdentifier }

    private static func start(
        _ data: String, port: Int, _ parameters: [String: String]
    ) async throws -> (Process, String) {
        let process = Process()
        process.executableURL = URL(filePath: Programs.cupel)
        process.arguments = [
            "up", "--port", "\(port)", "--data", data, "--template", "\(Programs.packageRoot)/infra/pipeline.yaml",
            "--functions", Programs.directory,
        ]
        for (name, value) in parameters { process.arguments? += ["--parameter", "\(name)=\(value)"] }
        // Files, not pipes: nobody has to read on for the emulator to go on.
        let (outputFile, errorFile) = (data + "/up.stdout", data + "/up.stderr")
        for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
        process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        while process.isRunning {
            if let match = text(outputFile).firstMatch(of: #/http://127\.0\.0\.1:\d+/#) {
                return (process, String(match.output))
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let (shown, said) = (text(outputFile), text(errorFile))
        throw Command.Failure(description: "cupel up ended with \(process.terminationStatus): \(shown)\(said)")
    }
}
