import Foundation
import TestEmulator
import TestProcess

/// A way to a server that can be cut.
final class TemporaryNetwork: @unchecked Sendable {
    // Sendable: each test uses it from one task at a time.
    private let target: Int
    private let folder: TemporaryDirectory
    private var process: ChildProcess?
    let port: Int

    var uri: String { "postgresql://postgres@127.0.0.1:\(port)/postgres" }

    init(to target: Int) async throws {
        self.target = target
        folder = try TemporaryDirectory()
        port = try FreePort.find()
        try await restore()
    }

    deinit { cut() }

    /// Ends all connections, and refuses new ones.
    func cut() {
        guard let process else { return }
        process.send(SIGKILL)
        process.wait()
        self.process = nil
    }

    /// Takes connections at the port that it had before.
    func restore() async throws {
        let output = folder.path + "/port"
        try Data().write(to: URL(filePath: output))
        let process = try ChildProcess(
            Programs.python, ["\(Programs.packageRoot)/Tests/EndToEnd/Referees/network.py", "\(port)", "\(target)"],
            output: output)
        self.process = process
        while true {
            let text = try String(contentsOfFile: output, encoding: .utf8)
            if text.hasSuffix("\n") { return }
            guard process.isRunning else { throw Command.Failure(description: "network.py ended") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
