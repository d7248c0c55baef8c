import JSON
import Synchronization
import Testing

@testable import LambdaRuntime

struct Closure: LambdaHandler {
    let body: ([UInt8], InvocationContext) throws -> [UInt8]
    func handle(_ event: [UInt8], _ context: InvocationContext) throws -> [UInt8] { try body(event, context) }
}

final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    @Sendable func append(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
}

@Suite struct LambdaRuntimeTests {
    typealias Answer = ScriptedServer.Answer
    private let lines = LogLines()

    private func serve(
        _ server: ScriptedServer,
        _ body: @escaping ([UInt8], InvocationContext) throws -> [UInt8] = { event, _ in event }
    ) -> Int32 {
        serve(server, starting: { _ in Closure(body: body) })
    }

    private func serve<Handler: LambdaHandler>(
        _ server: ScriptedServer, publishingTraceIDs publish: @escaping (String?) -> Void = { _ in },
        starting make: (Environment) throws -> Handler
    ) -> Int32 {
        let environment = Environment(["AWS_LAMBDA_RUNTIME_API": server.address])
        return LambdaRuntime(environment, log: Log(environment, sink: lines.append), publishTraceID: publish).serve(
            make)
    }

    @Test("events are answered in turn over one connection until Lambda refuses the next request")
    func oneConnection() {
        let server = ScriptedServer([.event("one"), .accepted, .event("two", id: "id-2"), .accepted])
        let code = serve(server) { event, context in
            Array("\(context.requestID) \(String(decoding: event, as: UTF8.self))".utf8)
        }
        #expect(code == 0)
        #expect(
            server.lines == [
                "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
                "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1",
                "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
                "POST /2018-06-01/runtime/invocation/id-2/response HTTP/1.1",
                "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
            ])
        #expect(server.received.map(\.body) == ["", "id-1 one", "", "id-2 two", ""])
        #expect(server.received.allSatisfy { $0.connection == 1 })
    }

    @Test(
        "an event arrives whole, however it is framed and split",
        arguments: [
            Answer.text(
                "HTTP/1.1 200 OK\r\n\(Answer.eventHeaders())Transfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n"),
            .text("HTTP/1.1 200 OK\r", "\n\(Answer.eventHeaders())Content-Length: 7\r\n\r", "\n", "abc", "d", "efg"),
            .text(
                "HTTP/1.1 200 OK\r\n\(Answer.eventHeaders())transfer-encoding:chunked\r\n\r\n", "0", "3\r", "\nab",
                "c\r\n4\r\n",
                "defg", "\r\n0\r\n", "\r\n"),
            .text("HTTP/1.1 200 OK\r\n\(Answer.eventHeaders())\r\nabcd", "efg", closes: true),
            .text("HTTP/1.0 200 OK\r\n\(Answer.eventHeaders())Content-Length: 7\r\n\r\nabcdefg", closes: true),
            .text(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\n\(Answer.eventHeaders())"
                    + "Content-Length: 7\r\n\r\nabcdefg"),
        ])
    func framing(event: Answer) {
        let server = ScriptedServer([event, .accepted])
        #expect(serve(server) == 0)
        #expect(server.received.count == 3)
        #expect(server.received[1].body == "abcdefg")
    }

    @Test("a large event and a large response pass unchanged") func largeBodies() {
        let event = String(repeating: "0123456789abcdef", count: 300_000)
        let server = ScriptedServer([.event(event), .accepted])
        #expect(serve(server) == 0)
        #expect(server.received[1].body == event)
    }

    @Test("a connection that Lambda closed between two requests is opened again") func closedConnection() {
        var closing = Answer.event("one")
        closing.closes = true
        let server = ScriptedServer([closing, .accepted, .event("two", id: "id-2"), .accepted])
        #expect(serve(server) == 0)
        #expect(server.received.map(\.connection) == [1, 2, 2, 2, 2])
        #expect(server.received.map(\.body) == ["", "one", "", "two", ""])
    }

    @Test("a request whose answer is truncated is sent again over a new connection") func truncatedAnswer() {
        let cut = Answer.text("HTTP/1.1 202 Accepted\r\nContent-Le", closes: true)
        let server = ScriptedServer([.event("one"), cut, .accepted])
        #expect(serve(server) == 0)
        #expect(server.lines.filter { $0.contains("/response") }.count == 2)
    }

    @Test(
        "a Runtime API that closes in the middle of an answer ends the function with exit code 0",
        arguments: [
            Answer.text("HTTP/1.1 200 OK\r\n\(Answer.eventHeaders())Content-Length: 7\r\n\r\nabc", closes: true),
            .text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", closes: true),
            .text("", closes: true),
        ])
    func lostRuntimeAPI(event: Answer) {
        #expect(serve(ScriptedServer([event])) == 0)
        #expect(lines.all.count == 1)
        #expect(lines.all[0].contains("stopping: the Runtime API closed the connection"))
    }

    @Test(
        "an invalid answer ends the function with exit code 1 and the reason",
        arguments: [
            (Answer.text("SMTP ready\r\n\r\n", closes: true), "its first line is"),
            (.text("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", closes: true), "a header line is"),
            (.text("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", closes: true), "Content-Length"),
            (.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", closes: true), "chunk's size"),
            (.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", closes: true), "Lambda-Runtime-Aws-Request-Id"),
            (
                .text(
                    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a/b\r\nContent-Length: 0\r\n\r\n", closes: true),
                "not a path segment"
            ),
            (.text("HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nwrong", closes: true), "status 500: wrong"),
        ])
    func invalidAnswers(event: Answer, reason: String) {
        #expect(serve(ScriptedServer([event])) == 1)
        #expect(lines.all.last?.contains(reason) == true)
    }

    struct Refusal: LambdaFailure, CustomStringConvertible {
        let errorType = "BadInput"
        let description = "line 3: \"quoted\"\r\nInjected: header"
    }
    struct Plain: Error {}

    @Test("a handler's error becomes an error response, and the next event is served") func thrownErrors() throws {
        let server = ScriptedServer([.event("1"), .accepted, .event("2", id: "id-2"), .accepted])
        let code = serve(server) { event, _ in
            if event == Array("1".utf8) { throw Refusal() }
            throw Plain()
        }
        #expect(code == 0)
        let first = server.received[1]
        #expect(first.line == "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1")
        #expect(first.headers["Lambda-Runtime-Function-Error-Type"] == "BadInput")
        #expect(first.headers["Content-Type"] == "application/json")
        let body = try JSON(parsing: first.body)
        #expect(body["errorType"] == "BadInput")
        #expect(body["errorMessage"]?.string == Refusal().description)
        #expect(try JSON(parsing: server.received[3].body)["errorType"] == "Plain")
        let line = try JSON(parsing: lines.all[0])
        #expect(line["requestId"] == "id-1")
        #expect(line["level"] == "ERROR")
        #expect(line["errorType"] == "BadInput")
    }

    @Test("an error type cannot end its header") func headerInjection() {
        struct Sly: LambdaFailure { let errorType = "a\r\nX-Injected: 1" }
        let server = ScriptedServer([.event("1"), .accepted])
        #expect(serve(server) { _, _ in throw Sly() } == 0)
        #expect(server.received[1].headers["Lambda-Runtime-Function-Error-Type"] == "aX-Injected: 1")
    }

    @Test("the largest response passes, and one byte more is an error response") func responseLimit() throws {
        let limit = RuntimeAPI.responseLimitInBytes
        let server = ScriptedServer([.event("0"), .accepted, .event("1", id: "id-2"), .accepted])
        let code = serve(server) { event, _ in
            [UInt8](repeating: 0x20, count: limit + (event == [0x31] ? 1 : 0))
        }
        #expect(code == 0)
        #expect(server.received[1].body.utf8.count == 6_291_556)
        #expect(server.received[3].line.hasSuffix("/id-2/error HTTP/1.1"))
        #expect(try JSON(parsing: server.received[3].body)["errorType"] == "Function.ResponseSizeTooLarge")
    }

    @Test("a response that Lambda refuses as too large becomes an error response") func responseTooLarge() throws {
        let server = ScriptedServer([.event("{}"), .refused(413, "too large"), .accepted])
        #expect(serve(server) == 0)
        #expect(server.lines[2].hasSuffix("/id-1/error HTTP/1.1"))
    }

    @Test("a refused answer is logged, and the next event is served", arguments: [400, 403])
    func refusedAnswer(status: Int) {
        let server = ScriptedServer([.event("{}"), .refused(status, "too late"), .event("{}", id: "id-2"), .accepted])
        #expect(serve(server) == 0)
        #expect(server.lines[3].contains("/id-2/response"))
        #expect(lines.all[0].contains("too late"))
        #expect(lines.all[0].contains("\"requestId\":\"id-1\""))
    }

    @Test("a server error to an answer ends the function with exit code 1") func serverError() {
        #expect(serve(ScriptedServer([.event("{}"), .refused(500, "broken")])) == 1)
    }

    @Test("a handler that cannot be created is an init error") func initError() throws {
        let server = ScriptedServer([.accepted])
        let code = serve(server) { environment -> Closure in
            _ = try environment.require("CONTROL_TABLE")
            return Closure { event, _ in event }
        }
        #expect(code == 1)
        #expect(server.lines == ["POST /2018-06-01/runtime/init/error HTTP/1.1"])
        let body = try JSON(parsing: server.received[0].body)
        #expect(body["errorType"] == "Runtime.InvalidEnvironment")
        #expect(body["errorMessage"]?.string?.contains("CONTROL_TABLE is not set") == true)
    }

    @Test("the function waits for a Runtime API that starts a moment later") func lateRuntimeAPI() throws {
        let server = ScriptedServer([.event("1")], listeningAfter: 50_000)
        var connection = HTTPConnection(to: server.address, patienceAtFirst: .seconds(600))
        #expect(try connection.exchange(.get("/next")).body == Array("1".utf8))
    }

    @Test("without a Runtime API the error names the missing variable") func missingVariable() {
        let runtime = LambdaRuntime(Environment([:]), log: Log(sink: lines.append)) { _ in }
        let code = runtime.serve { _ in Closure { event, _ in event } }
        #expect(code == 1)
        #expect(lines.all[0].contains("AWS_LAMBDA_RUNTIME_API is not set"))
    }

    @Test("the context has the headers' values, and the trace id is published before the handler runs")
    func invocationContext() {
        let traced = "Lambda-Runtime-Trace-Id: Root=1-5\r\nLambda-Runtime-Client-Context: {\"a\":1}\r\n"
        let server = ScriptedServer([.event("", headers: traced), .accepted, .event(""), .accepted])
        var seen: [InvocationContext] = []
        var published: [String?] = []
        let handler = Closure { _, context in
            seen.append(context)
            #expect(published.count == seen.count)
            context.log.info("working", ["step": 1, "message": "not mine"])
            return []
        }
        let code = serve(server, publishingTraceIDs: { published.append($0) }, starting: { _ in handler })
        #expect(code == 0)
        #expect(seen.map(\.traceID) == ["Root=1-5", nil])
        #expect(published == ["Root=1-5", nil])
        #expect(seen[0].clientContext == "{\"a\":1}")
        #expect(seen[0].invokedFunctionARN == "arn:aws:lambda:us-east-1:000000000000:function:f")
        // The scripted deadline is January 1, 2100.
        #expect(seen[0].remainingTime > .seconds(24 * 3600))
        #expect(lines.all[0].contains(#""requestId":"id-1","message":"working","step":1}"#))
    }

    @Test("a JSON handler answers JSON, and an event that is not JSON is an error response") func jsonHandler() throws {
        struct Doubler: JSONHandler {
            func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON { [event, event] }
        }
        let server = ScriptedServer([.event("{\"n\":1.50}"), .accepted, .event("{"), .accepted])
        #expect(serve(server) { _ in Doubler() } == 0)
        #expect(server.received[1].body == "[{\"n\":1.50},{\"n\":1.50}]")
        #expect(try JSON(parsing: server.received[3].body)["errorType"] == "Runtime.UnmarshalError")
    }
}
