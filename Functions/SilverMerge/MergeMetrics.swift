internal import JSON
internal import LambdaRuntime

/// The metrics of one batch, for the pipeline and for its table.
enum MergeMetrics {
    /// The merge's answer.
    case ended(JSON, after: Duration)
    case failed(FailureType)

    /// - Returns: nil for a merge that found nothing to do.
    func embedded(in pipeline: String, table: String) -> EmbeddedMetrics? {
        guard !metrics.isEmpty else { return nil }
        let wholePipeline = EmbeddedMetrics.Dimension("Pipeline", pipeline)
        return EmbeddedMetrics(
            metrics, by: [[wholePipeline], [wholePipeline, .init("Table", table)]], properties: properties)
    }

    private var metrics: [Metric] {
        switch self {
        case .ended(let outcome, let duration):
            guard outcome["outcome"] == "done" else { return [] }
            let (seconds, attoseconds) = duration.components
            return [
                Metric("FilesMerged", outcome["files"]?.int ?? 0, .count),
                Metric("RowsInserted", outcome["inserted"]?.int ?? 0, .count),
                Metric("RowsUpdated", outcome["updated"]?.int ?? 0, .count),
                Metric("RowsDeleted", outcome["deleted"]?.int ?? 0, .count),
                Metric("MergeTime", Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000), .milliseconds),
            ]
        // Interrupted work is retried automatically. A failed merge needs a person.
        case .failed(let type) where type.isTemporary: return [Metric("MergesInterrupted", 1, .count)]
        case .failed: return [Metric("MergesFailed", 1, .count)]
        }
    }

    private var properties: JSONObject {
        switch self {
        case .ended(let outcome, _): return outcome["batch"].map { ["batch": $0] } ?? [:]
        case .failed(let type): return ["error_type": .string(type.name)]
        }
    }
}
