internal import Iceberg
internal import Lake

/// Which snapshots of a table go.
struct ExpiryPlan: Sendable {
    let expired: [Snapshot]
    /// Those of them that a query may still read, having begun while they were current: their files stay until they are orphans of age.
    let inUse: [Snapshot]

    /// The table's properties that overrule the settings.
    /// - SeeAlso: <https://iceberg.apache.org/docs/latest/configuration/#table-behavior-properties>
    private static let countProperty = "history.expire.min-snapshots-to-keep"
    private static let ageProperty = "history.expire.max-snapshot-age-ms"

    /// No query takes longer. Athena's take half an hour at most.
    private static let queryTime: Int64 = 3_600_000

    /// The current snapshot, those that branches and tags name, the last ones, young ones, those that models read last, and all since the batch
    /// whose end is not recorded stay: the next merge looks for it. Where there are more than the policy's limit, the younger half
    /// of as many stays, and of the older the first of each of as many equal times, unless the table itself says at which age they go.
    /// - Parameters:
    ///   - openBatch: the name of that batch.
    ///   - read: the snapshots that models were built from, by their ids.
    ///   - now: milliseconds since 1970.
    init(_ metadata: TableMetadata, _ policy: MaintenancePolicy, openBatch: String?, read: Set<Int64>, now: Int64) {
        let count = metadata.properties[Self.countProperty].flatMap { Int($0) } ?? policy.snapshotCount
        let ownAge = metadata.properties[Self.ageProperty].flatMap { Int64($0) }
        let age = max(0, min(ownAge ?? Int64(policy.snapshotAgeInHours) * 3_600_000, now))
        let end = now - age
        let ordered = metadata.snapshots.sorted { ($0.sequenceNumber, $0.id) < ($1.sequenceNumber, $1.id) }
        let open = openBatch.flatMap { name in ordered.firstIndex { $0.batch?.id == name } } ?? ordered.count
        let last = ordered.count - max(1, count)
        let surplus = ownAge == nil && ordered.count > policy.snapshotLimit
        let spread = policy.snapshotLimit / 2
        let step = max(1, age / Int64(max(1, spread - 1)))
        var times: Set<Int64> = []
        let places = ordered.indices.filter { place in
            let snapshot = ordered[place]
            let isOld = snapshot.timestamp < end
            let isOfLast = !surplus || place >= ordered.count - (policy.snapshotLimit - spread)
            let stays = !isOld && (isOfLast || times.insert(snapshot.timestamp / step).inserted)
            return place < open && place < last && !stays && !read.contains(snapshot.id)
                && snapshot.id != metadata.currentSnapshot?.id && !metadata.referencedIDs.contains(snapshot.id)
        }
        expired = places.map { ordered[$0] }
        // A snapshot was the current one until the next.
        inUse = places.filter { ordered[min($0 + 1, ordered.count - 1)].timestamp >= now - Self.queryTime }.map {
            ordered[$0]
        }
    }
}
