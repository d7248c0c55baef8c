import Glibc
import Synchronization
import Testing

/// A Runtime API on its own loopback port. It answers requests from a script, then refuses the next one.
final class ScriptedServer: Sendable {
    /// One answer: the pieces in which it is sent, and whether the connection closes after them.
    struct Answer: Sendable, CustomTestStringConvertible {
        var pieces: [[UInt8]]
        var closes = false

        var testDescription: String { "\(pieces.map { String(decoding: $0, as: UTF8.self) }) closes: \(closes)" }

        static func text(_ pieces: String..., closes: Bool = false) -> Answer {
            Answer(pieces: pieces.map { Array($0.utf8) }, closes: closes)
        }

        static let accepted = text("HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}")

        static func event(_ body: String, id: String = "id-1", headers: String = "") -> Answer {
            let head = "HTTP/1.1 200 OK\r\n\(eventHeaders(id: id))\(headers)Content-Length: \(body.utf8.count)\r\n\r\n"
            return text(head + body)
        }

        static func refused(_ status: Int, _ reason: String) -> Answer {
            let body = #"{"errorMessage":"\#(reason)","errorType":"Refused"}"#
            return text("HTTP/1.1 \(status) No\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        static func eventHeaders(id: String = "id-1") -> String {
            """
            Lambda-Runtime-Aws-Request-Id: \(id)\r
            Lambda-Runtime-Deadline-Ms: 4102444800000\r
            Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n
            """
        }
    }

    struct Request: Sendable, Equatable {
        var line: String
        var headers: [String: String]
        var body: String
        /// The number of the connection, from 1.
        var connection: Int
    }

    let address: String
    private let listener: Int32
    private let requests = Mutex<[Request]>([])

    /// - Parameter delay: The microseconds during which connections are refused.
    init(_ answers: [Answer], listeningAfter delay: UInt32 = 0) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                _ = bind(listener, name, length)
                if delay == 0 { _ = listen(listener, 8) }
                _ = getsockname(listener, name, &length)
            }
        }
        address = "127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
        Thread.start { [self] in
            if delay > 0 {
                usleep(delay)
                _ = listen(listener, 8)
            }
            serve(answers)
        }
    }

    /// The requests received so far, without `Host` and `User-Agent`.
    var received: [Request] { requests.withLock { $0 } }
    var lines: [String] { received.map(\.line) }

    private func serve(_ answers: [Answer]) {
        var rest = answers[...]
        var connection = 0
        var isOpen = true
        while isOpen {
            connection += 1
            let peer = accept(listener, nil, nil)
            while let request = Self.readRequest(from: peer, connection) {
                requests.withLock { $0.append(request) }
                guard let answer = rest.popFirst() else {
                    isOpen = false
                    Self.send([Answer.refused(403, "finished").pieces[0]], to: peer)
                    break
                }
                Self.send(answer.pieces, to: peer)
                if answer.closes { break }
            }
            isOpen = isOpen && !(rest.isEmpty && answers.last?.closes == true)
            if !isOpen { close(listener) }
            close(peer)
        }
    }

    private static func send(_ pieces: [[UInt8]], to peer: Int32) {
        var on: Int32 = 1
        setsockopt(peer, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        for (position, piece) in pieces.enumerated() {
            if position > 0 { usleep(2000) }  // so that the client receives separate pieces
            var sent = 0
            while sent < piece.count {
                let count = piece[sent...].withUnsafeBytes { Glibc.send(peer, $0.baseAddress, $0.count, 0x4000) }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    private static func readRequest(from peer: Int32, _ connection: Int) -> Request? {
        var bytes: [UInt8] = []
        var head: [String] = []
        var bodyStart = 0
        while head.isEmpty {
            guard let more = readSome(from: peer) else { return nil }
            bytes += more
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.utf8.firstRange(of: "\r\n\r\n".utf8) else { continue }
            head = String(text[..<end.lowerBound]).split(separator: "\r\n").map(String.init)
            bodyStart = text.utf8.distance(from: text.startIndex, to: end.upperBound)
        }
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
            headers[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        let length = headers["Content-Length"].flatMap { Int($0) } ?? 0
        while bytes.count < bodyStart + length {
            guard let more = readSome(from: peer) else { return nil }
            bytes += more
        }
        headers["Host"] = nil
        headers["User-Agent"] = nil
        let body = String(decoding: bytes[bodyStart...], as: UTF8.self)
        return Request(line: head[0], headers: headers, body: body, connection: connection)
    }

    private static func readSome(from peer: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(peer, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}

enum Thread {
    static func start(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void; init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_detach(thread)
    }
}
