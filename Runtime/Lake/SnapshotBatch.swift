public import Iceberg

/// The batch that a snapshot of ours took to its table, as the snapshot's summary has it.
public struct SnapshotBatch: Sendable, Hashable {
    /// By it a writer finds out whether its commit took effect, and the control records name the batch.
    public let id: String
    /// Files of the layer below; nil in snapshots of older versions, as are the counts of rows.
    public let fileCount: Int?
    public let inserted: Int?
    public let updated: Int?
    public let deleted: Int?

    private enum Entry {
        static let id = "cupel.batch-id"
        static let fileCount = "cupel.batch-files"
        static let inserted = "cupel.inserted-rows"
        static let updated = "cupel.updated-rows"
        static let deleted = "cupel.deleted-rows"
    }

    public init(id: String, fileCount: Int, inserted: Int, updated: Int, deleted: Int) {
        self.id = id
        self.fileCount = fileCount
        self.inserted = inserted
        self.updated = updated
        self.deleted = deleted
    }

    /// Nil for a snapshot of another writer.
    init?(of snapshot: Snapshot) {
        guard let id = snapshot.summary[Entry.id] else { return nil }
        func number(_ name: String) -> Int? { snapshot.summary[name].flatMap { Int($0) } }
        self.id = id
        fileCount = number(Entry.fileCount)
        inserted = number(Entry.inserted)
        updated = number(Entry.updated)
        deleted = number(Entry.deleted)
    }

    /// The entries of the snapshot's summary.
    public var summary: [String: String] {
        let counts = [
            Entry.fileCount: fileCount, Entry.inserted: inserted, Entry.updated: updated, Entry.deleted: deleted,
        ]
        return counts.compactMapValues { $0.map { "\($0)" } }.merging([Entry.id: id]) { $1 }
    }
}

extension Snapshot {
    /// The batch that it took to the table; nil if another writer made it.
    public var batch: SnapshotBatch? { SnapshotBatch(of: self) }
}
