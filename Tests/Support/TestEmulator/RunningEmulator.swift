internal import Foundation

/// One emulator process on a data folder of its own, with the project's template and functions.
public final class RunningEmulator: @unchecked Sendable {
    // Sendable: each test uses its emulator from one task at a time.
    public let data: TemporaryDirectory
    public private(set) var endpoint: String
    private var process: Process
    private let options: [String]
    private let disk: SmallDisk?

    /// - Parameters:
    ///   - parameters: of the template, other than its defaults.
    ///   - template: a path; the pipeline's own otherwise.
    ///   - functions: the folder of the executables; where the build leaves them otherwise.
    ///   - disk: what the data folder is on; the machine's own otherwise.
    public init(
        parameters: [String: String] = [:], template: String? = nil, functions: String? = nil, disk: SmallDisk? = nil
    ) async throws {
        self.disk = disk
        data = try TemporaryDirectory()
        options =
            [
                "--template", template ?? "\(Programs.packageRoot)/infra/pipeline.yaml",
                "--functions", functions ?? Programs.directory,
            ] + parameters.flatMap { ["--parameter", "\($0)=\($1)"] }
        (process, endpoint) = try await Self.start(data.path, port: 0, options, disk)
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
        (process, endpoint) = try await Self.start(data.path, port: URL(string: endpoint)?.port ?? 0, options, disk)
    }

    /// Gives back the space of a small disk that was taken from the start.
    public func makeRoom() throws {
        try FileManager.default.removeItem(atPath: "/proc/\(processIdentifier)/root\(data.path)/\(SmallDisk.filler)")
    }

    public var processIdentifier: Int32 { process.processIdentifier }

    private static func start(
        _ data: String, port: Int, _ options: [String], _ disk: SmallDisk?
    ) async throws -> (Process, String) {
        let process = Process()
        let command = [Programs.cupel, "up", "--port", "\(port)", "--data", data] + options
        let words = disk?.command(mountedAt: data, command) ?? command
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
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
