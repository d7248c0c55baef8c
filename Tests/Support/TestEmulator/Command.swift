public import Foundation
internal import TestProcess

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
        let folder = try TemporaryDirectory()
        let (outputFile, errorFile) = (folder.path + "/out", folder.path + "/err")
        let inputFile = input.map { _ in folder.path + "/in" }
        if let input, let inputFile { try input.write(to: URL(filePath: inputFile)) }
        let process = try ChildProcess(
            path, arguments, variables: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            input: inputFile, output: outputFile, errors: errorFile)
        let guardian = Task {
            try await Task.sleep(for: .seconds(seconds))
            process.send(SIGKILL)
        }
        let status = await process.ended()
        guardian.cancel()
        return Command(
            status: status, output: try Data(contentsOf: URL(filePath: outputFile)),
            errors: String(decoding: try Data(contentsOf: URL(filePath: errorFile)), as: UTF8.self))
    }
}
