internal import EmulatorCore
internal import Synchronization
internal import Time

/// The timers of all executions, for which one task sleeps.
///
/// Most are timeouts of what ends long before. A sleeping task for each would stay in the system's queue until its time, however
/// early it is cancelled.
final class TimerQueue: Sendable {
    typealias Action = @Sendable () -> Void

    fileprivate struct Entry {
        /// Milliseconds since 1970.
        let time: Int64
        let number: Int
    }

    fileprivate struct State {
        var actions: [Int: Action] = [:]
        /// A binary heap by time. Cancelled entries stay until their time, or until they are most of it.
        var heap: [Entry] = []
        var lastNumber = 0
        /// When the sleeping task wakes up; nil if there is none.
        var wakesAt: Int64?
        var sleeper: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let clock: ClockAndChance

    init(clock: ClockAndChance) { self.clock = clock }

    /// Calls `action` at a time in milliseconds since 1970, unless it is cancelled before.
    /// - Returns: the number by which ``cancel(_:)`` knows it.
    func set(at time: Int64, _ action: @escaping Action) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.actions[state.lastNumber] = action
            state.push(Entry(time: time, number: state.lastNumber))
            if state.wakesAt.map({ time < $0 }) ?? true { sleep(until: time, &state) }
            return state.lastNumber
        }
    }

    func cancel(_ number: Int) {
        state.withLock { state in
            state.actions[number] = nil
            if state.heap.count > 2 * state.actions.count + 64 { state.dropCancelled() }
        }
    }

    private func sleep(until time: Int64, _ state: inout State) {
        state.sleeper?.cancel()
        state.wakesAt = time
        state.sleeper = Task { [weak self, clock] in
            guard (try? await clock.sleep(Timestamp(milliseconds: time))) != nil else { return }
            self?.wake(at: time)
        }
    }

    /// Calls the timers that are due, and sleeps until the next one.
    private func wake(at time: Int64) {
        let due: [Action] = state.withLock { state in
            // Another task sleeps for an earlier time, or has woken up first.
            guard state.wakesAt == time else { return [] }
            var due: [Action] = []
            while let first = state.heap.first, first.time <= time || state.actions[first.number] == nil {
                state.pop()
                if let action = state.actions.removeValue(forKey: first.number) { due.append(action) }
            }
            state.wakesAt = nil
            state.sleeper = nil
            if let next = state.heap.first { sleep(until: next.time, &state) }
            return due
        }
        for action in due { action() }
    }
}

extension TimerQueue.State {
    fileprivate mutating func push(_ entry: TimerQueue.Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child].time < heap[(child - 1) / 2].time {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    fileprivate mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            var first = parent
            if left < heap.count, heap[left].time < heap[first].time { first = left }
            if right < heap.count, heap[right].time < heap[first].time { first = right }
            if first == parent { return }
            heap.swapAt(first, parent)
            parent = first
        }
    }

    fileprivate mutating func dropCancelled() {
        // A sorted array is a heap.
        heap = heap.filter { actions[$0.number] != nil }.sorted { $0.time < $1.time }
    }
}
