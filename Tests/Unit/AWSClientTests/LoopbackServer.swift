import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A server on a free loopback port that answers each connection's requests from a script of raw bytes.
final class LoopbackServer: Sendable {
    enum Step: Sendable {
        /// Reads one request, sends the bytes, keeps the connection.
        case answer(String)
        /// Reads one request, sends the bytes, closes the connection.
        case answerAndClose(String)
        /// Reads one request and sends nothing until the client disconnects.
        case silence
    }

    private struct State {
        var steps: [Step]
        var requests: [String] = []
        var connections = 0
    }

    private let state: Mutex<State>
    private let listener: Int32
    let port: Int

    /// - Parameter refuses: Whether the server holds the port and refuses connections.
    init(_ steps: [Step], refuses: Bool = false) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && (refuses || listen(listener, 16) == 0)
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        state = Mutex(State(steps: steps))
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        if !refuses { Thread.detachNewThread { [self] in acceptConnections() } }
    }

    var requests: [String] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }

    /// Ends the accepting thread, which closes the port. A connection ends when its client closes it.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func acceptConnections() {
        defer { close(listener) }
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            state.withLock { $0.connections += 1 }
            Thread.detachNewThread { [self] in serve(connection) }
        }
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        while let request = readRequest(connection) {
            let step = state.withLock { (state) -> Step in
                state.requests.append(request)
                return state.steps.isEmpty ? .silence : state.steps.removeFirst()
            }
            switch step {
            case .answer(let text):
                write(text, to: connection)
            case .answerAndClose(let text):
                write(text, to: connection)
                return
            case .silence:
                break
            }
        }
    }

    private func write(_ text: String, to connection: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Head and body of one request; nil once the client has disconnected.
    private func readRequest(_ connection: Int32) -> String? {
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var length: Int?
        while true {
            if length == nil { length = Self.length(ofRequest: received) }
            if let length, received.count >= length { return String(decoding: received, as: UTF8.self) }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            received += piece[..<count]
        }
    }

    /// The length of head and body together; nil while the head is incomplete.
    private static func length(ofRequest received: [UInt8]) -> Int? {
        let text = String(decoding: received, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let body = text.range(of: "content-length: ", options: .caseInsensitive)
            .flatMap { Int(text[$0.upperBound...].prefix { $0.isNumber }) }
        return text[..<end.upperBound].utf8.count + (body ?? 0)
    }
}
