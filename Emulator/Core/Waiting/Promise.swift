internal import Synchronization

/// A value that is settled once and awaited by any number of tasks.
package final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open([CheckedContinuation<Value, Never>])
        case settled(Value)
    }
    private let state = Mutex(State.open([]))

    package init() {}

    /// Settles the value; the first caller wins.
    /// - Returns: whether this was the first call.
    @discardableResult
    package func settle(_ value: Value) -> Bool {
        let waiters: [CheckedContinuation<Value, Never>]? = state.withLock { state in
            guard case .open(let waiters) = state else { return nil }
            state = .settled(value)
            return waiters
        }
        guard let waiters else { return false }
        for waiter in waiters { waiter.resume(returning: value) }
        return true
    }

    /// The value if it is settled already.
    package var settled: Value? {
        state.withLock { state in
            if case .settled(let value) = state { value } else { nil }
        }
    }

    /// Waits for the value. The owner of a promise must settle it in every case.
    package var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value: Value? = state.withLock { state in
                    switch state {
                    case .settled(let value): return value
                    case .open(let waiters):
                        state = .open(waiters + [continuation])
                        return nil
                    }
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }
}
