import AWSModels
import Foundation
import Testing

@testable import AWSClient

@Suite struct CurlTransportTests {
    private func exchange(
        _ steps: [LoopbackServer.Step], _ use: (CurlTransport, LoopbackServer, HTTPOrigin) throws -> Void
    ) throws {
        let server = try LoopbackServer(steps)
        defer { server.stop() }
        try use(CurlTransport(), server, HTTPOrigin(isSecure: false, host: "127.0.0.1", port: server.port))
    }

    private func send(_ request: HTTPRequest, _ transport: CurlTransport) throws(TransportError) -> HTTPResponse {
        let exchange = try transport.open(request, limits: TransportLimits())
        return HTTPResponse(head: exchange.head, body: try exchange.readAll())
    }

    @Test("requests reach the server as written, over one connection") func requestsOnTheWire() throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nx-two: b\r\n\r\nhi"
        let noBody = "HTTP/1.1 204 No Content\r\n\r\n"
        try exchange([
            .answer(ok), .answer(ok), .answer(noBody), .answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        ]) {
            (transport, server, origin) throws in
            let get = HTTPRequest(.get, origin, path: "/a b/../é", query: [.init("q", "1&2")], headers: ["x-empty": ""])
            let response = try send(get, transport)
            #expect(response.head.status == 200 && response.body == Array("hi".utf8))
            #expect(response.head.headers["X-TWO"] == "a,b")
            let body = [UInt8](repeating: 0x61, count: 2_000_000)
            #expect(try send(HTTPRequest(.put, origin, path: "/k", body: body), transport).head.status == 200)
            #expect(try send(HTTPRequest(.delete, origin, path: "/k"), transport).body.isEmpty)
            let head = try send(HTTPRequest(.head, origin, path: "/k"), transport)
            #expect(head.head.headers["content-length"] == "9" && head.body.isEmpty)

            #expect(server.connections == 1)
            let lines = server.requests.map { $0.components(separatedBy: "\r\n") }
            #expect(
                lines.map(\.[0]) == [
                    "GET /a%20b/../%C3%A9?q=1%262 HTTP/1.1", "PUT /k HTTP/1.1", "DELETE /k HTTP/1.1",
                    "HEAD /k HTTP/1.1",
                ])
            #expect(lines[0].contains("x-empty:"))
            #expect(server.requests[1].hasSuffix(String(repeating: "a", count: 2_000_000)))
            for request in server.requests {
                for unwanted in ["expect:", "accept:", "content-type:", "transfer-encoding:"] {
                    #expect(!request.lowercased().contains(unwanted))
                }
            }
        }
    }

    @Test("a body is read in pieces of the reader's size") func bodyInPieces() throws {
        let body = String(repeating: "0123456789", count: 100_000)
        try exchange([.answer("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")]) {
            (transport, _, origin) throws in
            let exchange = try transport.open(HTTPRequest(.get, origin), limits: TransportLimits())
            var read: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 777)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try exchange.read(into: $0) }
                if count == 0 { break }
                read += buffer[..<count]
            }
            #expect(read == Array(body.utf8))
        }
    }

    @Test("a chunked body after an interim response is read") func chunkedBody() throws {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        try exchange([.answer(text)]) { (transport, _, origin) throws in
            let response = try send(HTTPRequest(.get, origin), transport)
            #expect(response.head.status == 200 && response.body == Array("abc".utf8))
        }
    }

    @Test("a redirect is returned, not followed") func redirect() throws {
        try exchange([.answer("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")]) {
            (transport, server, origin) throws in
            #expect(try send(HTTPRequest(.get, origin), transport).head.status == 301)
            #expect(server.requests.count == 1)
        }
    }

    @Test("a body that ends early is a lost connection") func truncatedBody() throws {
        try exchange([.answerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]) {
            (transport, _, origin) throws in
            let error = #expect(throws: TransportError.self) { try send(HTTPRequest(.get, origin), transport) }
            #expect(error?.kind == .lost)
        }
    }

    @Test("a connection closed without a response is lost; on a refused connection nothing was sent")
    func lostOrNotSent() throws {
        try exchange([.answerAndClose("")]) { (transport, server, origin) throws in
            let lost = #expect(throws: TransportError.self) {
                try send(HTTPRequest(.post, origin, isRepeatable: false), transport)
            }
            #expect(lost?.kind == .lost)
            #expect(server.requests.count == 1)
        }
        let closed = try LoopbackServer([], refuses: true)
        let origin = HTTPOrigin(isSecure: false, host: "127.0.0.1", port: closed.port)
        let refused = #expect(throws: TransportError.self) { try send(HTTPRequest(.get, origin), CurlTransport()) }
        #expect(refused?.kind == .notSent)
    }

    @Test("a silent server times out at the limit") func timeLimit() throws {
        try exchange([.silence]) { (transport, _, origin) throws in
            // On a busy machine the first limit may end before the request is sent: that is another error.
            var limit = Duration.milliseconds(50)
            var error: TransportError?
            repeat {
                let limits = TransportLimits(whole: limit)
                error = #expect(throws: TransportError.self) {
                    try transport.open(HTTPRequest(.get, origin), limits: limits)
                }
                limit *= 2
            } while error?.kind == .notSent
            #expect(error?.kind == .timedOut)
        }
    }

    @Test("a request that must not be repeated opens a new connection") func freshConnection() throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        try exchange([.answer(ok), .answer(ok)]) { (transport, server, origin) throws in
            _ = try send(HTTPRequest(.get, origin), transport)
            _ = try send(HTTPRequest(.post, origin, isRepeatable: false), transport)
            #expect(server.connections == 2)
        }
    }

    @Test("an exchange abandoned midway does not disturb the next") func abandonedExchange() throws {
        let long = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 1_000_000)
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
        try exchange([.answer(long), .answer(ok)]) { (transport, _, origin) throws in
            _ = try transport.open(HTTPRequest(.get, origin), limits: TransportLimits()).head
            #expect(try send(HTTPRequest(.get, origin), transport).body == Array("hi".utf8))
        }
    }

    @Test("threads share a transport") func sharedTransport() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
        let server = try LoopbackServer(Array(repeating: .answer(ok), count: 200))
        defer { server.stop() }
        let transport = CurlTransport()
        let origin = HTTPOrigin(isSecure: false, host: "127.0.0.1", port: server.port)
        let bodies = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<50).filter { _ in (try? self.send(HTTPRequest(.get, origin), transport))?.body.count == 2 }
                        .count
                }
            }
            return await group.reduce(0, +)
        }
        #expect(bodies == 200)
        #expect(server.connections <= 4)
    }
}
