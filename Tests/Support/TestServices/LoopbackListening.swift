package import EmulatorCore
import Foundation
import Synchronization

/// A listener for tests with blocking sockets: one thread and one request per connection.
package struct LoopbackListening: Listening {
    package init() {}

    package func listen(port: Int, respond: @escaping Responder) async throws -> any Listener {
        try LoopbackListener(respond)
    }
}

package final class LoopbackListener: Listener {
    package let port: Int
    /// Nil once it is closed: from then on, its number may belong to another test's socket.
    private let socket: Mutex<Int32?>

    package init(_ respond: @escaping Responder) throws {
        let listening = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listening, address, length) == 0 && Glibc.listen(listening, 64) == 0
                    && getsockname(listening, address, &length) == 0
            }
        }
        guard isOpen else { throw POSIXError(.EADDRNOTAVAIL) }
        socket = Mutex(listening)
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { self.serve(listening, respond) }
    }

    /// Wakes the thread that accepts connections, which closes the socket.
    package func close() async {
        socket.withLock { socket in
            if let socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func serve(_ listening: Int32, _ respond: @escaping Responder) {
        while true {
            let connection = accept(listening, nil, nil)
            guard connection >= 0 else { break }
            Thread.detachNewThread { Self.answer(connection, respond) }
        }
        socket.withLock { socket in
            Glibc.close(listening)
            socket = nil
        }
    }

    private static func answer(_ connection: Int32, _ respond: @escaping Responder) {
        defer { Glibc.close(connection) }
        var received: [UInt8] = []
        while true {
            if let request = request(in: received) {
                let hasAnswered = DispatchSemaphore(value: 0)
                let answering = Task {
                    defer { hasAnswered.signal() }
                    let response = await respond(request)
                    guard case .bytes(let body) = response.body else { return }
                    var head = "HTTP/1.1 \(response.status) X\r\nContent-Length: \(body.count)\r\nConnection: close\r\n"
                    for (name, value) in response.headers.fields { head += "\(name): \(value)\r\n" }
                    let bytes = Array((head + "\r\n").utf8) + body
                    _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                    shutdown(connection, Int32(SHUT_WR))
                }
                var byte: UInt8 = 0
                while recv(connection, &byte, 1, 0) > 0 {}
                answering.cancel()
                // The connection is closed only now: a late answer would go to the socket that has its number next.
                hasAnswered.wait()
                return
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            received += buffer[..<count]
        }
    }

    /// The request, or nil before it is complete.
    private static func request(in bytes: [UInt8]) -> HTTPRequest? {
        guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            headers.append(String(line[..<colon]), line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
        }
        let body = Array(bytes[end.upperBound...])
        guard body.count >= Int(headers["Content-Length"] ?? "0") ?? 0 else { return nil }
        let words = lines[0].split(separator: " ").map(String.init)
        let parts = words[1].split(separator: "?", maxSplits: 1).map(String.init)
        return HTTPRequest(
            method: words[0], path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: headers,
            body: RequestBody(body))
    }
}
