/// Whether a failed call is retried, and how long to wait before.
///
/// Full jitter: each wait is a uniform random duration up to a ceiling that doubles, so that clients which failed at
/// the same time do not retry at the same time.
/// - SeeAlso: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
public struct RetryPolicy: Sendable, Hashable {
    /// The maximum number of attempts, including the first.
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

    /// The longest wait after failure number `failure`, counted from 1.
    func ceiling(afterFailure failure: Int) -> Duration {
        let doublings = min(max(failure - 1, 0), 20)
        return min(firstCeiling * (1 << doublings), lastCeiling)
    }

    /// The wait after failure number `failure`.
    /// - Parameter fraction: A new random number in 0..<1.
    func wait(afterFailure failure: Int, fraction: Double) -> Duration {
        ceiling(afterFailure: failure) * fraction
    }

    /// Error codes that mean throttling, whatever the status.
    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
        "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
        "TransactionInProgressException", "TransactionConflictException", "EC2ThrottledException",
    ]

    static func isThrottling(_ code: String) -> Bool { throttlingCodes.contains(code) }

    /// Codes of transient errors that have a status below 500.
    private static let transientCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError",
    ]

    /// Whether a call with an error response is worth a retry.
    /// - Parameter isRepeatable: Whether the request may take effect twice. It may have taken effect before a 5xx, but
    ///   not if it was throttled.
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
