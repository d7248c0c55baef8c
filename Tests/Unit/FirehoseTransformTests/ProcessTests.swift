import Foundation
import TestProcess
import Testing

/// Starts and stops the executable as Lambda does.
@Suite struct ProcessTests {
    /// A loopback server that accepts one connection, reads its first request and never answers.
    private struct SilentRuntimeAPI {
        let listener: Int32
        let address: String

        init() {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &name) { name in
                name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                    _ = bind(listener, name, length)
                    _ = listen(listener, 1)
                    _ = getsockname(listener, name, &length)
                }
            }
            self.listener = listener
            address = "127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
        }

        /// Accepts a connection and returns it with the first line of its request.
        func accepted() -> (connection: Int32, line: String) {
            let connection = accept(listener, nil, nil)
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = max(0, recv(connection, &buffer, buffer.count, 0))
            return (connection, String(decoding: buffer[..<count].prefix { $0 != 13 }, as: UTF8.self))
        }
    }

    private func start(_ variables: [String: String]) throws -> ChildProcess {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return try ChildProcess(tests.appending(path: "firehose-transform").path, [], variables: variables)
    }

    private var contracts: String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../infra/contracts").path
    }

    @Test("an idle function exits with code 0 at SIGTERM") func sigterm() throws {
        let api = SilentRuntimeAPI()
        defer { close(api.listener) }
        let process = try start(["AWS_LAMBDA_RUNTIME_API": api.address, "CONTRACTS_DIR": contracts])
        let (connection, line) = api.accepted()
        defer { close(connection) }
        #expect(line == "GET /2018-06-01/runtime/invocation/next HTTP/1.1")
        #expect(process.stop(by: SIGTERM) == 0)
    }

    @Test("without contracts the function reports an init error") func missingContracts() throws {
        let api = SilentRuntimeAPI()
        let process = try start(["AWS_LAMBDA_RUNTIME_API": api.address, "CONTRACTS_DIR": "/nonexistent"])
        let (connection, line) = api.accepted()
        #expect(line == "POST /2018-06-01/runtime/init/error HTTP/1.1")
        close(connection)
        close(api.listener)
        #expect(process.wait() == 1)
    }
}
