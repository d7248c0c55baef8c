import EmulatorCore
import TestRandom
import Testing

@testable import EmulatorServer

@Suite struct RequestReaderTests {
    /// What a reader makes of bytes in pieces of some sizes.
    private func read(_ bytes: [UInt8], pieces: () -> Int) throws -> [String] {
        var reader = RequestReader(headLimit: 1000)
        var seen: [String] = []
        var body: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(max(1, pieces())))
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes { reader.append($0) }
            while let event = try reader.next() {
                switch event {
                case .head(let head):
                    let fields = head.headers.fields.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
                    seen.append("\(head.method) \(head.target) \(head.framing) \(head.keepsAlive) \(fields)")
                case .body(let piece): body += piece
                case .end:
                    seen.append(String(decoding: body, as: UTF8.self))
                    body = []
                }
            }
        }
        return seen
    }

    private func read(_ text: String) throws -> [String] { try read(Array(text.utf8)) { text.utf8.count } }

    @Test("requests are read the same in whatever pieces they come")
    func pieces() throws {
        let text = """
            POST /a?b=c HTTP/1.1\r
            Host: x\r
            Content-Length: 5\r
            X-Empty:\r
            x-y: \t a b \t\r
            \r
            hello\r
            PUT * HTTP/1.1\r
            transfer-encoding: Chunked\r
            \r
            3;a="b"\r
            abc\r
            00B \r
            0123456789\n\r
            0\r
            Trailer: t\r
            \r
            GET http://h/p HTTP/1.0\r
            Connection: Keep-Alive, x\r
            \r
            DELETE / HTTP/1.1\r
            Connection: x\r
            Connection: close\r
            Content-Length: 0\r
            \r

            """
        let expected = [
            "POST /a?b=c length(5) true Host=x&Content-Length=5&X-Empty=&x-y=a b", "hello",
            "PUT * chunked true transfer-encoding=Chunked", "abc0123456789\n",
            "GET http://h/p none true Connection=Keep-Alive, x", "",
            "DELETE / none false Connection=x&Connection=close&Content-Length=0", "",
        ]
        #expect(try read(text) == expected)
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let most = Int.random(in: 1...40, using: &random)
            let seen = try read(Array(text.utf8)) { Int.random(in: 1...most, using: &random) }
            #expect(seen == expected, "seed \(seed)")
        }
    }

    @Test(
        "what can be understood in two ways, or breaks the grammar, is malformed",
        arguments: [
            "G T / HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n",
            "GET /\u{7F} HTTP/1.1\r\n\r\n",
            "GET / HTTP/2.0\r\n\r\n", "GET / http/1.1\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "GET /\tx HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\n: b\r\n\r\n", "GET / HTTP/1.1\r\nA\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", "GET / HTTP/1.1\r\nA: \u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", "GET / HTTP/1.1\r\nContent-Length: 1,1\r\n\r\nx",
            "GET / HTTP/1.1\r\nContent-Length: \r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\nx",
            "GET / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n;a\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "GET / HTTP/1.1\r\nA: \(String(repeating: "y", count: 2000))",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(String(repeating: "y", count: 2000))",
        ])
    func malformed(text: String) {
        #expect(throws: MalformedRequest.self) { try read(text) }
        #expect(throws: MalformedRequest.self) { try read(Array(text.utf8)) { 1 } }
    }

    @Test("bytes of a body can be read past the reader")
    func past() throws {
        var reader = RequestReader(headLimit: 1000)
        Array("PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nab".utf8).withUnsafeBytes { reader.append($0) }
        guard case .head? = try reader.next() else { throw MalformedRequest() }
        #expect(reader.bytesOfBody == nil)
        guard case .body(let piece)? = try reader.next() else { throw MalformedRequest() }
        #expect(piece == Array("ab".utf8) && reader.bytesOfBody == 8)
        reader.pass(5)
        #expect(reader.bytesOfBody == 3)
        reader.pass(3)
        #expect(reader.bytesOfBody == nil)
        guard case .end? = try reader.next() else { throw MalformedRequest() }
        let after = try reader.next()
        #expect(after.map { _ in true } == nil && !reader.hasBytes)
    }
}
