internal import Iceberg
internal import JSON
internal import Lake
internal import LambdaRuntime
internal import Time

extension SilverMerge {
    /// What an execution of the state machine has done to a table, of which this was the last batch: those before are in the event, or,
    /// where a task took them, in the snapshots since the execution began.
    func total(_ outcome: JSON, after event: JSON) throws -> JSON {
        guard let table = outcome["table"]?.string, outcome["outcome"] != "heldByAnother" else { return outcome }
        var total = outcome.object ?? [:]
        for former in try formerBatches(of: table, event, besides: outcome["batch"]?.string) {
            for name in ["files", "left_out", "inserted", "updated", "deleted"] {
                guard let count = former[name]?.int else { continue }
                let (sum, isTooLarge) = (total[name]?.int ?? 0).addingReportingOverflow(count)
                total[name] = .int(isTooLarge ? .max : sum)
            }
            if former["batch"] != nil { total["outcome"] = "done" }
            if total["batch"] == nil { total["batch"] = former["batch"] }
        }
        return .object(total)
    }

    private func formerBatches(of table: String, _ event: JSON, besides own: String?) throws -> [JSON] {
        if let former = event["merge"]?["result"] { return [former] }
        guard event["target"] == "ecs",
            let start = event["started_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            let stored = try LakeCatalog(settings.aws).table(table, in: SilverTable.namespace)
        else { return [] }
        return stored.metadata.snapshots.compactMap { snapshot in
            guard snapshot.timestamp >= start.milliseconds, let batch = snapshot.batch, batch.id != own else {
                return nil
            }
            return [
                "batch": .string(batch.id), "files": .int(batch.fileCount ?? 0), "inserted": .int(batch.inserted ?? 0),
                "updated": .int(batch.updated ?? 0), "deleted": .int(batch.deleted ?? 0),
            ]
        }
    }
}
