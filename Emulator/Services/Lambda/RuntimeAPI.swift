internal import EmulatorCore
internal import JSON
internal import Synchronization

/// The Lambda Runtime API of one worker, which gives it one invocation at a time and receives its answers.
///
/// Status codes and bodies are those of AWS's own runtime interface emulator.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
final class RuntimeAPI: Sendable {
    /// The result of the worker's init, from its first request.
    enum Readiness: Sendable {
        case ready
        case failed([UInt8], type: String?)
        case exited(ProcessEnd)
        case timedOut
    }

    private enum Phase {
        case initializing
        case initFailed
        /// The worker waits for an invocation, or has not asked for the next one.
        case idle
        case running(Invocation, Promise<InvocationEnd>)
        case responded
    }

    private struct State {
        var phase = Phase.initializing
        /// Submitted by the pool, but not requested by the worker yet.
        var submitted: (invocation: Invocation, end: Promise<InvocationEnd>)?
    }

    private let state = Mutex(State())
    private let submission = Bell()
    /// Settled by the first `next`, by `init/error`, or by the end of the process.
    let readiness = Promise<Readiness>()

    static let base = "/2018-06-01/runtime"

    /// Submits an invocation; `end` is settled with the worker's answer.
    func submit(_ invocation: Invocation, end: Promise<InvocationEnd>) {
        state.withLock { $0.submitted = (invocation, end) }
        submission.ring()
    }

    /// Withdraws the submitted invocation.
    /// - Returns: false if the worker already has it.
    func withdraw() -> Bool {
        state.withLock { state in
            defer { state.submitted = nil }
            return state.submitted != nil
        }
    }

