/// The properties of an invocation.
public struct InvocationContext: Sendable {
    public let requestID: String
    /// The time at which Lambda stops waiting and kills the function.
    public let deadline: ContinuousClock.Instant
    public let invokedFunctionARN: String
    /// The X-Ray trace header, which is also in the environment as `_X_AMZN_TRACE_ID` while the invocation runs.
    public let traceID: String?
    /// The client context that the invoker sent with the event, as JSON text.
    public let clientContext: String?
    /// A log whose lines have the request id.
    public let log: Log

    public init(
        requestID: String, deadline: ContinuousClock.Instant, invokedFunctionARN: String = "", traceID: String? = nil,
        clientContext: String? = nil, log: Log = Log()
    ) {
        self.requestID = requestID
        self.deadline = deadline
        self.invokedFunctionARN = invokedFunctionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.log = log.tagged(requestID: requestID)
    }

    /// The time until the deadline; negative after it.
    public var remainingTime: Duration { ContinuousClock.now.duration(to: deadline) }
}
