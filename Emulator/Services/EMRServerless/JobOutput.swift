internal import Synchronization

/// The lines that a job has written, up to a limit.
final class JobOutput: Sendable {
    private let kept = Mutex("")
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func add(_ line: String) {
        kept.withLock { kept in
            guard kept.utf8.count < limit else { return }
            kept += line
            kept += "\n"
        }
    }

    var text: String { kept.withLock { $0 } }
}
