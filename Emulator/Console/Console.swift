package import EmulatorCore
internal import JSON
internal import Threads
package import Time
internal import URLCoding

/// The web page over a pipeline, below `/console/`.
///
/// It serves pages, their assets, and the API that the pages are made of. It knows nothing but what its source says.
package struct Console: Sendable {
    /// Where this console is, and what it may do.
    package struct Settings: Sendable {
        /// What the pages say the pipeline is: `local`, or the stack and profile.
        package var title: String
        /// Whether requests that change the pipeline are refused.
        package var isReadOnly: Bool
        /// What such requests must send as `X-Cupel-Token`.
        package var token: String
        /// How often the counts are read while a page is open.
        package var interval: Duration

        package init(
            title: String, isReadOnly: Bool, interval: Duration = .seconds(1), clock: ClockAndChance = .system
        ) {
            self.title = title
            self.isReadOnly = isReadOnly
            self.interval = interval
            token = clock.uuid() + clock.uuid()
        }
    }

    let source: any ConsoleSource
    let settings: Settings
    private let feed: FlowFeed

    package static let root = "/console/"

    package init(_ source: any ConsoleSource, _ settings: Settings) {
        self.source = source
        self.settings = settings
        feed = FlowFeed(source, every: settings.interval)
    }

    /// Whether a request is for a console, and not for a bucket named `console`: AWS's clients sign.
    package static func isAddressed(by request: HTTPRequest) -> Bool {
        guard request.path == "/console" || request.path.hasPrefix(root) else { return false }
        return request.headers["Authorization"] == nil && request.headers["X-Amz-Target"] == nil
            && request.headers["X-Amz-Date"] == nil && !request.query.contains("X-Amz-")
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        var response: HTTPResponse
        do throws(ConsoleFault) {
            try ConsoleGuard.check(request)
            response = try await answer(request)
        } catch {
            response = refusal(error, request)
        }
        for (name, value) in ConsoleGuard.headers where response.headers[name] == nil {
            response.headers.append(name, value)
        }
        return response
    }

    // MARK: Routes

    private func answer(_ request: HTTPRequest) async throws(ConsoleFault) -> HTTPResponse {
        guard request.path != "/console" else {
            return HTTPResponse(status: 308, headers: HTTPHeaders([("Location", Self.root)]))
        }
        let segments = try Self.segments(request.path)
        switch segments.first {
        case "assets":
            guard let asset = Asset.named(segments.dropFirst().joined(separator: "/")) else {
                throw .notFound("there is no asset \(request.path)")
            }
            return asset.response(to: request)
        case "api": return try await answerAPI(request, Array(segments.dropFirst()))
        default: return try await answerPage(request, segments)
        }
    }

    private func answerAPI(_ request: HTTPRequest, _ segments: [String]) async throws(ConsoleFault) -> HTTPResponse {
        if segments.count == 1, let response = try answerForPages(request, segments[0]) { return response }
        let matches = Operation.all.compactMap { operation in
            operation.match(segments).map { (operation, $0) }
        }
        guard !matches.isEmpty else {
            throw .notFound("there is no operation \(request.path); /console/api/openapi.json lists all")
        }
        let method = request.method == "HEAD" ? "GET" : request.method
        guard let (operation, values) = matches.first(where: { $0.0.method.rawValue == method }) else {
            throw .notAllowed(request.method, matches.map(\.0.method.rawValue))
        }
        if operation.method == .post {
            try ConsoleGuard.checkToken(request, settings.token)
            if operation.changes, settings.isReadOnly {
                throw .refused("this console only reads; start it with --allow-replay")
            }
        }
        let body = operation.body.isEmpty ? [] : try await Self.body(of: request)
        let arguments = try operation.arguments(
            path: values, query: try Self.parameters(request.query), body: body)
        let source = source
        return Self.json(
            try await Self.onThread { () throws(ConsoleFault) in try operation.perform(arguments, source) })
    }

    /// What the script of the pages needs, and the description; nil if the request is for an operation.
    private func answerForPages(
        _ request: HTTPRequest, _ name: String
    ) throws(ConsoleFault) -> HTTPResponse? {
        guard ["openapi.json", "session", "events"].contains(name) else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else {
            throw .notAllowed(request.method, ["GET"])
        }
        guard request.query.isEmpty else { throw .badRequest("\(name) takes no parameters") }
        switch name {
        case "openapi.json": return Self.json(OpenAPI.document)
        case "events": return feed.response()
        default:
            return Self.json([
                "token": .string(settings.token), "read_only": .bool(settings.isReadOnly),
                "pipeline": .string(settings.title),
            ])
        }
    }

    private func answerPage(_ request: HTTPRequest, _ segments: [String]) async throws(ConsoleFault) -> HTTPResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw .notAllowed(request.method, ["GET"])
        }
        guard let (page, id) = Page.matching(segments) else {
            throw .notFound("there is no page \(request.path)")
        }
        var query: [String: String] = [:]
        for (name, value) in try Self.parameters(request.query) {
            guard page.parameters.contains(name) else {
                let known = page.parameters.isEmpty ? "there are none" : page.parameters.joined(separator: ", ")
                throw .badRequest("there is no parameter \(name); expected \(known)")
            }
            guard query.updateValue(value, forKey: name) == nil else { throw .badRequest("\(name) is given twice") }
        }
        let (source, settings) = (source, settings)
        let asked = Page.Request(id: id, query: query, canChange: !settings.isReadOnly)
        let content = try await Self.onThread { () throws(ConsoleFault) in try page.render(asked, source) }
        return Self.html(Layout.page(content, page: page, settings: settings))
    }

    private func refusal(_ fault: ConsoleFault, _ request: HTTPRequest) -> HTTPResponse {
        var response: HTTPResponse
        if request.path.hasPrefix(Self.root + "api/") || request.path.hasPrefix(Self.root + "assets/") {
            response = Self.json(["error": .string(fault.description)])
        } else {
            response = Self.html(
                Layout.page(
                    Page.Content(title: fault.status == 404 ? "Not found" : "No answer", body: Parts.problem(fault)),
                    page: nil, settings: settings))
        }
        response.status = fault.status
        if !fault.allowed.isEmpty { response.headers["Allow"] = fault.allowed.joined(separator: ", ") }
        return response
    }

    // MARK: Requests

    private static func segments(_ path: String) throws(ConsoleFault) -> [String] {
        var segments: [String] = []
        for part in path.dropFirst(root.count).split(separator: "/", omittingEmptySubsequences: true) {
            guard let segment = String(percentDecoding: String(part)) else {
                throw .badRequest("the path is not percent-encoded UTF-8")
            }
            segments.append(segment)
        }
        return segments
    }

    static func parameters(_ query: String) throws(ConsoleFault) -> [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        for part in query.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = String(formURLDecoding: String(halves[0])),
                let value = String(formURLDecoding: halves.count > 1 ? String(halves[1]) : "")
            else { throw .badRequest("the query is not percent-encoded UTF-8") }
            parameters.append((name, value))
        }
        return parameters
    }

    private static func body(of request: HTTPRequest) async throws(ConsoleFault) -> [UInt8] {
        do { return try await request.body.collect(upTo: Operation.bodyLimit) } catch let fault as AWSFault {
            throw ConsoleFault(413, "the body is larger than \(Operation.bodyLimit) bytes: \(fault)")
        } catch {
            throw .badRequest("the body did not arrive: \(error)")
        }
    }

    /// Runs calls that block on a thread of their own: those of the pool answer them.
    static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws(ConsoleFault) -> Result
    ) async throws(ConsoleFault) -> Result {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Result, ConsoleFault>, Never>) in
            SystemThread {
                do throws(ConsoleFault) { continuation.resume(returning: .success(try body())) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }.detach()
        }
        return try result.get()
    }

    // MARK: Responses

    static func json(_ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }

    private static func html(_ page: HTML) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "text/html; charset=utf-8")]),
            body: .bytes(Array(page.text.utf8)))
    }
}
