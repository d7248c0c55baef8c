import Synchronization

@testable import EmulatorKit

/// A clock that only the test advances, in milliseconds since 1970.
final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_780_000_000_123)
    var now: Int64 { time.withLock { $0 } }
    func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }

    /// The clock for a service, whose sleeps end at once.
    var ambient: Ambient { Ambient(now: { self.now }, sleep: { _ in }, uuid: Ambient.system.uuid) }
}
