internal import Control

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Uploads files a few at a time, each on a thread of its own, and tells how they get on in the order in which it happens.
/// After one that fails none begins.
final class Uploads: @unchecked Sendable {
    // Unchecked: all that changes is touched under `mutex` only.

    /// What happened to the file at a position.
    enum Event: Sendable {
        case began(Int, at: ContinuousClock.Instant)
        case ended(Int, Result<ControlID, CommandFailure>)
    }

    /// More would share the same line and disk, and hold another part each in memory.
    static let threadLimit = 4

    private let count: Int
    private let upload: @Sendable (Int) throws(CommandFailure) -> ControlID
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var threads: [pthread_t] = []
    private var events: [Event] = []
    /// The next file to begin with.
    private var next = 0
    private var isStopped = false

    /// Begins at once.
    /// - Parameter upload: puts the file at a position in its place, on any thread.
    init(_ count: Int, upload: @escaping @Sendable (Int) throws(CommandFailure) -> ControlID) {
        self.count = count
        self.upload = upload
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        for _ in 0..<min(count, Self.threadLimit) { startThread() }
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// What has happened next, once it has; nil if nothing does for `duration`.
    func event(within duration: Duration) -> Event? {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let (seconds, attoseconds) = max(duration, .zero).components
        let nanoseconds = end.tv_nsec + Int(attoseconds / 1_000_000_000)
        end.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return locked {
            while events.isEmpty {
                guard pthread_cond_timedwait(changed, mutex, &end) == 0 else { break }
            }
            return events.isEmpty ? nil : events.removeFirst()
        }
    }

    /// Begins with no other file, and waits for those that are under way.
    func stop() {
        locked { isStopped = true }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private func startThread() {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<Uploads>.fromOpaque($0).takeRetainedValue().serve() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(status == 0, "no thread can be started")
        threads.append(thread)
    }

    private func serve() {
        while let position = begin() {
            let result = Result { () throws(CommandFailure) in try upload(position) }
            end(position, result)
        }
    }

    private func begin() -> Int? {
        locked {
            guard !isStopped, next < count else { return nil }
            defer { next += 1 }
            events.append(.began(next, at: .now))
            pthread_cond_signal(changed)
            return next
        }
    }

    private func end(_ position: Int, _ result: Result<ControlID, CommandFailure>) {
        locked {
            // The run ends with it, so others would begin in vain.
            if case .failure = result { isStopped = true }
            events.append(.ended(position, result))
            pthread_cond_signal(changed)
        }
    }

    private func locked<Answer>(_ body: () -> Answer) -> Answer {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
