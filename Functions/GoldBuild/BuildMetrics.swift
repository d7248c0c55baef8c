internal import JSON
internal import LambdaRuntime

/// The metrics of one build, for the pipeline and for its model.
enum BuildMetrics {
    case built(ModelBuild.Outcome, after: Duration)
    case failed(FailureType)

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
        case .failed: return [Metric("BuildsFailed", 1, .count)]
        }
    }

    private var properties: JSONObject {
        if case .failed(let type) = self { ["error_type": .string(type.name)] } else { [:] }
    }
}
