#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A lock with a condition variable, which `Mutex` lacks.
///
/// Unchecked: the pointers never change, and several threads may use what they point to.
public final class Monitor: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    public init() {
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

    public func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: For the holder of the lock

    /// Releases the lock while `body` runs.
    public func unlocked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_unlock(mutex)
        defer { pthread_mutex_lock(mutex) }
        return body()
    }

    /// Releases the lock and waits for a signal. May also return without one (a spurious wakeup).
    public func wait() { pthread_cond_wait(changed, mutex) }

    /// Waits like ``wait()``, but at most until `deadline`.
    /// - Returns: Whether the wait ended before the deadline.
    public func wait(until deadline: ContinuousClock.Instant) -> Bool {
        let left = max(ContinuousClock.now.duration(to: deadline), .zero).components
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let nanoseconds = end.tv_nsec + Int(left.attoseconds / 1_000_000_000)
        end.tv_sec += Int(left.seconds) + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(changed, mutex, &end) == 0
    }

    /// Wakes one waiting thread.
    public func signal() { pthread_cond_signal(changed) }

    /// Wakes all waiting threads.
    public func broadcast() { pthread_cond_broadcast(changed) }
}
