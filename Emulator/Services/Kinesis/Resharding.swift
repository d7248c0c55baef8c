internal import EmulatorCore

/// Changes of a stream's shards in one transaction. Open shards cover every hash key before and after each step.
struct Resharding {
    private let stream: StoredStream
    private let now: Int64
    private var nextNumber: Int

    init(of stream: StoredStream, at now: Int64, in snapshot: borrowing Snapshot) throws {
        self.stream = stream
        self.now = now
        nextNumber = try StoredShard.nextNumber(of: stream, in: snapshot)
    }

    /// Closes `parent`, and opens one shard for its keys below `key` and one for the others.
    mutating func split(_ parent: StoredShard, at key: UInt128, in transaction: borrowing Transaction) throws {
        try close(parent, in: transaction)
        try open(HashKeyRange(first: parent.range.first, last: key - 1), parent, nil, in: transaction)
        try open(HashKeyRange(first: key, last: parent.range.last), parent, nil, in: transaction)
    }

    /// Closes two adjacent shards, and opens one for the keys of both.
    mutating func merge(_ first: StoredShard, _ second: StoredShard, in transaction: borrowing Transaction) throws {
        try close(first, in: transaction)
        try close(second, in: transaction)
        let range = HashKeyRange(
            first: min(first.range.first, second.range.first), last: max(first.range.last, second.range.last))
        try open(range, first, second, in: transaction)
    }

    /// Splits and merges until `count` shards of equal size are open: splits at every border that is missing, then merges
    /// across every border that is too much. A shard has two parents at most, so this takes several generations.
    mutating func makeUniform(_ count: Int, in transaction: borrowing Transaction) throws {
        let ranges = HashKeyRange.uniform(count)
        for border in ranges.dropFirst().map(\.first) {
            let shards = try StoredShard.open(of: stream, in: transaction.snapshot)
            if let cut = shards.first(where: { $0.range.first < border && border <= $0.range.last }) {
                try split(cut, at: border, in: transaction)
            }
        }
        for range in ranges {
            while true {
                let pieces = try StoredShard.open(of: stream, in: transaction.snapshot)
                    .filter { range.first <= $0.range.first && $0.range.last <= range.last }
                guard pieces.count > 1 else { break }
                try merge(pieces[0], pieces[1], in: transaction)
            }
        }
    }

    private func close(_ shard: StoredShard, in transaction: borrowing Transaction) throws {
        var shard = shard
        try shard.close(at: now, in: transaction)
    }

    /// A child opens a second after its parents at least, so that its sequence numbers are larger than theirs.
    private mutating func open(
        _ range: HashKeyRange, _ parent: StoredShard, _ adjacent: StoredShard?, in transaction: borrowing Transaction
    ) throws {
        let openedAt = max(now, max(parent.openedAt, adjacent?.openedAt ?? 0) + 1000)
        var shard = StoredShard(
            stream: stream.id, number: nextNumber, range: range, parent: parent.number,
            adjacentParent: adjacent?.number, openedAt: openedAt)
        try shard.insert(in: transaction)
        nextNumber += 1
    }
}

extension HashKeyRange {
    /// Whether the keys of `other` begin where these end. The service merges a shard only with the one that follows it.
    func isFollowed(by other: HashKeyRange) -> Bool { last != .max && last + 1 == other.first }
}
