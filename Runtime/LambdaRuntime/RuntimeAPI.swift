internal import JSON

/// The calls of the Lambda Runtime API.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
struct RuntimeAPI: ~Copyable {
    /// The largest response that Lambda accepts: 6 MiB and 100 bytes.
    static let responseLimitInBytes = 6_291_556
    private static let base = "/2018-06-01/runtime"

    private var connection: HTTPConnection

    init(address: String) { connection = HTTPConnection(to: address) }

    /// Waits without a time limit for the next event.
    mutating func next() throws(RuntimeAPIError) -> Invocation {
        let answer = try exchange(.get("\(Self.base)/invocation/next"))
        guard answer.status == 200 else { throw Self.refusal(of: "next", answer) }
        return try Invocation(answer)
    }

    mutating func respond(_ response: [UInt8], to requestID: String) throws(RuntimeAPIError) {
        let headers = [(name: "Content-Type", value: "application/json")]
        try post("\(Self.base)/invocation/\(requestID)/response", response, headers: headers, naming: "response")
    }

    mutating func report(_ failure: FailureReport, of requestID: String) throws(RuntimeAPIError) {
        try post(failure, to: "\(Self.base)/invocation/\(requestID)/error", naming: "error")
    }

    /// Reports that the function cannot start. Lambda then accepts no further calls of this process.
    mutating func reportInitialization(_ failure: FailureReport) throws(RuntimeAPIError) {
        try post(failure, to: "\(Self.base)/init/error", naming: "init error")
    }

    private mutating func post(
        _ failure: FailureReport, to path: String, naming call: String
    ) throws(RuntimeAPIError) {
        let headers = [
            (name: "Content-Type", value: "application/json"),
            (name: "Lambda-Runtime-Function-Error-Type", value: failure.errorType),
        ]
        try post(path, failure.json.bytes, headers: headers, naming: call)
    }

    private mutating func post(
        _ path: String, _ body: [UInt8], headers: [(name: String, value: String)], naming call: String
    ) throws(RuntimeAPIError) {
        let answer = try exchange(.post(path, body, headers: headers))
        guard answer.status == 202 else { throw Self.refusal(of: call, answer) }
    }

    private mutating func exchange(_ request: HTTPRequest) throws(RuntimeAPIError) -> HTTPResponse {
        do { return try connection.exchange(request) } catch { throw .connection(error) }
    }

    private static func refusal(of call: String, _ answer: HTTPResponse) -> RuntimeAPIError {
        let body = try? JSON(parsing: answer.body)
        let reason = body?["errorMessage"]?.string ?? String(decoding: answer.body.prefix(200), as: UTF8.self)
        return .refused(call: call, status: answer.status, reason: reason)
    }
}

/// Why a call of the Runtime API failed.
enum RuntimeAPIError: Error, Hashable, CustomStringConvertible {
    case connection(ConnectionError)
    case refused(call: String, status: Int, reason: String)
    /// The event lacks a header that its answer needs.
    case incompleteEvent(reason: String)

    var description: String {
        switch self {
        case .connection(let error): "\(error)"
        case .refused(let call, let status, let reason):
            "the Runtime API refused the call \"\(call)\" with status \(status): \(reason)"
        case .incompleteEvent(let reason): "the Runtime API sent an event that cannot be answered: \(reason)"
        }
    }
}

/// One event with the values of its headers.
struct Invocation {
    let requestID: String
    let deadlineInMillisecondsSinceEpoch: Int64
    let invokedFunctionARN: String
    let traceID: String?
    let clientContext: String?
    let event: [UInt8]

    init(_ answer: HTTPResponse) throws(RuntimeAPIError) {
        let headers = answer.headers
        guard let requestID = headers["lambda-runtime-aws-request-id"], Self.isPathSafe(requestID) else {
            throw .incompleteEvent(reason: "Lambda-Runtime-Aws-Request-Id is missing or not a path segment")
        }
        guard let deadline = headers["lambda-runtime-deadline-ms"].flatMap({ Int64($0) }) else {
            throw .incompleteEvent(reason: "Lambda-Runtime-Deadline-Ms is missing or not a number")
        }
        self.requestID = requestID
        deadlineInMillisecondsSinceEpoch = deadline
        invokedFunctionARN = headers["lambda-runtime-invoked-function-arn"] ?? ""
        traceID = headers["lambda-runtime-trace-id"]
        clientContext = headers["lambda-runtime-client-context"]
        event = answer.body
    }

    /// Whether `id` can be part of the answer's path.
    private static func isPathSafe(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"/?#%".utf8.contains($0) }
    }
}
