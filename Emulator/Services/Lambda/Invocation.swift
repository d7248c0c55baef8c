internal import EmulatorCore
internal import JSON

/// An invocation of a function.
struct Invocation: Sendable {
    var requestID: String
    var payload: [UInt8]
    /// JSON text, decoded from the invoker's header.
    var clientContext: String?
    var traceID: String?
    var functionARN: String
    /// Milliseconds since 1970 at which the function is stopped; set when a worker takes the invocation.
    var deadline: Int64 = 0
}

/// The outcome of an invocation.
struct InvocationOutcome: Sendable {
    var payload: [UInt8]
    /// `Unhandled` when the function failed.
    var functionError: String?
    /// The last 4 KiB of the invocation's log.
    var logTail: [UInt8] = []

    static func failed(_ type: String, _ message: String) -> InvocationOutcome {
        let document: JSON = ["errorType": .string(type), "errorMessage": .string(message)]
        return InvocationOutcome(payload: document.bytes, functionError: "Unhandled")
    }
}

/// How an invocation ended on its worker.
enum InvocationEnd: Sendable {
    case responded([UInt8])
    /// The runtime reported an error, or its answer was too large.
    case failed([UInt8], type: String?)
    case exited(ProcessEnd)
    case timedOut
    case outOfMemory
}

/// Lambda's limits on payloads, in bytes.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
enum PayloadLimit {
    static let request = 6_291_456
    static let event = 1_048_576
    /// AWS's own Runtime API accepts a hundred bytes more than documented.
    static let response = 6_291_556
}
