internal import Control
internal import Threads

/// Uploads files a few at a time, each on a thread of its own, and tells how they get on in the order in which it happens.
/// After one that fails none begins.
final class Uploads: @unchecked Sendable {
    // Unchecked: all that changes is touched under `monitor` only.

    /// What happened to the file at a position.
    enum Event: Sendable {
        case began(Int, at: ContinuousClock.Instant)
        case ended(Int, Result<ControlID, CommandFailure>)
    }

    /// More would share the same line and disk, and hold another part each in memory.
    static let threadLimit = 4

    private let count: Int
    private let upload: @Sendable (Int) throws(CommandFailure) -> ControlID
    private let monitor = Monitor()
    private var threads: [SystemThread] = []
    private var events: [Event] = []
    /// The next file to begin with.
    private var next = 0
    private var isStopped = false

    /// Begins at once.
    /// - Parameter upload: puts the file at a position in its place, on any thread.
    init(_ count: Int, upload: @escaping @Sendable (Int) throws(CommandFailure) -> ControlID) {
        self.count = count
        self.upload = upload
        for _ in 0..<min(count, Self.threadLimit) { threads.append(SystemThread { self.serve() }) }
    }

    /// What has happened next, once it has; nil if nothing does for `duration`.
    func event(within duration: Duration) -> Event? {
        let deadline = ContinuousClock.now + duration
        return monitor.locked {
            while events.isEmpty, monitor.wait(until: deadline) {}
            return events.isEmpty ? nil : events.removeFirst()
        }
    }

    /// Begins with no other file, and waits for those that are under way.
    func stop() {
        monitor.locked { isStopped = true }
        for thread in threads { thread.join() }
        threads = []
    }

    private func serve() {
        while let position = begin() {
            let result = Result { () throws(CommandFailure) in try upload(position) }
            end(position, result)
        }
    }

    private func begin() -> Int? {
        monitor.locked {
            guard !isStopped, next < count else { return nil }
            defer { next += 1 }
            events.append(.began(next, at: .now))
            monitor.signal()
            return next
        }
    }

    private func end(_ position: Int, _ result: Result<ControlID, CommandFailure>) {
        monitor.locked {
            // The run ends with it, so others would begin in vain.
            if case .failure = result { isStopped = true }
            events.append(.ended(position, result))
            monitor.signal()
        }
    }
}
