import Synchronization

/// A value that can be taken once.
package final class Once<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    package init(_ value: Value) { self.value = Mutex(value) }

    package func take() -> Value? {
        value.withLock { value in
            defer { value = nil }
            return value
        }
    }
}
