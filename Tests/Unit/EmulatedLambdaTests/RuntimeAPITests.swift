import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedLambda

/// The expected answers are those observed from AWS's runtime interface emulator.
@Suite struct RuntimeAPITests {
    private let runtime = RuntimeAPI()

    private func call(
        _ method: String, _ path: String, _ body: [UInt8] = [], _ headers: [(String, String)] = []
    ) async -> HTTPResponse {
        await runtime.respond(
            to: HTTPRequest(
                method: method, path: "/2018-06-01/runtime" + path, headers: HTTPHeaders(headers),
                body: RequestBody(body)))
    }

    private func submit(_ id: String = "7") -> Promise<InvocationEnd> {
        let end = Promise<InvocationEnd>()
        runtime.submit(
            Invocation(requestID: id, payload: Array("{}".utf8), functionARN: "arn", deadline: 12), end: end)
        return end
    }

    @Test("next returns the same event until it is answered")
    func nextRepeats() async {
        let end = submit()
        for _ in 0..<2 {
            let event = await call("GET", "/invocation/next")
            #expect(event.status == 200)
            #expect(event.text == "{}")
            #expect(event.headers["lambda-runtime-aws-request-id"] == "7")
            #expect(event.headers["lambda-runtime-deadline-ms"] == "12")
            #expect(event.headers["lambda-runtime-trace-id"] == nil)
        }
        let answer = await call("POST", "/invocation/7/response", [1, 2])
        #expect(answer.status == 202)
        #expect(answer.text == #"{"status":"OK"}"#)
        guard case .responded([1, 2])? = end.settled else {
            Issue.record("\(String(describing: end.settled))")
            return
        }
    }

    @Test("next waits for an event")
    func nextWaits() async {
        async let event = call("GET", "/invocation/next")
        guard case .ready = await runtime.readiness.value else { return }
        _ = submit("8")
        #expect(await event.headers["Lambda-Runtime-Aws-Request-Id"] == "8")
    }

    @Test("a request ID that is not running is refused")
    func unknownID() async {
        let early = await call("POST", "/invocation/7/response")
        #expect(early.status == 400)
        #expect(early.text == #"{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#)
        _ = submit()
        _ = await call("GET", "/invocation/next")
        #expect(await call("POST", "/invocation/8/error").status == 400)
    }

    @Test("an invocation is answered once")
    func secondAnswer() async {
        _ = submit()
        _ = await call("GET", "/invocation/next")
        _ = await call("POST", "/invocation/7/response")
        let second = await call("POST", "/invocation/7/response")
        #expect(second.status == 403)
        #expect(
            second.json?["errorMessage"]?.string
                == "State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. "
                + "Error: State transition is not allowed")
        #expect(await call("POST", "/invocation/7/error").status == 403)
    }

    @Test("an answer is limited to 6 MiB and 100 bytes", arguments: [(0, 202), (1, 413)])
    func answerLimit(beyond: Int, status: Int) async {
        let end = submit()
        _ = await call("GET", "/invocation/next")
        let answer = await call("POST", "/invocation/7/response", [UInt8](repeating: 0x20, count: 6_291_556 + beyond))
        #expect(answer.status == status)
        guard beyond > 0 else { return }
        #expect(answer.json?["errorMessage"] == "Exceeded maximum allowed payload size (6291556 bytes).")
        guard case .failed(_, "Function.ResponseSizeTooLarge")? = end.settled else {
            Issue.record("\(String(describing: end.settled))")
            return
        }
    }

    @Test("an init error is accepted once, before the first next")
    func initError() async {
        let first = await call("POST", "/init/error", Array("{}".utf8), [("Lambda-Runtime-Function-Error-Type", "X.Y")])
        #expect(first.status == 202)
        guard case .failed(_, "X.Y")? = runtime.readiness.settled else {
            Issue.record("\(String(describing: runtime.readiness.settled))")
            return
        }
        #expect(await call("POST", "/init/error").status == 403)
        #expect(await call("GET", "/invocation/next").status == 403)
    }

    @Test("an init error after next is refused")
    func lateInitError() async {
        _ = submit()
        _ = await call("GET", "/invocation/next")
        let late = await call("POST", "/init/error")
        #expect(late.json?["errorMessage"]?.string?.hasPrefix("State transition from Running to InitError") == true)
    }

    @Test("an unknown response mode, method, or path is refused")
    func unknownRequests() async {
        _ = submit()
        _ = await call("GET", "/invocation/next")
        let mode = await call(
            "POST", "/invocation/7/response", [], [("Lambda-Runtime-Function-Response-Mode", "wat")])
        #expect(mode.status == 400)
        #expect(mode.json?["errorType"] == "InvalidFunctionResponseMode")
        let method = await call("POST", "/invocation/next")
        #expect(method.status == 405)
        #expect(method.headers["Allow"] == "GET")
        let path = await call("GET", "/restore/next")
        #expect(path.status == 404)
        #expect(path.text == "404 page not found\n")
        #expect(await runtime.respond(to: HTTPRequest(method: "GET", path: "/2018-06-01/ping")).text == "pong")
    }
}
