import Glibc

/// A server that answers every connection with one error message of PostgreSQL's protocol, and closes it.
///
/// Sendable: it has one thread of its own, and a descriptor that does not change.
final class RefusingServer: Sendable {
    let port: UInt16
    private let listener: Int32

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
        guard isListening else { throw POSIXFailure(code: errno) }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        let answer = Self.message(fields)
        let worker = Worker(listener: listener, answer: answer)
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

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

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

    private final class Worker: Sendable {
        let listener: Int32
        let answer: [UInt8]

        init(listener: Int32, answer: [UInt8]) {
            self.listener = listener
            self.answer = answer
        }

        func run() {
            defer { close(listener) }
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                var request = [UInt8](repeating: 0, count: 4_096)
                _ = read(connection, &request, request.count)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
        }
    }
}
