/// What Lambda says about one invocation.
public struct InvocationContext: Sendable {
    public let requestID: String
    /// When Lambda stops waiting and kills the function.
    public let deadline: ContinuousClock.Instant
    public let invokedFunctionARN: String
    /// The X-Ray trace header; also in the environment as `_X_AMZN_TRACE_ID` while the invocation runs.
    public let traceID: String?
    /// What the invoker passed beside the event, as JSON text.
    public let clientContext: String?
    /// Writes lines that carry the request id.
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

    /// Negative once the deadline has passed.
    public var remainingTime: Duration { ContinuousClock.now.duration(to: deadline) }
}
