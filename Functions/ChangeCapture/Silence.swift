internal import AWSClient

/// How long AWS has not answered.
struct Silence {
    /// Nil where it may last for ever.
    private let patience: Duration?
    private var since: ContinuousClock.Instant?

    init(patience: Duration?) { self.patience = patience }

    mutating func end() { since = nil }

    /// Notes that AWS did not answer.
    /// - Throws: ``CaptureError/noAnswer(_:_:)`` when that has lasted for too long.
    mutating func goOn(at now: ContinuousClock.Instant, because error: AWSError) throws(CaptureError) {
        let begin = since ?? now
        since = begin
        if let patience, now - begin >= patience { throw .noAnswer(patience, "\(error)") }
    }
}
