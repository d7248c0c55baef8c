internal import Foundation

/// An emulator process with its own data folder, and the project's template and functions.
public final class RunningEmulator: @unchecked Sendable {
    // Sendable: each test uses its emulator from one task at a time.
    public let data: TemporaryDirectory
    public private(set) var endpoint: String
    private var process: Process
    private let options: [String]
    private let disk: SmallDisk?
    private let environment: [String: String]

    /// - Parameters:
    ///   - parameters: the template's parameters that differ from their defaults.
    ///   - template: its path; by default the pipeline's own.
    ///   - functions: the folder of the executables; by default that of the build.
    ///   - disk: the disk of the data folder; by default the machine's own.
    ///   - environment: variables beyond those of the tests.
    ///   - further: more options of `cupel up`.
    public init(
        parameters: [String: String] = [:], template: String? = nil, functions: String? = nil, disk: SmallDisk? = nil,
        environment: [String: String] = [:], options further: [String] = []
    ) async throws {
        self.disk = disk
        self.environment = environment
        data = try TemporaryDirectory()
        options =
            [
                "--template", template ?? "\(Programs.packageRoot)/infra/pipeline.yaml",
                "--functions", functions ?? Programs.directory,
            ] + parameters.flatMap { ["--parameter", "\($0)=\($1)"] } + further
        (process, endpoint) = try await Self.start(data.path, port: try FreePort.find(), options, disk, environment)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Sends SIGKILL: no handler runs, and nothing is flushed.
    public func killAtOnce() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The output so far.
    public var output: String { (try? String(contentsOfFile: data.path + "/up.stdout", encoding: .utf8)) ?? "" }

    /// What it has written to its standard error so far.
    public var errors: String { (try? String(contentsOfFile: data.path + "/up.stderr", encoding: .utf8)) ?? "" }

    /// Sends SIGTERM.
    /// - Returns: the exit status.
    public func stop() -> Int32 { stop(by: SIGTERM) }

    /// Sends a signal that ends the emulator in order.
    /// - Returns: the exit status.
    public func stop(by signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Starts the emulator again with the same data and the same port.
    public func restart() async throws {
        (process, endpoint) = try await Self.start(
            data.path, port: URL(string: endpoint)?.port ?? 0, options, disk, environment)
    }

    /// Frees the space of a small disk that was taken from the start.
    public func makeRoom() throws {
        try FileManager.default.removeItem(atPath: "/proc/\(processIdentifier)/root\(data.path)/\(SmallDisk.filler)")
    }

    public var processIdentifier: Int32 { process.processIdentifier }

    private static func start(
        _ data: String, port: Int, _ options: [String], _ disk: SmallDisk?, _ environment: [String: String]
    ) async throws -> (Process, String) {
        let process = Process()
        let command = [Programs.cupel, "up", "--port", "\(port)", "--data", data] + options
        let words = disk?.command(mountedAt: data, command) ?? command
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files, because the emulator would block on a pipe that nobody reads.
        let (outputFile, errorFile) = (data + "/up.stdout", data + "/up.stderr")
        for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
        process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        while process.isRunning {
            let shown = text(outputFile)
            // The first lines may be there before the last ones.
            if shown.hasSuffix("Ctrl-C stops it.\n") || shown.hasPrefix("{") && shown.hasSuffix("\n"),
                let match = shown.firstMatch(of: #/http://127\.0\.0\.1:\d+/#)
            {
                return (process, String(match.output))
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let (shown, said) = (text(outputFile), text(errorFile))
        throw Command.Failure(description: "cupel up ended with \(process.terminationStatus): \(shown)\(said)")
    }
}
