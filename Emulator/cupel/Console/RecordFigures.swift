internal import Console
internal import Control
internal import JSON
internal import Time

/// What the counts need of a control record. A thousand of them are a fifth of the bytes of whole records.
struct RecordFigures: Sendable {
    let id: String
    let status: ControlRecord.Status
    let table: String
    let sizeInBytes: Int
    let recordCount: Int?
    let estimatedRecordCount: Int?
    let writtenCount: Int
    let quarantinedCount: Int
    /// The day on which the file arrived: `2026-11-30`.
    let day: String
    let updatedAt: Timestamp
    let finishedAt: Timestamp?
    let durationInMilliseconds: Int?
    let computeTarget: ControlRecord.ComputeTarget?

    static let attributes = [
        "control_id", "status", "table_name", "file_size", "record_count", "estimated_record_count", "written_count",
        "quarantined_count", "updated_at", "created_at", "finished_at", "duration", "compute_target",
    ]

    /// Nil for an item that is no record.
    init?(_ item: JSON) {
        func text(_ name: String) -> String? { item[name]?["S"]?.string }
        func number(_ name: String) -> Int? { item[name]?["N"]?.string.flatMap { Int($0) } }
        guard let id = text("control_id"), let status = text("status").flatMap(ControlRecord.Status.init),
            let createdAt = text("created_at"),
            let updatedAt = Timestamp(rfc3339: text("updated_at") ?? createdAt)
        else { return nil }
        table = text("table_name") ?? ""
        day = String(createdAt.prefix(10))
        recordCount = number("record_count")
        estimatedRecordCount = number("estimated_record_count")
        writtenCount = number("written_count") ?? 0
        durationInMilliseconds = number("duration")
        computeTarget = text("compute_target").flatMap(ControlRecord.ComputeTarget.init)
        self.id = id
        self.status = status
        self.updatedAt = updatedAt
        sizeInBytes = number("file_size") ?? 0
        quarantinedCount = number("quarantined_count") ?? 0
        finishedAt = text("finished_at").flatMap { Timestamp(rfc3339: $0) }
    }
}
