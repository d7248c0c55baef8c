internal import Foundation
internal import TestProcess

/// An emulator process with its own data folder, and the project's template and functions.
public final class RunningEmulator: @unchecked Sendable {
    // Sendable: each test uses its emulator from one task at a time.
    public let data: TemporaryDirectory
    public private(set) var endpoint: String
    private var process: ChildProcess
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
        process.send(SIGKILL)
    }

    /// Sends SIGKILL: no handler runs, and nothing is flushed.
    public func killAtOnce() {
        process.send(SIGKILL)
        process.wait()
    }

    /// The output so far.
    public var output: String { (try? String(contentsOfFile: data.path + "/up.stdout", encoding: .utf8)) ?? "" }

    /// What it has written to its standard error so far.
    public var errors: String { (try? String(contentsOfFile: data.path + "/up.stderr", encoding: .utf8)) ?? "" }

    /// Sends a signal that ends the emulator in order.
    /// - Returns: the exit status; 137 if it had not ended after two minutes and was killed.
    public func stop(by signal: Int32) -> Int32 { process.stop(by: signal) }

    /// Stops it by SIGTERM.
    public func stop() -> Int32 { stop(by: SIGTERM) }

    /// Starts the emulator again with the same data and the same port.
    public func restart() async throws {
        (process, endpoint) = try await Self.start(
            data.path, port: URL(string: endpoint)?.port ?? 0, options, disk, environment)
    }

    /// Frees the space of a small disk that was taken from the start.
    public func makeRoom() throws {
        try FileManager.default.removeItem(atPath: "/proc/\(processIdentifier)/root\(data.path)/\(SmallDisk.filler)")
    }

    public var processIdentifier: Int32 { process.identifier }

    private static func start(
        _ data: String, port: Int, _ options: [String], _ disk: SmallDisk?, _ environment: [String: String]
    ) async throws -> (ChildProcess, String) {
        let command = [Programs.cupel, "up", "--port", "\(port)", "--data", data] + options
        let words = disk?.command(mountedAt: data, command) ?? command
        // Files, because the emulator would block on a pipe that nobody reads.
        let (outputFile, errorFile) = (data + "/up.stdout", data + "/up.stderr")
        for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
        let process = try ChildProcess(
            words[0], Array(words.dropFirst()),
            variables: ProcessInfo.processInfo.environment.merging(environment) { $1 }, output: outputFile,
            errors: errorFile)
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
        throw Command.Failure(description: "cupel up ended with \(process.wait()): \(shown)\(said)")
    }
}
