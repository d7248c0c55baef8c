internal import Control
internal import JSON
internal import LambdaRuntime

/// The metrics of one file, for the pipeline and for its table.
enum ConversionMetrics {
    case converted(ControlRecord, outputSizeInBytes: Int)
    case failed(ControlRecord, FailureType)

    func embedded(in pipeline: String) -> EmbeddedMetrics {
        let wholePipeline = EmbeddedMetrics.Dimension("Pipeline", pipeline)
        return EmbeddedMetrics(
            metrics, by: [[wholePipeline], [wholePipeline, .init("Table", record.table)]], properties: properties)
    }

    private var record: ControlRecord {
        switch self {
        case .converted(let record, _), .failed(let record, _): record
        }
    }

    private var metrics: [Metric] {
        switch self {
        case .converted(let record, let outputSizeInBytes):
            [
                Metric("FilesConverted", 1, .count), Metric("RowsRead", record.recordCount ?? 0, .count),
                Metric("RowsWritten", record.writtenCount ?? 0, .count),
                Metric("RowsQuarantined", record.quarantinedCount ?? 0, .count),
                Metric("BytesRead", record.fileSizeInBytes, .bytes),
                Metric("BytesWritten", outputSizeInBytes, .bytes),
                Metric("ConversionTime", record.durationInMilliseconds ?? 0, .milliseconds),
            ]
        // Interrupted work is retried automatically. A failed conversion needs a person.
        case .failed(_, let type) where type.isTemporary: [Metric("ConversionsInterrupted", 1, .count)]
        case .failed: [Metric("ConversionsFailed", 1, .count)]
        }
    }

    private var properties: JSONObject {
        var properties: JSONObject = ["control_id": .string(record.controlID.text)]
        properties["compute_target"] = (record.computeTarget?.rawValue).map(JSON.string)
        if case .failed(_, let type) = self { properties["error_type"] = .string(type.name) }
        return properties
    }
}
