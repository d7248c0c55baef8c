internal import Control
internal import Threads

/// Uploads files a few at a time, each on a thread of its own, and reports their events in order. No upload begins
/// after one has failed.
final class Uploads: @unchecked Sendable {
    // Unchecked: `monitor` guards the state that the threads share.

    /// An event of the file at a position.
    enum Event: Sendable {
        case began(Int, at: ContinuousClock.Instant)
        case ended(Int, Result<ControlID, CommandFailure>)
    }

    /// More threads would share the same network and disk, and each would hold another part in memory.
    static let threadLimit = 4

    private let count: Int
    private let upload: @Sendable (Int) throws(CommandFailure) -> ControlID
    private let monitor = Monitor()
    private var threads: [SystemThread] = []
    private var events: [Event] = []
    /// The position of the next file.
    private var next = 0
    private var isStopped = false

    /// Starts the first uploads.
    /// - Parameter upload: uploads the file at a position; called on any thread.
    init(_ count: Int, upload: @escaping @Sendable (Int) throws(CommandFailure) -> ControlID) {
        self.count = count
        self.upload = upload
        for _ in 0..<min(count, Self.threadLimit) { threads.append(SystemThread { self.serve() }) }
    }

    /// The next event; nil if there is none within `duration`.
    func event(within duration: Duration) -> Event? {
        let deadline = ContinuousClock.now + duration
        return monitor.locked {
            while events.isEmpty, monitor.wait(until: deadline) {}
            return events.isEmpty ? nil : events.removeFirst()
        }
    }

    /// Begins no other upload, and waits for those in progress.
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
            // A failure ends the run, so further uploads would be useless.
            if case .failure = result { isStopped = true }
            events.append(.ended(position, result))
            monitor.signal()
        }
    }
}
