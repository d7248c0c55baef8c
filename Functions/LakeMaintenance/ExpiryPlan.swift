internal import Iceberg
internal import Lake

/// Which snapshots of a table go.
struct ExpiryPlan: Sendable {
    let expired: [Snapshot]

    /// The table's properties that overrule the settings.
    /// - SeeAlso: <https://iceberg.apache.org/docs/latest/configuration/#table-behavior-properties>
    private static let countProperty = "history.expire.min-snapshots-to-keep"
    private static let ageProperty = "history.expire.max-snapshot-age-ms"

    /// The current snapshot, those that branches and tags name, the last ones, young ones, and all since the batch whose end is
    /// not recorded stay: the next merge looks for it.
    /// - Parameters:
    ///   - openBatch: the name of that batch.
    ///   - now: milliseconds since 1970.
    init(_ metadata: TableMetadata, _ policy: MaintenancePolicy, openBatch: String?, now: Int64) {
        let count = metadata.properties[Self.countProperty].flatMap { Int($0) } ?? policy.snapshotCount
        let age =
            metadata.properties[Self.ageProperty].flatMap { Int64($0) } ?? Int64(policy.snapshotAgeInHours) * 3_600_000
        let end = now - max(0, min(age, now))
        let ordered = metadata.snapshots.sorted { ($0.sequenceNumber, $0.id) < ($1.sequenceNumber, $1.id) }
        let open = openBatch.flatMap { name in ordered.firstIndex { $0.batch?.id == name } } ?? ordered.count
        let last = ordered.count - max(1, count)
        expired = ordered.enumerated().filter { place, snapshot in
            place < open && place < last && snapshot.timestamp < end
                && snapshot.id != metadata.currentSnapshot?.id && !metadata.referencedIDs.contains(snapshot.id)
        }.map(\.element)
    }
}
