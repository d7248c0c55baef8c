internal import Iceberg

/// The snapshots of a table from an earlier one to a later one, without those that only put the same rows into other files, as
/// maintenance does.
///
/// - SeeAlso: <https://iceberg.apache.org/spec/#optional-snapshot-summary-fields>, the operation `replace`
struct SnapshotChain {
    /// Neighbouring snapshots that all changed rows: what their files differ by is what rows may differ by.
    struct Part {
        let former: Snapshot
        let later: Snapshot
    }

    /// The newest first; none where no row changed.
    let parts: [Part]

    /// - Returns: nil if `former` is no ancestor of `later`, or a snapshot between them has expired.
    init?(from former: Snapshot, to later: Snapshot, in metadata: TableMetadata) {
        var parts: [Part] = []
        var place = later
        // Where the part that is open ends.
        var end: Snapshot?
        for ancestor in metadata.ancestors(of: later) {
            if place.id == former.id { break }
            if place.keepsRows {
                if let later = end { parts.append(Part(former: place, later: later)) }
                end = nil
            } else {
                end = end ?? place
            }
            place = ancestor
        }
        guard place.id == former.id else { return nil }
        if let later = end { parts.append(Part(former: former, later: later)) }
        self.parts = parts
    }
}

extension Snapshot {
    fileprivate var keepsRows: Bool { summary["operation"] == "replace" }
}

extension TableMetadata {
    /// A snapshot's parent, the parent's, and so on, as far as they are there.
    fileprivate func ancestors(of snapshot: Snapshot) -> some Sequence<Snapshot> {
        let known = Dictionary(snapshots.map { ($0.id, $0) }) { first, _ in first }
        // A damaged document may name snapshots in a circle.
        return sequence(first: snapshot) { $0.parentID.flatMap { known[$0] } }.dropFirst().prefix(known.count)
    }

    /// The current snapshot and those before it that have the same rows in other files, the newest first.
    var snapshotsWithCurrentRows: [Snapshot] {
        guard let currentSnapshot else { return [] }
        var same = [currentSnapshot]
        for ancestor in ancestors(of: currentSnapshot) {
            guard same.last?.keepsRows == true else { break }
            same.append(ancestor)
        }
        return same
    }
}
