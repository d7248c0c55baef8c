/// When a failed call is made again, and how long to wait before.
///
/// Full jitter: each wait is drawn evenly from zero to a ceiling that doubles, so that clients which failed together
/// do not come back together.
/// - SeeAlso: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
public struct RetryPolicy: Sendable, Hashable {
    /// All tries together, the first included.
    public var attempts: Int
    public var firstCeiling: Duration
    public var lastCeiling: Duration

    public init(
        attempts: Int = 5, firstCeiling: Duration = .milliseconds(50), lastCeiling: Duration = .seconds(10)
    ) {
        self.attempts = attempts
        self.firstCeiling = firstCeiling
        self.lastCeiling = lastCeiling
    }

    /// The longest wait after the failure number `failure`, counted from 1.
    func ceiling(afterFailure failure: Int) -> Duration {
        let doublings = min(max(failure - 1, 0), 20)
        return min(firstCeiling * (1 << doublings), lastCeiling)
    }

    /// - Parameter fraction: in 0..<1, drawn anew for each wait.
    func wait(afterFailure failure: Int, fraction: Double) -> Duration {
        ceiling(afterFailure: failure) * fraction
    }

    /// Codes by which services say "slower", whatever the status.
    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
        "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
        "TransactionInProgressException", "TransactionConflictException", "EC2ThrottledException",
    ]

    static func isThrottling(_ code: String) -> Bool { throttlingCodes.contains(code) }

    /// Codes of passing trouble that come with a status below 500.
    private static let transientCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError",
    ]

    /// Whether a call that was answered with an error is worth another try.
    /// - Parameter isRepeatable: a request that is not may have taken effect before a 5xx; a throttled one has not.
    static func isWorthRetrying(_ fault: ServiceFault, isRepeatable: Bool) -> Bool {
        if isThrottling(fault.code) || fault.status == 429 || fault.isPassingConflict { return true }
        return isRepeatable && (fault.status >= 500 || transientCodes.contains(fault.code))
    }

    static func isWorthRetrying(_ error: TransportError, isRepeatable: Bool) -> Bool {
        switch error.kind {
        case .notSent: true
        case .lost, .timedOut: isRepeatable
        case .invalid: false
        }
    }
}
