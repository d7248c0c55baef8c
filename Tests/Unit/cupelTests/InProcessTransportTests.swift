import AWSClient
import struct AWSClient.HTTPRequest
import EmulatorCore
import struct EmulatorCore.HTTPHeaders
import struct EmulatorCore.HTTPResponse
import Foundation
import Synchronization
import Testing

@testable import cupel

@Suite struct InProcessTransportTests {
    private let origin = HTTPOrigin(isSecure: false, host: "127.0.0.1", port: 4566)

    /// The answer's status and body, read by pieces of `size` bytes.
    private func answer(
        to request: HTTPRequest, limits: TransportLimits = TransportLimits(), size: Int = 7,
        by responder: @escaping Responder
    ) async throws -> (head: HTTPResponseHead, body: [UInt8]) {
        let transport = InProcessTransport(to: responder)
        // As in use, the thread is none of the pool's.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let exchange = try transport.open(request, limits: limits)
                        var body: [UInt8] = []
                        var piece = [UInt8](repeating: 0, count: size)
                        while true {
                            let count = try piece.withUnsafeMutableBytes { try exchange.read(into: $0) }
                            if count == 0 { return (exchange.head, body) }
                            body += piece[..<count]
                        }
                    })
            }
        }
    }

    @Test("a request arrives as over the network: encoded path and query, host, length and body")
    func request() async throws {
        let seen = Mutex<[String]>([])
        let request = HTTPRequest(
            .put, origin, path: "/a b/é", query: [.init("z", "1&2"), .init("a")], headers: ["X-Custom": "v"],
            body: Array("hello".utf8))
        let (head, body) = try await answer(to: request) { request in
            let body = (try? await request.body.collect(upTo: 100)) ?? []
            seen.withLock {
                $0 = [
                    request.method, request.path, request.query, request.headers["Host"] ?? "",
                    request.headers["x-custom"] ?? "", request.headers["content-length"] ?? "",
                    String(decoding: body, as: UTF8.self),
                ]
            }
            return HTTPResponse(
                status: 201, headers: HTTPHeaders([("ETag", "x")]), body: .bytes(Array("world, wide".utf8)))
        }
        #expect(seen.withLock { $0 } == ["PUT", "/a%20b/%C3%A9", "a=&z=1%262", "127.0.0.1:4566", "v", "5", "hello"])
        #expect(head.status == 201)
        #expect(head.headers["etag"] == "x")
        #expect(head.headers["content-length"] == "11")
        #expect(String(decoding: body, as: UTF8.self) == "world, wide")
    }

    @Test("ranges of files, pieces that are made one by one, and the head alone are read as they were made")
    func bodies() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/file"
        try Data("0123456789abcdef".utf8).write(to: URL(fileURLWithPath: path))
        let ranges = FileRanges([
            FileRange(path: path, offset: 2, length: 9), FileRange(path: path, offset: 0, length: 0),
            FileRange(path: path, offset: 14, length: 2),
        ])
        let get = HTTPRequest(.get, origin)
        let files = try await answer(to: get, size: 4) { _ in HTTPResponse(status: 200, body: .files(ranges)) }
        #expect(String(decoding: files.body, as: UTF8.self) == "23456789aef")
        #expect(files.head.headers["content-length"] == "11")

        let left = Mutex(["one ", "", "two"])
        let stream = try await answer(to: get) { _ in
            HTTPResponse(
                status: 200,
                body: .stream(ResponseStream { left.withLock { $0.isEmpty ? nil : Array($0.removeFirst().utf8) } }))
        }
        #expect(String(decoding: stream.body, as: UTF8.self) == "one two")

        let head = try await answer(to: HTTPRequest(.head, origin)) { _ in
            HTTPResponse(
                status: 200, headers: HTTPHeaders([("Content-Length", "5")]), body: .bytes(Array("12345".utf8)))
        }
        #expect(head.body.isEmpty)
        #expect(head.head.headers["content-length"] == "5")
    }

    @Test("a file that is shorter than its range, and an answer that does not come, are errors")
    func failures() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/file"
        try Data("0123".utf8).write(to: URL(fileURLWithPath: path))
        let cut = await #expect(throws: TransportError.self) {
            try await answer(to: HTTPRequest(.get, origin)) { _ in
                HTTPResponse(status: 200, body: .files(FileRanges([FileRange(path: path, offset: 0, length: 9)])))
            }
        }
        #expect(cut?.kind == .lost)
        #expect(cut?.reason == "\(path) was cut short")
        let late = await #expect(throws: TransportError.self) {
            try await answer(to: HTTPRequest(.get, origin), limits: TransportLimits(stalling: .milliseconds(20))) { _ in
                try? await Task.sleep(for: .seconds(600))
                return HTTPResponse(status: 200)
            }
        }
        #expect(late?.kind == .timedOut)
    }
}
