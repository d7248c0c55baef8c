internal import JSON
internal import LambdaRuntime

/// The metrics of one build, for the pipeline and for its model.
enum BuildMetrics {
    case built(ModelBuild.Outcome, after: Duration)
    case failed(FailureType)
    /// The process could not say so itself.
    case died(ReportedFailure)

    func embedded(in pipeline: String, model: String) -> EmbeddedMetrics {
        let whole = EmbeddedMetrics.Dimension("Pipeline", pipeline)
        return EmbeddedMetrics(metrics, by: [[whole], [whole, .init("Model", model)]], properties: properties)
    }

    private var metrics: [Metric] {
        switch self {
        case .built(let outcome, let duration):
            let (seconds, attoseconds) = duration.components
            return [
                Metric("ModelsBuilt", 1, .count), Metric("RowsBuilt", Int(outcome.writtenCount), .count),
                Metric("BuildTime", Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000), .milliseconds),
            ]
        // Interrupted work is retried automatically. A failed build needs a person.
        case .failed(let type) where type.isTemporary: return [Metric("BuildsInterrupted", 1, .count)]
        case .failed, .died: return [Metric("BuildsFailed", 1, .count)]
        }
    }

    private var properties: JSONObject {
        switch self {
        case .built: [:]
        case .failed(let type): ["error_type": .string(type.name)]
        case .died(let failure): ["error_type": .string(failure.errorType)]
        }
    }
}
