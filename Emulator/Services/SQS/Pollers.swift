internal import EmulatorCore
internal import Synchronization

/// The receivers that wait for messages. Each has its own bell, because a ring wakes only one waiter.
final class Pollers: Sendable {
    private let bells = Mutex<[String: [ObjectIdentifier: Bell]]>([:])

    /// Runs `body` with a bell that rings whenever `queue` may have new messages.
    func wait<Value>(for queue: String, _ body: (Bell) async throws -> Value) async rethrows -> Value {
        let bell = Bell()
        bells.withLock { $0[queue, default: [:]][ObjectIdentifier(bell)] = bell }
        defer {
            bells.withLock { bells in
                bells[queue]?[ObjectIdentifier(bell)] = nil
                if bells[queue]?.isEmpty == true { bells[queue] = nil }
            }
        }
        return try await body(bell)
    }

    func ring(_ queue: String) {
        let waiting = bells.withLock { $0[queue]?.values.map { $0 } ?? [] }
        for bell in waiting { bell.ring() }
    }
}
