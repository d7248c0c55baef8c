internal import Synchronization
internal import Time

/// The services' time: this machine's clock, and how far they said it is off.
///
/// A signature is refused if its time differs from the service's by more than five minutes, or fifteen for S3. The refusal
/// has the service's time in its `Date`.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>
final class ServiceClock: Sendable {
    private let errorInMilliseconds = Mutex<Int64>(0)

    func time(_ clock: ClockAndChance) -> Timestamp {
        clock.now().advanced(byMilliseconds: errorInMilliseconds.withLock { $0 })
    }

    /// Takes the service's time. The fault's was sent within the last seconds.
    func set(to date: Timestamp, _ clock: ClockAndChance) {
        let error = date.milliseconds(since: clock.now())
        errorInMilliseconds.withLock { $0 = error }
    }
}
