internal import EmulatorCore
import Synchronization
internal import Threads

/// Removes files that the index no longer holds once nobody can be reading them.
///
/// Time is counted in removals. Whoever began to read before a removal may have seen its files in the index; they stay
/// until the last such reader has left.
final class FileReclaimer: Sendable {
    private struct State {
        var removals = 0
        /// How many readers began at each count.
        var readers: [Int: Int] = [:]
        var doomed: [(removal: Int, names: [String])] = []

        /// What no reader can know any more.
        mutating func takeUnread() -> [String] {
            let oldest = readers.keys.min() ?? removals
            let unread = doomed.prefix { $0.removal <= oldest }
            doomed.removeFirst(unread.count)
            return unread.flatMap(\.names)
        }
    }

    /// A reader's stay; it ends with the value.
    final class Reading: Sendable {
        private let reclaimer: FileReclaimer
        private let since: Int

        fileprivate init(_ reclaimer: FileReclaimer, since: Int) {
            self.reclaimer = reclaimer
            self.since = since
        }

        deinit { reclaimer.leave(since) }
    }

    private let state = Mutex(State())
    private let remove: @Sendable (String) -> Void

    init(remove: @escaping @Sendable (String) -> Void) { self.remove = remove }

    /// To be called before the index is looked at.
    func enter() -> Reading {
        let since = state.withLock { state in
            state.readers[state.removals, default: 0] += 1
            return state.removals
        }
        return Reading(self, since: since)
    }

    /// To be called when the index no longer holds `names`, durably.
    func reclaim(_ names: [String]) {
        guard !names.isEmpty else { return }
        discard(
            state.withLock { state in
                state.removals += 1
                state.doomed.append((state.removals, names))
                return state.takeUnread()
            })
    }

    private func leave(_ since: Int) {
        discard(
            state.withLock { state in
                state.readers[since, default: 1] -= 1
                if state.readers[since] == 0 { state.readers[since] = nil }
                return state.takeUnread()
            })
    }

    private func discard(_ names: [String]) {
        guard !names.isEmpty else { return }
        let remove = remove
        SystemThread { for name in names { remove(name) } }.detach()
    }
}
