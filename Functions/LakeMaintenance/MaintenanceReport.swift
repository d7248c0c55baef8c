internal import JSON
internal import LambdaRuntime

/// What a run did to a table, or would do.
struct MaintenanceReport: Sendable {
    let table: TableName
    let isDry: Bool
    /// Data files that were written again, the files that they became, and their bytes.
    var joinedFiles = 0
    var writtenFiles = 0
    var joinedBytes: Int64 = 0
    var writtenBytes: Int64 = 0
    /// Rows that were deleted longer ago than the contract keeps them.
    var droppedRows = 0
    /// Manifests before and after.
    var manifestsBefore = 0
    var manifestsAfter = 0
    var expiredSnapshots = 0
    var keptSnapshots = 0
    /// Objects that no snapshot names any more, and their bytes.
    var removedObjects = 0
    var freedBytes: Int64 = 0
    /// Of the former: those that no snapshot ever named, and metadata documents that the table no longer lists.
    var orphans = 0
    /// Joins that other writers overtook.
    var overtaken = 0
    /// Data files and their bytes when the run began.
    var dataFiles = 0
    var dataBytes: Int64 = 0

    var isEmpty: Bool {
        joinedFiles == 0 && expiredSnapshots == 0 && removedObjects == 0 && manifestsAfter == manifestsBefore
    }

    var answer: JSON {
        [
            "outcome": .string(isDry ? "planned" : isEmpty ? "unchanged" : "maintained"), "table": .string("\(table)"),
            "data_files": .int(dataFiles), "data_bytes": .int(dataBytes), "joined_files": .int(joinedFiles),
            "written_files": .int(writtenFiles), "joined_bytes": .int(joinedBytes), "written_bytes": .int(writtenBytes),
            "dropped_rows": .int(droppedRows), "manifests_before": .int(manifestsBefore),
            "manifests_after": .int(manifestsAfter), "expired_snapshots": .int(expiredSnapshots),
            "kept_snapshots": .int(keptSnapshots), "removed_objects": .int(removedObjects),
            "freed_bytes": .int(freedBytes), "orphans": .int(orphans), "overtaken": .int(overtaken),
        ]
    }

    func embedded(in pipeline: String, after duration: Duration) -> EmbeddedMetrics {
        let (seconds, attoseconds) = duration.components
        return EmbeddedMetrics(
            [
                Metric("MaintenanceFilesJoined", joinedFiles, .count),
                Metric("MaintenanceBytesWritten", Int(writtenBytes), .bytes),
                Metric("MaintenanceBytesFreed", Int(freedBytes), .bytes),
                Metric("MaintenanceSnapshotsExpired", expiredSnapshots, .count),
                Metric(
                    "MaintenanceTime", Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000), .milliseconds),
            ],
            by: [[.init("Pipeline", pipeline)], [.init("Pipeline", pipeline), .init("Table", "\(table)")]])
    }
}
