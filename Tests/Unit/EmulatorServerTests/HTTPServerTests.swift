import EmulatorCore
import Foundation
import Synchronization
import Testing

@testable import EmulatorServer

@Suite struct HTTPServerTests {
    /// Runs `body` with a server on a free port, and stops the server.
    /// A busy machine holds client and server back for longer than a server in use waits: only a test of a limit sets it.
    private static let patient: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headTimeout = .seconds(3600)
        limits.bodyTimeout = .seconds(3600)
        return limits
    }()

    private func withServer<Value>(
        limits: HTTPLimits = patient, respond: @escaping Responder,
        _ body: (_ port: Int, _ listener: any Listener) async throws -> Value
    ) async throws -> Value {
        let server = HTTPServer(limits: limits)
        let listener = try await server.listen(port: 0, respond: respond)
        let value: Value
        do {
            value = try await body(listener.port, listener)
        } catch {
            await server.stop()
            throw error
        }
        await listener.close()
        await server.stop()
        return value
    }

    @Sendable private static func echo(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            let body = try await request.body.collect(upTo: 64 << 20)
            let line = "\(request.method) \(request.path) \(request.query) \(body.count) "
            return HTTPResponse(status: 200, body: .bytes(Array(line.utf8) + body))
        } catch {
            return HTTPResponse(status: 400, body: .bytes(Array("\(error)".utf8)))
        }
    }

    @Test("a response carries its exact length and the date")
    func contentLength() async throws {
        let answer = try await withServer(respond: Self.echo) { port, _ in
            let client = try RawClient(port: port)
            await client.send(
                "PUT /a%20b/c?d=e%2Ff HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
            return await client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("\r\nContent-Length: 25\r\n"))
        #expect(answer.contains(" GMT\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nPUT /a%20b/c d=e%2Ff 2 hi"))
    }

    @Test("a body of unknown length is sent in chunks as it is made, and the connection serves the next request")
    func stream() async throws {
        let pieces = AsyncStream<String>.makeStream()
        let answer = try await withServer { request in
            guard request.path == "/stream" else { return await Self.echo(request) }
            let iterator = Mutex(["one", "two"])
            return HTTPResponse(
                status: 200,
                body: .stream(
                    ResponseStream {
                        let piece = iterator.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                        pieces.continuation.yield(piece ?? "end")
                        return piece.map { Array($0.utf8) }
                    }))
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            let stream = await client.receive { $0.hasSuffix("0\r\n\r\n") }
            await client.send("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return stream + (await client.receiveAll())
        }
        #expect(answer.lowercased().contains("transfer-encoding: chunked") && !answer.contains("Content-Length: 3\r\n"))
        #expect(answer.contains("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n") && answer.hasSuffix("GET /next  0 "))
    }

    @Test("a body without an end ends when the client goes, and when the server stops")
    func endlessStream() async throws {
        let ended = AsyncStream<Void>.makeStream()
        try await withServer { _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    ResponseStream {
                        do { try await Task.sleep(for: .seconds(3600)) } catch { ended.continuation.yield() }
                        return nil
                    }))
        } _: { port, _ in
            var waiting: [RawClient] = []
            for _ in 0..<2 {
                let client = try RawClient(port: port)
                await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = await client.receive { $0.hasSuffix("\r\n\r\n") }
                waiting.append(client)
            }
            waiting.removeFirst()
            var iterator = ended.stream.makeAsyncIterator()
            _ = await iterator.next()
            // The other one ends with the server.
            withExtendedLifetime(waiting) {}
        }
        ended.continuation.finish()
    }

    @Test("pipelined requests are answered one by one, in order")
    func pipelining() async throws {
        let running = Atomic(0)
        let overlapped = Atomic(false)
        let answer = try await withServer { request in
            if running.add(1, ordering: .relaxed).newValue > 1 { overlapped.store(true, ordering: .relaxed) }
            try? await Task.sleep(for: .milliseconds(2))
            running.subtract(1, ordering: .relaxed)
            return await Self.echo(request)
        } _: { port, _ in
            let client = try RawClient(port: port)
            var requests = ""
            for number in 0..<20 {
                requests += "POST /\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            }
            await client.send(requests + "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return await client.receiveAll()
        }
        let anyOverlapped = overlapped.load(ordering: .relaxed)
        #expect(!anyOverlapped)
        let bodies = answer.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "H" } }
        #expect(bodies == (0..<20).map { "POST /\($0)  3 abc" } + ["GET /last  0 "])
    }

    @Test("a chunked body has no length and is joined")
    func chunkedBody() async throws {
        let answer = try await withServer { request in
            #expect(request.body.length == nil)
            return await Self.echo(request)
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
            await client.send("3\r\nabc\r\n")
            await client.send("A;extension=1\r\n0123456789\r\n0\r\n\r\n")
            return await client.receiveAll()
        }
        #expect(answer.hasSuffix("PUT /  13 abc0123456789"))
    }

    @Test("a sender is held back while its body is not read")
    func backpressure() async throws {
        let mayRead = Bell()
        let size = 48 << 20
        let (held, answer) = try await withServer { request in
            await mayRead.wait()
            var count = 0
            while let piece = try? await request.body.next() { count += piece.count }
            return HTTPResponse(status: 200, body: .bytes(Array("\(count)".utf8)))
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            var sent = 0
            var refusals = 0
            while refusals < 20, sent < size {
                let count = client.sendWithoutWaiting(Array(piece.prefix(size - sent)))
                sent += count
                if count == 0 {
                    refusals += 1
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            mayRead.ring()
            await client.send([UInt8](repeating: 7, count: size - sent))
            return (sent, await client.receiveAll())
        }
        #expect(held < size)
        #expect(answer.hasSuffix("\r\n\r\n\(size)"))
    }

    @Test("100 Continue is sent only when the body is read")
    func continueStatus() async throws {
        let answers = try await withServer { request in
            if request.path == "/refuse" { return HTTPResponse(status: 403) }
            return await Self.echo(request)
        } _: { port, _ in
            let head = "HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
            let welcome = try RawClient(port: port)
            await welcome.send("PUT /take \(head)")
            let first = await welcome.receive { $0.contains("\r\n\r\n") }
            await welcome.send("body")
            let second = await welcome.receive { $0.hasSuffix("body") }
            let refused = try RawClient(port: port)
            await refused.send("PUT /refuse \(head)")
            return [first, second, await refused.receive { $0.contains("\r\n\r\n") }]
        }
        #expect(answers[0] == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(answers[1].hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answers[2].hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        #expect(answers[2].contains("Connection: close"))
    }

    @Test("HEAD is answered with the length and without a body")
    func head() async throws {
        let answer = try await withServer { request in
            var response = HTTPResponse(status: 200, body: .bytes(Array("12345".utf8)))
            if request.path == "/declared" {
                response = HTTPResponse(status: 200, headers: HTTPHeaders([("Content-Length", "99")]))
            }
            return response
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("HEAD /counted HTTP/1.1\r\nHost: x\r\n\r\n")
            await client.send("HEAD /declared HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return await client.receiveAll()
        }
        #expect(answer.contains("Content-Length: 5\r\n"))
        #expect(answer.contains("Content-Length: 99\r\n"))
        #expect(!answer.contains("12345"))
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
    }

    @Test("file ranges are sent in order, and a missing file is a 500")
    func fileRanges() async throws {
        let path = NSTemporaryDirectory() + "cupel-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data((0..<300_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }).write(to: URL(fileURLWithPath: path))
        let answer = try await withServer { request in
            let name = request.path == "/missing" ? path + "x" : path
            let ranges = FileRanges([
                FileRange(path: name, offset: 26 * 1000 + 1, length: 200_000),
                FileRange(path: name, offset: 0, length: 3),
            ])
            return HTTPResponse(status: 206, body: .files(ranges))
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send(
                "GET /missing HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return await client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
        #expect(answer.contains("\r\n\r\nthe file \(path)x cannot be sent: No such file or directory\n"))
        let body = answer.components(separatedBy: "\r\n\r\n")[2]
        #expect(body.utf8.count == 200_003)
        #expect(body.hasPrefix("bcdef"))
        #expect(body.hasSuffix("abc"))
    }

    @Test("a truncated file, a symbolic link and a pipe are a 500, sent before any byte")
    func damagedFiles() async throws {
        let path = NSTemporaryDirectory() + "cupel-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("four".utf8).write(to: URL(fileURLWithPath: path + "/short"))
        try Data("secret".utf8).write(to: URL(fileURLWithPath: path + "/other"))
        try FileManager.default.createSymbolicLink(atPath: path + "/link", withDestinationPath: path + "/other")
        #expect(mkfifo(path + "/pipe", 0o600) == 0)
        let answer = try await withServer { request in
            let ranges = FileRanges([FileRange(path: path + request.path, offset: 1, length: 4)])
            return HTTPResponse(status: 200, headers: HTTPHeaders([("ETag", "x")]), body: .files(ranges))
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("GET /short HTTP/1.1\r\nHost: x\r\n\r\nGET /link HTTP/1.1\r\nHost: x\r\n\r\n")
            await client.send("GET /pipe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return await client.receiveAll()
        }
        #expect(answer.components(separatedBy: "HTTP/1.1 500 Internal Server Error\r\n").count == 4)
        #expect(answer.contains("it is shorter than the response") && !answer.contains("ecre"))
        #expect(!answer.contains("ETag"))
    }

    @Test("a file deleted before its turn breaks the connection, so that the client notices")
    func deletedFile()
        async throws
    {
        let path = NSTemporaryDirectory() + "cupel-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("there".utf8).write(to: URL(fileURLWithPath: path))
        let answer = try await withServer { _ in
            let ranges = [path, path + "-gone"].map { FileRange(path: $0, offset: 0, length: 5) }
            return HTTPResponse(status: 200, body: .files(FileRanges(ranges)))
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return await client.receiveAll()
        }
        #expect(answer.contains("Content-Length: 10\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nthere"))
    }

    enum Nonsense: String, CaseIterable, CustomTestStringConvertible {
        case noRequest = "nonsense\r\n\r\n"
        case unknownVersion = "GET / HTTP/9.9\r\n\r\n"
        case spaceInName = "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"
        case negativeLength = "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"
        case controlBytes = "\u{0}\u{1}\u{2}\u{3}\r\n\r\n"
        case hugeField = ""

        var bytes: String {
            guard self == .hugeField else { return rawValue }
            return "GET / HTTP/1.1\r\nX: " + String(repeating: "y", count: 100_000) + "\r\n\r\n"
        }
        var testDescription: String { bytes.prefix(40).debugDescription }
    }

    @Test("a malformed request is answered 400, and the server keeps running", arguments: Nonsense.allCases)
    func malformedRequest(_ nonsense: Nonsense) async throws {
        let (refusal, next) = try await withServer(respond: Self.echo) { port, _ in
            let rude = try RawClient(port: port)
            await rude.send(nonsense.bytes)
            let refusal = await rude.receiveAll()
            let polite = try RawClient(port: port)
            await polite.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return (refusal, await polite.receiveAll())
        }
        #expect(refusal.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(next.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test("a body that breaks off is an error for its reader")
    func lostBody() async throws {
        let failure = Mutex("")
        let failed = Bell()
        try await withServer { request in
            do { while try await request.body.next() != nil {} } catch { failure.withLock { $0 = "\(error)" } }
            failed.ring()
            return HTTPResponse(status: 200)
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort")
            client.hangUp()
            await failed.wait()
        }
        #expect(failure.withLock { $0 } == RequestBodyError.connectionLost.description)
    }

    @Test("a body that stops arriving times out")
    func bodyTimeout() async throws {
        var limits = Self.patient
        limits.bodyTimeout = .milliseconds(50)
        let answer = try await withServer(limits: limits, respond: Self.echo) { port, _ in
            let client = try RawClient(port: port)
            await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort")
            return await client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.hasSuffix(RequestBodyError.timedOut.description))
    }

    @Test("a connection whose request head never ends is closed")
    func headTimeout() async throws {
        var limits = Self.patient
        limits.headTimeout = .milliseconds(50)
        let answer = try await withServer(limits: limits, respond: Self.echo) { port, _ in
            let client = try RawClient(port: port)
            await client.send("GET / HTTP/1.1\r\nHost:")
            return await client.receiveAll()
        }
        #expect(answer.isEmpty)
    }

    @Test("the task that answers is cancelled when the client disconnects")
    func cancellation() async throws {
        let begun = Bell()
        let cancelled = Bell()
        try await withServer { _ in
            begun.ring()
            await withTaskCancellationHandler {
                try? await Task.sleep(for: .seconds(3600))
            } onCancel: {
                cancelled.ring()
            }
            return HTTPResponse(status: 200)
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            client.hangUp()
            await cancelled.wait()
        }
    }

    @Test("an unread body is discarded, and the connection stays usable")
    func unreadBody() async throws {
        let answer = try await withServer { request in
            HTTPResponse(status: request.method == "PUT" ? 404 : 200)
        } _: { port, _ in
            let client = try RawClient(port: port)
            await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            await client.send([UInt8](repeating: 0, count: 1_000_000))
            await client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return await client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(answer.contains("HTTP/1.1 200 OK\r\n"))
    }

    @Test("closing closes idle connections, lets a request finish, and frees the port")
    func closing() async throws {
        var limits = Self.patient
        limits.drainTimeout = .seconds(3600)
        let begun = Bell()
        let mayEnd = Bell()
        let server = HTTPServer(limits: limits)
        let listener = try await server.listen(port: 0) { _ in
            begun.ring()
            await mayEnd.wait()
            return HTTPResponse(status: 200)
        }
        let busy = try RawClient(port: listener.port)
        let idle = try RawClient(port: listener.port)
        await busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun.wait()
        async let closed: Void = listener.close()
        #expect(await idle.receiveAll().isEmpty)
        mayEnd.ring()
        #expect(await busy.receiveAll().hasPrefix("HTTP/1.1 200 OK\r\n"))
        await closed
        #expect(throws: POSIXError.self) { _ = try RawClient(port: listener.port) }
        await server.stop()
    }

    @Test("closing cuts off a request that does not end")
    func cutOff() async throws {
        var limits = Self.patient
        limits.drainTimeout = .milliseconds(50)
        let begun = Bell()
        let server = HTTPServer(limits: limits)
        let listener = try await server.listen(port: 0) { _ in
            begun.ring()
            try? await Task.sleep(for: .seconds(3600))
            return HTTPResponse(status: 200)
        }
        let endless = try RawClient(port: listener.port)
        await endless.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun.wait()
        await listener.close()
        #expect(await endless.receiveAll().isEmpty)
        await server.stop()
    }

    @Test("a port in use is named in the error")
    func portInUse() async throws {
        try await withServer(respond: Self.echo) { port, _ in
            let second = HTTPServer()
            let error = await #expect(throws: HTTPServerError.self) {
                _ = try await second.listen(port: port, respond: Self.echo)
            }
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            await second.stop()
        }
    }
}
