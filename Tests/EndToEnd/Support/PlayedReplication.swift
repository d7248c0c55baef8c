import Foundation
import TestEmulator
import TestProcess
import Testing

/// AWS DMS with one replication, played by `Referees/dms.py`, for the AWS CLI.
final class PlayedReplication {
    private let folder: TemporaryDirectory
    private let server: ChildProcess

    /// - Parameter status: the replication's state, `none` if it does not exist.
    init(_ name: String, status: String) async throws {
        folder = try TemporaryDirectory()
        try status.write(toFile: "\(folder.path)/status", atomically: true, encoding: .utf8)
        try Data().write(to: URL(filePath: "\(folder.path)/calls"))
        server = try ChildProcess(
            Programs.python, ["\(Programs.packageRoot)/Tests/EndToEnd/Referees/dms.py", name, folder.path])
        while !FileManager.default.fileExists(atPath: "\(folder.path)/port") {
            try #require(server.isRunning)
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    deinit { server.send(SIGKILL) }

    /// The variables that lead the AWS CLI there.
    var environment: [String: String] {
        get throws {
            let port = try String(contentsOfFile: "\(folder.path)/port", encoding: .utf8)
            return [
                "AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE": "http://127.0.0.1:\(port)", "SECONDS_BETWEEN": "0.1",
                "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
                "AWS": Deployment.aws, "AWS_EC2_METADATA_DISABLED": "true",
            ]
        }
    }

    var status: String {
        get throws { try String(contentsOfFile: "\(folder.path)/status", encoding: .utf8) }
    }

    func set(status: String) throws {
        try status.write(toFile: "\(folder.path)/status", atomically: true, encoding: .utf8)
    }

    /// The calls that change something since the last question, in order, such as `StartReplication resume-processing`.
    func newCalls() throws -> [String] {
        let file = "\(folder.path)/calls"
        let calls = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
        try Data().write(to: URL(filePath: file))
        return calls
    }
}
