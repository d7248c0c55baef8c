import Synchronization
package import Time

/// A clock that only the test advances, in milliseconds since 1970.
package final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_780_000_000_123)
    package init() {}

    package var now: Int64 { time.withLock { $0 } }
    package func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }

    /// The clock for a service, whose sleeps end at once.
    package var clockAndChance: ClockAndChance {
        ClockAndChance(now: { Timestamp(milliseconds: self.now) }, sleep: { _ in })
    }
}
