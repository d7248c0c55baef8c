public import Foundation

/// A finished run of a program.
public struct Command: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    public let status: Int32
    public let output: Data
    public let errors: String

    public var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs `path` with `arguments`; kills it after `seconds`.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], input: Data? = nil,
        seconds: Double = 1800
    ) async throws -> Command {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = try TemporaryDirectory()
        let (outputFile, errorFile) = (folder.path + "/out", folder.path + "/err")
        for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
        process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        if let input {
            try input.write(to: URL(filePath: folder.path + "/in"))
            process.standardInput = FileHandle(forReadingAtPath: folder.path + "/in")
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.run()
        let identifier = process.processIdentifier
        let guardian = Task {
            try await Task.sleep(for: .seconds(seconds))
            kill(identifier, SIGKILL)
        }
        for await _ in ended.stream {}
        guardian.cancel()
        process.waitUntilExit()
        return Command(
            status: process.terminationStatus, output: try Data(contentsOf: URL(filePath: outputFile)),
            errors: String(decoding: try Data(contentsOf: URL(filePath: errorFile)), as: UTF8.self))
    }
}
