internal import Time

/// Makes one call and retries it after errors, within its attempts and its deadline.
struct Caller: Sendable {
    let transport: any HTTPTransport
    let retry: RetryPolicy
    var limits: TransportLimits
    let clock: ClockAndChance
    var deadline: ContinuousClock.Instant?

    /// - Parameters:
    ///   - prepare: Signs the request. It runs once an attempt, so that each has the time of its sending.
    ///   - forgetCredentials: Runs if the service refuses the credentials as expired. Returns whether others may exist.
    ///   - setClock: Runs if the service refuses the time of the signature, with the service's time; once a call.
    ///   - read: Reads the response. A connection lost meanwhile counts as a failed attempt.
    func call<Value>(
        _ request: HTTPRequest, operation: String, prepare: (inout HTTPRequest) throws(AWSError) -> Void,
        forgetCredentials: () -> Bool = { false }, setClock: (Timestamp) -> Void = { _ in },
        read: (any HTTPExchange) throws(TransportError) -> Outcome<Value>
    ) throws(AWSError) -> Value {
        var failures = 0
        var mayRefresh = true
        var maySetClock = true
        while true {
            let limits = try limitsNow(operation)
            var sent = request
            try prepare(&sent)
            let error: AWSError
            let isWorthRetrying: Bool
            switch attempt(sent, limits, read) {
            case .success(.value(let value)):
                return value
            case .success(.fault(let fault)):
                error = fault.error(operation: operation)
                if fault.isExpiredToken, mayRefresh, forgetCredentials() {
                    mayRefresh = false
                    continue
                }
                if let date = fault.dateIfClockIsWrong, maySetClock {
                    maySetClock = false
                    setClock(date)
                    continue
                }
                isWorthRetrying = RetryPolicy.isWorthRetrying(fault, isRepeatable: request.isRepeatable)
            case .failure(let failure):
                error =
                    failure.kind == .timedOut
                    ? .timeout(operation: operation, reason: failure.reason)
                    : .transport(operation: operation, endpoint: "\(request.origin)", reason: failure.reason)
                isWorthRetrying = RetryPolicy.isWorthRetrying(failure, isRepeatable: request.isRepeatable)
            }
            failures += 1
            guard isWorthRetrying, failures < retry.attempts else { throw error }
            try pause(afterFailure: failures, error, operation)
        }
    }

    /// The outcome of an attempt with a response.
    enum Outcome<Value> {
        case value(Value)
        case fault(ServiceFault)
    }

    private func attempt<Value>(
        _ request: HTTPRequest, _ limits: TransportLimits,
        _ read: (any HTTPExchange) throws(TransportError) -> Outcome<Value>
    ) -> Result<Outcome<Value>, TransportError> {
        Result { () throws(TransportError) in
            let exchange = try transport.open(request, limits: limits)
            guard exchange.head.isSuccess else {
                return .fault(ServiceFault(exchange.head, body: try exchange.readAll()))
            }
            return try read(exchange)
        }
    }

    /// Waits before the next attempt, or throws if the deadline would pass.
    func pause(afterFailure failures: Int, _ error: AWSError, _ operation: String) throws(AWSError) {
        let wait = retry.wait(afterFailure: failures, fraction: clock.fraction())
        if let deadline, clock.instant() + wait >= deadline {
            throw .timeout(operation: operation, reason: "no time for attempt \(failures + 1) after \(error)")
        }
        clock.block(wait)
    }

    func limitsNow(_ operation: String) throws(AWSError) -> TransportLimits {
        guard let deadline else { return limits }
        let left = clock.instant().duration(to: deadline)
        guard left > .zero else { throw .timeout(operation: operation, reason: "the deadline has passed") }
        var limits = limits
        limits.whole = limits.whole.map { min($0, left) } ?? left
        return limits
    }
}
