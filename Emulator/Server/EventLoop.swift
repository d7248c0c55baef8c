internal import CSockets
import Synchronization
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A thread that waits until sockets can be read or written, and runs what it is given.
///
/// Everything but ``execute(_:)`` and ``stop()`` belongs to that thread.
/// - SeeAlso: <https://man7.org/linux/man-pages/man7/epoll.7.html>
final class EventLoop: @unchecked Sendable {
    // Sendable: the mutex guards the jobs; the rest is used on the loop's thread alone.
    private struct Jobs {
        var waiting: [@Sendable () -> Void] = []
        var isStopped = false
        var stopped: [CheckedContinuation<Void, Never>] = []
    }

    private struct Timer {
        let due: ContinuousClock.Instant
        let run: () -> Void
    }

    private let jobs = Mutex(Jobs())
    private let epoll = cupel_epoll()
    /// Readable when jobs wait.
    private let bell = cupel_bell()
    private var watched: [UInt64: any SocketWatching] = [:]
    private var lastNumber: UInt64 = 0
    /// Ordered by time.
    private var timers: [Timer] = []
    /// Bytes from a socket on their way to where they belong.
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    init() {
        precondition(epoll >= 0 && bell >= 0, "the system has no descriptors left")
        control(EPOLL_CTL_ADD, bell, SocketEvents.readable, number: 0)
        SystemThread { self.run() }.detach()
    }

    deinit {
        scratch.deallocate()
        closeDescriptor(epoll)
        closeDescriptor(bell)
    }

    // MARK: From any thread

    /// Runs `job` on the loop's thread, soon.
    /// - Returns: false once the loop has been stopped: then nothing is run.
    @discardableResult func execute(_ job: @escaping @Sendable () -> Void) -> Bool {
        let waiting: Int? = jobs.withLock { jobs in
            guard !jobs.isStopped else { return nil }
            jobs.waiting.append(job)
            return jobs.waiting.count
        }
        if waiting == 1 { ring() }
        return waiting != nil
    }

    /// Closes all sockets and ends the thread.
    func stop() async {
        await withCheckedContinuation { continuation in
            let isOver = jobs.withLock { jobs in
                guard !jobs.isStopped else { return true }
                jobs.stopped.append(continuation)
                return false
            }
            if isOver { continuation.resume() } else { ring() }
        }
    }

    private func ring() {
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }

    // MARK: On the loop's thread

    /// Watches a descriptor.
    /// - Returns: the number by which it is known until ``forget(_:_:)``.
    func watch(_ descriptor: Int32, for events: SocketEvents, by watcher: any SocketWatching) -> UInt64 {
        lastNumber += 1
        watched[lastNumber] = watcher
        control(EPOLL_CTL_ADD, descriptor, events, number: lastNumber)
        return lastNumber
    }

    func change(_ descriptor: Int32, _ number: UInt64, to events: SocketEvents) {
        control(EPOLL_CTL_MOD, descriptor, events, number: number)
    }

    /// Forgets a descriptor, which is then closed. A number is not used again, so that no late event finds its successor.
    func forget(_ descriptor: Int32, _ number: UInt64) {
        guard watched.removeValue(forKey: number) != nil else { return }
        control(EPOLL_CTL_DEL, descriptor, [], number: number)
    }

    func schedule(after delay: Duration, _ run: @escaping () -> Void) {
        let timer = Timer(due: .now + delay, run: run)
        let place = timers.lastIndex { $0.due <= timer.due }.map { $0 + 1 } ?? 0
        timers.insert(timer, at: place)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: SocketEvents, number: UInt64) {
        _ = cupel_epoll_control(epoll, operation, descriptor, events.rawValue, number)
    }

    private func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 128)
        while true {
            let count = epoll_wait(epoll, &events, Int32(events.count), millisecondsToTimer)
            for event in events.prefix(Int(max(count, 0))) {
                guard event.data.u64 != 0 else {
                    var rings: UInt64 = 0
                    _ = read(bell, &rings, 8)
                    continue
                }
                watched[event.data.u64]?.socketIsReady(SocketEvents(rawValue: event.events))
            }
            let now = ContinuousClock.now
            while let first = timers.first, first.due <= now {
                timers.removeFirst()
                first.run()
            }
            let (waiting, stopped) = jobs.withLock { jobs in
                defer {
                    jobs.waiting = []
                    jobs.isStopped = jobs.isStopped || !jobs.stopped.isEmpty
                }
                return (jobs.waiting, jobs.stopped)
            }
            for job in waiting { job() }
            guard stopped.isEmpty else {
                for watcher in watched.values { watcher.loopStops() }
                timers = []
                for continuation in stopped { continuation.resume() }
                return
            }
        }
    }

    /// -1 if no timer waits.
    private var millisecondsToTimer: Int32 {
        guard let first = timers.first else { return -1 }
        let left = max(ContinuousClock.now.duration(to: first.due), .zero).components
        // Rounded up: a millisecond too early would be waited for in a circle.
        return Int32(clamping: left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1)
    }
}

/// What waits for a descriptor.
protocol SocketWatching: AnyObject {
    func socketIsReady(_ events: SocketEvents)
    /// Close it: nothing is called any more.
    func loopStops()
}

/// What a descriptor is ready for.
struct SocketEvents: OptionSet {
    let rawValue: UInt32
    static let readable = Self(rawValue: cupel_readable)
    static let writable = Self(rawValue: cupel_writable)
    static let failed = Self(rawValue: cupel_failed)
    static let closed = Self(rawValue: cupel_closed)
    /// The peer sends no more.
    static let peerEnded = Self(rawValue: cupel_peer_ended)
}

/// Where a method is called `close`.
func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
