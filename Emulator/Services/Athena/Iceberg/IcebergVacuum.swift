internal import EmulatorCore
internal import Iceberg
internal import JSON
internal import Time

/// VACUUM: removes the snapshots that are older than the table keeps them, and the files that only those had.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html>
struct IcebergVacuum {
    let table: IcebergTable
    let commit: IcebergCommit

    /// What a table keeps that does not say otherwise: snapshots of five days.
    private static let age: Int64 = 432_000_000

    func run() async throws {
        let metadata = table.metadata
        let expired = expired(at: commit.clock.now().milliseconds)
        guard !expired.isEmpty else { return }
        var change = TableChange(of: metadata)
        change.expire(expired.map(\.id))
        guard try await commit.commit(change, to: table.name) else { throw IcebergCommit.conflict(table.name) }
        // Snapshots that came meanwhile have what their parents had, or new files.
        let ids = Set(expired.map(\.id))
        let kept = try metadata.snapshots.filter { !ids.contains($0.id) }.reduce(into: Set<String>()) {
            $0.formUnion(try table.allFiles(of: $1, commit.objects))
        }
        let gone = try expired.reduce(into: Set<String>()) { $0.formUnion(try table.allFiles(of: $1, commit.objects)) }
        await commit.discard(gone.subtracting(kept).sorted())
    }

    private func expired(at now: Int64) -> [Iceberg.Snapshot] {
        let metadata = table.metadata
        func number(_ name: String) -> Int64? { metadata.properties[name].flatMap { Int64($0) } }
        let oldest = now - min(now, number("history.expire.max-snapshot-age-ms") ?? Self.age)
        let minimum = max(1, number("history.expire.min-snapshots-to-keep") ?? 1)
        var kept: Set<Int64> = []
        var next = metadata.currentSnapshot
        while let snapshot = next, kept.count < minimum {
            kept.insert(snapshot.id)
            next = metadata.snapshots.first { $0.id == snapshot.parentID }
        }
        for (_, ref) in table.document["refs"]?.object ?? [:] {
            if let id = ref["snapshot-id"]?.int { kept.insert(Int64(id)) }
        }
        return metadata.snapshots.filter { $0.timestamp < oldest && !kept.contains($0.id) }
    }
}
