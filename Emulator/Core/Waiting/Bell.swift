import Synchronization
package import Time

/// Wakes a dispatcher that waits for work. A ring without a waiter is kept, so no ring is missed.
package final class Bell: Sendable {
    private struct State {
        var rung = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }
    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            state.rung = state.waiters.isEmpty
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns at the next ring (at once if one is kept), or when the task is cancelled.
    package func wait() async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.rung || Task.isCancelled {
                        state.rung = false
                        return true
                    }
                    state.waiters[number] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// Like ``wait()``, but at most until `deadline` (milliseconds since 1970); nil means no deadline.
    package func wait(until deadline: Int64?, _ clock: ClockAndChance) async {
        guard let deadline else { return await wait() }
        guard deadline > clock.now().milliseconds else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(Timestamp(milliseconds: deadline)) }
            await group.next()
            group.cancelAll()
        }
    }
}
