#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A queue between two threads that blocks its sender while it is full and its receiver while it is empty.
final class Channel<Element: Sendable>: @unchecked Sendable {
    // Unchecked: `elements` and `isClosed` are touched under `mutex` only, and the rest never changes.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// - Returns: whether the element was taken; false once the channel is closed.
    func send(_ element: consuming Element) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.count == capacity, !isClosed { pthread_cond_wait(changed, mutex) }
        guard !isClosed else { return false }
        elements.append(element)
        pthread_cond_broadcast(changed)
        return true
    }

    /// The oldest element; nil once the channel is closed and empty.
    func receive() -> Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
        guard !elements.isEmpty else { return nil }
        pthread_cond_broadcast(changed)
        return elements.removeFirst()
    }

    /// The oldest element, if there is one now.
    func receiveIfAny() -> Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !elements.isEmpty else { return nil }
        pthread_cond_broadcast(changed)
        return elements.removeFirst()
    }

    /// Takes no more; what is queued can still be received.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
