internal import PostgresReplication

/// The times of the last transactions, by the place of their commits.
///
/// A snapshot's position becomes known only after the stream may have passed it. So the stream remembers what its time was.
struct CommitHistory {
    private struct Entry {
        let commit: LogPosition
        /// The time of the transaction before.
        let before: Int64
    }

    /// More than a second of the fastest server's commits.
    private static let capacity = 1 << 16
    private var entries: [Entry] = []
    private let capacity: Int
    /// How many there have been.
    private var count = 0

    init(capacity: Int = Self.capacity) { self.capacity = capacity }

    /// - Parameter commit: a place behind those of all earlier calls.
    mutating func append(_ commit: LogPosition, timeBefore: Int64) {
        let entry = Entry(commit: commit, before: timeBefore)
        if count < capacity { entries.append(entry) } else { entries[count % capacity] = entry }
        count += 1
    }

    enum Answer: Hashable {
        /// The time of the last transaction before the position.
        case time(Int64)
        /// No transaction has come after the position.
        case last
        case forgotten
    }

    func time(at position: LogPosition) -> Answer {
        var (low, high) = (max(0, count - capacity), count)
        let first = low
        while low < high {
            let middle = (low + high) / 2
            if entries[middle % capacity].commit < position { low = middle + 1 } else { high = middle }
        }
        guard low < count else { return .last }
        // Before the oldest entry there may have been another one after the position.
        return low == first && first > 0 ? .forgotten : .time(entries[low % capacity].before)
    }
}
