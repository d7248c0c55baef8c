internal import Synchronization
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The threads on which executions are interpreted.
///
/// One slice of an execution may take a second. Here it keeps no thread of the cooperative pool busy, and the operating
/// system shares the processors: these threads have a lower priority than those that answer requests.
final class InterpreterThreads: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct Queue {
        var urgent: [Job] = []
        var ordinary: [Job] = []
        var threadCount = 0
        var idleCount = 0

        mutating func next() -> Job? {
            if !urgent.isEmpty { return urgent.removeFirst() }
            return ordinary.isEmpty ? nil : ordinary.removeFirst()
        }
    }

    static let shared = InterpreterThreads()

    /// Executions that are interpreted side by side. Each may hold the memory of one evaluation.
    private static let limit = 12
    private let queue = Mutex(Queue())
    private let monitor = Monitor()

    /// Runs `body` on one of the threads.
    ///
    /// - Parameter isUrgent: whether it goes before all that wait.
    func run<Result: Sendable>(isUrgent: Bool = false, _ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            add(isUrgent: isUrgent) { continuation.resume(returning: body()) }
        }
    }

    private func add(isUrgent: Bool, _ job: @escaping Job) {
        let needsThread = queue.withLock { queue in
            if isUrgent { queue.urgent.append(job) } else { queue.ordinary.append(job) }
            guard queue.idleCount < queue.urgent.count + queue.ordinary.count, queue.threadCount < Self.limit else {
                return false
            }
            queue.threadCount += 1
            return true
        }
        if needsThread {
            SystemThread { self.work() }.detach()
        } else {
            monitor.locked { monitor.signal() }
        }
    }

    private func work() {
        #if os(Linux)
            // On Linux the priority belongs to the calling thread, elsewhere to the whole process.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        #endif
        while true {
            if let job = queue.withLock({ $0.next() }) {
                job()
                continue
            }
            monitor.locked {
                // A job that came before the lock has signalled nobody, so look again.
                let isEmpty = queue.withLock { queue in
                    let isEmpty = queue.urgent.isEmpty && queue.ordinary.isEmpty
                    if isEmpty { queue.idleCount += 1 }
                    return isEmpty
                }
                guard isEmpty else { return }
                monitor.wait()
                queue.withLock { $0.idleCount -= 1 }
            }
        }
    }
}
