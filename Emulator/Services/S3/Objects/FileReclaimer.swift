internal import EmulatorCore
import Synchronization
internal import Threads

/// Removes files that are no longer in the index, once no reader can use them.
///
/// Time is counted in removals. A reader that started before a removal may have seen its files in the index, so they
/// stay until the last such reader has ended.
final class FileReclaimer: Sendable {
    private struct State {
        var removals = 0
        /// The number of readers that started at each count.
        var readers: [Int: Int] = [:]
        var removed: [(removal: Int, names: [String])] = []

        /// Takes the files that no reader can use.
        mutating func takeUnread() -> [String] {
            let oldest = readers.keys.min() ?? removals
            let unread = removed.prefix { $0.removal <= oldest }
            removed.removeFirst(unread.count)
            return unread.flatMap(\.names)
        }
    }

    /// A reader, which ends with this value.
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

    /// Must be called before the index is read.
    func enter() -> Reading {
        let since = state.withLock { state in
            state.readers[state.removals, default: 0] += 1
            return state.removals
        }
        return Reading(self, since: since)
    }

    /// Must be called once `names` are durably removed from the index.
    func reclaim(_ names: [String]) {
        guard !names.isEmpty else { return }
        discard(
            state.withLock { state in
                state.removals += 1
                state.removed.append((state.removals, names))
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
