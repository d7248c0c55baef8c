import Digest
import EmulatorCore
import JSON
import Testing
import TestServices

@testable import EmulatedS3

@Suite struct S3PayloadTests {
    @Test(
        "the CRCs of \"123456789\" are the published check values",
        arguments: [
            (ChecksumAlgorithm.crc32, "CBF43926"), (.crc32c, "E3069283"), (.crc64nvme, "AE8B14860A799888"),
        ])
    func checkValues(_ algorithm: ChecksumAlgorithm, _ expected: String) {
        var checksum = RunningChecksum(algorithm)
        checksum.update(Array("1234567".utf8))
        checksum.update(Array("89".utf8))
        #expect(checksum.finish().hexadecimal.uppercased() == expected)
    }

    private static let framed = [
        "5;chunk-signature=0011\r\nhello\r\n6;chunk-signature=22\r\n world\r\n0;chunk-signature=33\r\n",
        "x-amz-checksum-crc32:DUoRhQ==\r\n", "x-amz-trailer-signature:44\r\n\r\n",
    ]
    private static let headers = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), ("x-amz-decoded-content-length", "11"),
        ("Content-Encoding", "gzip,aws-chunked"), ("x-amz-trailer", "x-amz-checksum-crc32"),
    ]

    private func request(_ pieces: [[UInt8]], _ headers: [(String, String)]) -> HTTPRequest {
        let rest = Pieces(pieces)
        return HTTPRequest(
            method: "PUT", path: "/bucket/k", headers: HTTPHeaders(headers),
            body: RequestBody(length: pieces.reduce(0) { $0 + $1.count }) { await rest.next() })
    }

    private actor Pieces {
        private var pieces: [[UInt8]]
        init(_ pieces: [[UInt8]]) { self.pieces = pieces }
        func next() -> [UInt8]? { pieces.isEmpty ? nil : pieces.removeFirst() }
    }

    @Test("an aws-chunked body is decoded wherever the network splits it", arguments: 1...13)
    func chunkedBody(_ size: Int) async throws {
        let s3 = try await S3Fixture()
        let bytes = Array(Self.framed.joined().utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        let put = try S3Fixture.answer(await s3.service.respond(to: request(pieces, Self.headers)))
        #expect(put.status == 200, "\(put.text)")
        let get = try await s3.send("GET", "/bucket/k", [("x-amz-checksum-mode", "ENABLED")])
        #expect(get.text == "hello world")
        #expect(get.headers["x-amz-checksum-crc32"] == "DUoRhQ==")
        #expect(get.headers["Content-Encoding"] == "gzip")
    }

    @Test("an aws-chunked body that is truncated or fails its checksum is refused")
    func badChunkedBody() async throws {
        let s3 = try await S3Fixture()
        let cut = try S3Fixture.answer(
            await s3.service.respond(to: request([Array(Self.framed[0].utf8.dropLast(40))], Self.headers)))
        #expect(cut.code == "IncompleteBody")
        let wrong = Self.framed[0] + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"
        let bad = try S3Fixture.answer(await s3.service.respond(to: request([Array(wrong.utf8)], Self.headers)))
        #expect(bad.code == "BadDigest")
        #expect(try await s3.send("GET", "/bucket/k").code == "NoSuchKey")
    }

    @Test(
        "a body that contradicts its digest header is refused and leaves no file",
        arguments: [
            ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==", "BadDigest"), ("Content-MD5", "nonsense", "InvalidDigest"),
            ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"), ("x-amz-checksum-sha256", "AAAA", "InvalidRequest"),
            (
                "x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "XAmzContentSHA256Mismatch"
            ),
        ])
    func digestMismatch(_ header: String, _ value: String, _ code: String) async throws {
        let s3 = try await S3Fixture()
        for size in [5, S3.inlineLimit * 2] {
            let answer = try await s3.send(
                "PUT", "/bucket/k", [(header, value)], body: [UInt8](repeating: 1, count: size))
            #expect(answer.code == code)
        }
        #expect(try await s3.send("GET", "/bucket/k").code == "NoSuchKey")
        try await s3.expectNoStrayFiles()
    }

    @Test("a lost connection leaves no file")
    func lostConnection() async throws {
        let s3 = try await S3Fixture()
        let sent = Pieces([[UInt8](repeating: 1, count: S3.inlineLimit * 2)])
        let request = HTTPRequest(
            method: "PUT", path: "/bucket/k", headers: HTTPHeaders([("Content-Length", "9999999")]),
            body: RequestBody(length: 9_999_999) {
                guard let piece = await sent.next() else { throw RequestBodyError.connectionLost }
                return piece
            })
        #expect(try S3Fixture.answer(await s3.service.respond(to: request)).code == "IncompleteBody")
        try await s3.expectNoStrayFiles()
        #expect(s3.files.isEmpty)
    }
}
