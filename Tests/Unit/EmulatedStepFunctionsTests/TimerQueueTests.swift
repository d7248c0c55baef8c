import Synchronization
import Testing
import Time

@testable import EmulatedStepFunctions

@Suite struct TimerQueueTests {
    @Test("timers are called in the order of their times, and cancelled ones are not")
    func order() async throws {
        let hasPassed = Mutex(false)
        let clock = ClockAndChance(
            now: { Timestamp(milliseconds: 0) },
            sleep: { _ in
                while !hasPassed.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
            })
        let queue = TimerQueue(clock: clock)
        let called = Mutex<[Int64]>([])
        // 7919 and 500 have no common divisor: each time comes once, in no order.
        let times = (0..<500).map { Int64($0 * 7919 % 500) }
        let numbers = times.map { time in queue.set(at: time) { called.withLock { $0.append(time) } } }
        for (time, number) in zip(times, numbers) where time % 5 != 0 { queue.cancel(number) }
        hasPassed.withLock { $0 = true }
        while called.withLock({ $0.count }) < 100 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(called.withLock { $0 } == stride(from: 0, to: 500, by: 5).map(Int64.init))
    }

    @Test("a timer that is set after others have been called is called, too")
    func later() async throws {
        let queue = TimerQueue(clock: ClockAndChance(now: { Timestamp(milliseconds: 0) }, sleep: { _ in }))
        let called = Mutex<[Int64]>([])
        for time in [3, 1, 2] as [Int64] {
            _ = queue.set(at: time) { called.withLock { $0.append(time) } }
            while called.withLock({ $0.last }) != time { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(called.withLock { $0 } == [3, 1, 2])
    }
}
