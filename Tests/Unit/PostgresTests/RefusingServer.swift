import Glibc
import Synchronization

/// A server that answers every connection with one error message of PostgreSQL's protocol, and closes it.
///
final class RefusingServer: Sendable {
    let port: UInt16
    private let listener: Listener

    /// - Parameter fields: of the error, such as `C` with the code `57P03`.
    /// - SeeAlso: <https://www.postgresql.org/docs/current/protocol-error-fields.html>
    init(_ fields: [(Character, String)]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        let open = Listener(listener)
        guard isListening else {
            defer { open.close() }
            throw POSIXFailure(code: errno)
        }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = open
        let answer = Self.message(fields)
        let worker = Worker(listener: open, answer: answer)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(worker).toOpaque())
        pthread_detach(thread)
    }

    deinit { listener.wake() }

    /// An `ErrorResponse`.
    private static func message(_ fields: [(Character, String)]) -> [UInt8] {
        var body: [UInt8] = []
        for (field, text) in fields { body += "\(field)\(text)".utf8 + [0] }
        body.append(0)
        return [UInt8(ascii: "E")] + withUnsafeBytes(of: UInt32(body.count + 4).bigEndian, Array.init) + body
    }

    struct POSIXFailure: Error {
        let code: Int32
    }

    private final class Listener: Sendable {
        /// Nil once it is closed: from then on, its number may belong to another test's socket.
        private let socket: Mutex<Int32?>

        init(_ socket: Int32) { self.socket = Mutex(socket) }

        func accept() -> Int32 {
            while true {
                let connection = Glibc.accept(socket.withLock { $0 ?? -1 }, nil, nil)
                if connection < 0, errno == EINTR || errno == ECONNABORTED { continue }
                return connection
            }
        }

        /// Ends the wait for a connection.
        func wake() { socket.withLock { if let socket = $0 { shutdown(socket, Int32(SHUT_RDWR)) } } }

        func close() {
            socket.withLock { socket in
                if let socket { Glibc.close(socket) }
                socket = nil
            }
        }
    }

    private final class Worker: Sendable {
        let listener: Listener
        let answer: [UInt8]

        init(listener: Listener, answer: [UInt8]) {
            self.listener = listener
            self.answer = answer
        }

        func run() {
            defer { listener.close() }
            while true {
                let connection = listener.accept()
                guard connection >= 0 else { return }
                var request = [UInt8](repeating: 0, count: 4_096)
                _ = read(connection, &request, request.count)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
        }
    }
}
