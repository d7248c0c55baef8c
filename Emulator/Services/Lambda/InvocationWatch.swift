internal import EmulatorCore
internal import Synchronization

/// Ends invocations whose time is over, or whose process has too much memory.
///
/// One task looks at all of them, some times a second. With timers of their own, each short invocation would wake threads several
/// times for what never happens to it.
final class InvocationWatch: Sendable {
    private struct Watched: Sendable {
        let deadline: ContinuousClock.Instant
        let process: ChildProcess
        /// In bytes.
        let memoryLimit: Int
        let end: Promise<InvocationEnd>
    }

    private struct State {
        var watched: [Int: Watched] = [:]
        var next = 0
        var isLooking = false
    }

    private static let interval = Duration.milliseconds(50)
    private let state = Mutex(State())

    /// Watches an invocation until ``remove(_:)`` is called with what this returns.
    func add(
        _ process: ChildProcess, until deadline: ContinuousClock.Instant, memoryLimit: Int, end: Promise<InvocationEnd>
    ) -> Int {
        let (number, isFirst) = state.withLock { state in
            state.next += 1
            state.watched[state.next] = Watched(
                deadline: deadline, process: process, memoryLimit: memoryLimit, end: end)
            defer { state.isLooking = true }
            return (state.next, !state.isLooking)
        }
        if isFirst { Task { await self.look() } }
        return number
    }

    func remove(_ number: Int) {
        state.withLock { _ = $0.watched.removeValue(forKey: number) }
    }

    /// Looks at all that run, until there is none left.
    private func look() async {
        while true {
            let earliest = state.withLock { state in state.watched.values.map(\.deadline).min() }
            let before = ContinuousClock.now
            let latest = before + Self.interval
            // One that is over may take a moment to be removed.
            let next = min(latest, max(earliest ?? latest, before + .milliseconds(1)))
            try? await Task.sleep(until: next, clock: .continuous)
            let watched = state.withLock { state in
                state.isLooking = !state.watched.isEmpty
                return Array(state.watched.values)
            }
            guard !watched.isEmpty else { return }
            let now = ContinuousClock.now
            for invocation in watched {
                if now >= invocation.deadline {
                    invocation.end.settle(.timedOut)
                } else if invocation.process.residentBytes > invocation.memoryLimit {
                    invocation.end.settle(.outOfMemory)
                }
            }
        }
    }
}