    // MARK: Requests

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/2018-06-01/ping" { return HTTPResponse(status: 200, body: .bytes(Array("pong".utf8))) }
        guard request.path.hasPrefix(Self.base) else { return Self.notFound }
        let parts = request.path.dropFirst(Self.base.count).split(separator: "/").map(String.init)
        switch (parts.count, parts.first, parts.last) {
        case (2, "invocation", "next"):
            return request.method == "GET" ? await next() : Self.methodNotAllowed("GET")
        case (3, "invocation", "response"):
            return request.method == "POST" ? await response(parts[1], request) : Self.methodNotAllowed("POST")
        case (3, "invocation", "error"):
            return request.method == "POST" ? await error(parts[1], request) : Self.methodNotAllowed("POST")
        case (2, "init", "error"):
            return request.method == "POST" ? await initError(request) : Self.methodNotAllowed("POST")
        default: return Self.notFound
        }
    }

    private func next() async -> HTTPResponse {
        let refused = state.withLock { state in
            switch state.phase {
            case .initFailed: return true
            case .initializing, .responded:
                state.phase = .idle
                return false
            case .idle, .running: return false
            }
        }
        if refused { return Self.invalidTransition(from: "InitError", to: "Ready") }
        readiness.settle(.ready)
        while !Task.isCancelled {
            let invocation: Invocation? = state.withLock { state in
                // A worker that asks again without an answer gets the same invocation.
                if case .running(let invocation, _) = state.phase { return invocation }
                guard let (invocation, end) = state.submitted else { return nil }
                state.submitted = nil
                state.phase = .running(invocation, end)
                return invocation
            }
            if let invocation { return Self.event(invocation) }
            await submission.wait()
        }
        return HTTPResponse(status: 499)
    }

    private static func event(_ invocation: Invocation) -> HTTPResponse {
        var headers = HTTPHeaders([
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", invocation.requestID),
            ("Lambda-Runtime-Deadline-Ms", String(invocation.deadline)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.functionARN),
        ])
        if let traceID = invocation.traceID { headers.append("Lambda-Runtime-Trace-Id", traceID) }
        if let context = invocation.clientContext { headers.append("Lambda-Runtime-Client-Context", context) }
        return HTTPResponse(status: 200, headers: headers, body: .bytes(invocation.payload))
    }

    private func response(_ requestID: String, _ request: HTTPRequest) async -> HTTPResponse {
        if let mode = request.headers["Lambda-Runtime-Function-Response-Mode"], mode != "streaming" {
            return Self.refused(400, "InvalidFunctionResponseMode", "Invalid function response mode")
        }
        if let refusal = refusal(of: requestID, to: "InvocationResponse") { return refusal }
        do {
            let body = try await request.body.collect(upTo: PayloadLimit.response)
            return answer(requestID, .responded(body), to: "InvocationResponse")
        } catch is AWSFault {
            let type = "Function.ResponseSizeTooLarge"
            let message = "exceeded maximum allowed payload size (\(PayloadLimit.response) bytes)."
            let document: JSON = [
                "errorType": .string(type), "errorMessage": .string("Response payload size \(message)"),
            ]
            _ = answer(requestID, .failed(document.bytes, type: type), to: "InvocationResponse")
            return Self.refused(413, "RequestEntityTooLarge", "E" + message.dropFirst())
        } catch {
            // The connection broke; the end of the process will settle the invocation.
            return HTTPResponse(status: 499)
        }
    }

    private func error(_ requestID: String, _ request: HTTPRequest) async -> HTTPResponse {
        if let refusal = refusal(of: requestID, to: "InvocationErrorResponse") { return refusal }
        let type = request.headers["Lambda-Runtime-Function-Error-Type"]
        guard let body = try? await request.body.collect(upTo: PayloadLimit.response) else {
            return Self.refused(413, "RequestEntityTooLarge", "The error is too large.")
        }
        return answer(requestID, .failed(body, type: type), to: "InvocationErrorResponse")
    }

    /// Why an answer to `requestID` is refused; nil if it is accepted.
    private func refusal(of requestID: String, to transition: String) -> HTTPResponse? {
        state.withLock { state in
            switch state.phase {
            case .running(let invocation, _) where invocation.requestID == requestID: nil
            case .responded: Self.invalidTransition(from: "RuntimeResponseSentState", to: transition)
            default: Self.refused(400, "InvalidRequestID", "Invalid request ID")
            }
        }
    }

    private func answer(_ requestID: String, _ end: InvocationEnd, to transition: String) -> HTTPResponse {
        let promise: Promise<InvocationEnd>? = state.withLock { state in
            guard case .running(let invocation, let promise) = state.phase, invocation.requestID == requestID else {
                return nil
            }
            state.phase = .responded
            return promise
        }
        guard let promise else { return Self.invalidTransition(from: "RuntimeResponseSentState", to: transition) }
        promise.settle(end)
        return Self.accepted
    }

    private func initError(_ request: HTTPRequest) async -> HTTPResponse {
        let type = request.headers["Lambda-Runtime-Function-Error-Type"]
        let body = (try? await request.body.collect(upTo: PayloadLimit.response)) ?? []
        let refusal: HTTPResponse? = state.withLock { state in
            switch state.phase {
            case .initializing:
                state.phase = .initFailed
                return nil
            case .initFailed: return Self.invalidTransition(from: "InitError", to: "InitError")
            case .idle, .running, .responded: return Self.invalidTransition(from: "Running", to: "InitError")
            }
        }
        if let refusal { return refusal }
        readiness.settle(.failed(body, type: type))
        return Self.accepted
    }

    // MARK: Answers

    private static let accepted = json(202, ["status": "OK"])
    private static let notFound = HTTPResponse(
        status: 404, headers: HTTPHeaders([("Content-Type", "text/plain")]),
        body: .bytes(Array("404 page not found\n".utf8)))

    private static func methodNotAllowed(_ allowed: String) -> HTTPResponse {
        HTTPResponse(status: 405, headers: HTTPHeaders([("Allow", allowed)]))
    }

    private static func refused(_ status: Int, _ type: String, _ message: String) -> HTTPResponse {
        json(status, ["errorMessage": .string(message), "errorType": .string(type)])
    }

    private static func invalidTransition(from state: String, to transition: String) -> HTTPResponse {
        refused(
            403, "InvalidStateTransition",
            "State transition from \(state) to \(transition) failed for runtime. "
                + "Error: State transition is not allowed")
    }

    private static func json(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }
}
