#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A lock, and a condition that threads wait for while they hold it: `Mutex` has none.
///
/// Unchecked: the pointers never change, and what they point to is made for use by several threads.
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

    // MARK: For whoever holds the lock

    /// Runs `body` without the lock.
    public func unlocked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_unlock(mutex)
        defer { pthread_mutex_lock(mutex) }
        return body()
    }

    /// Waits, without the lock meanwhile, until another thread says that something has changed, or for no reason at all.
    public func wait() { pthread_cond_wait(changed, mutex) }

    /// Like ``wait()``, until `deadline` at the latest.
    /// - Returns: false once that has come.
    public func wait(until deadline: ContinuousClock.Instant) -> Bool {
        let left = max(ContinuousClock.now.duration(to: deadline), .zero).components
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let nanoseconds = end.tv_nsec + Int(left.attoseconds / 1_000_000_000)
        end.tv_sec += Int(left.seconds) + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(changed, mutex, &end) == 0
    }

    /// Wakes one of those who wait.
    public func signal() { pthread_cond_signal(changed) }

    /// Wakes all who wait.
    public func broadcast() { pthread_cond_broadcast(changed) }
}
