public import JSON
internal import Time

/// One value of a metric.
public struct Metric: Sendable, Hashable {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
    public enum Unit: String, Sendable {
        case count = "Count"
        case bytes = "Bytes"
        case seconds = "Seconds"
        case milliseconds = "Milliseconds"
    }

    public let name: String
    public let value: Int
    public let unit: Unit

    public init(_ name: String, _ value: Int, _ unit: Unit) {
        self.name = name
        self.value = value
        self.unit = unit
    }
}

/// Metrics inside a log line, in CloudWatch's embedded metric format. CloudWatch Logs extracts them, so a function
/// needs no call, no wait and no permission.
///
/// - SeeAlso:
///   <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
public struct EmbeddedMetrics: Sendable {
    public struct Dimension: Sendable, Hashable {
        let name: String
        let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The namespace of all metrics of Cupel.
    public static let namespace = "Cupel"

    private let dimensionSets: [[Dimension]]
    private let metrics: [Metric]
    private let properties: JSONObject

    /// - Parameters:
    ///   - dimensionSets: Each set makes a separate series of every metric, so a new value adds one metric for each of
    ///     `metrics`. A name has the same value in all sets.
    ///   - properties: Further members of the line, for searches. They belong to no metric.
    public init(_ metrics: [Metric], by dimensionSets: [[Dimension]], properties: JSONObject = [:]) {
        self.metrics = metrics
        self.dimensionSets = dimensionSets
        self.properties = properties
    }

    func document(at time: Timestamp) -> JSON {
        let directive: JSON = [
            "Namespace": .string(Self.namespace),
            "Dimensions": .array(dimensionSets.map { .array($0.map { .string($0.name) }) }),
            "Metrics": .array(metrics.map { ["Name": .string($0.name), "Unit": .string($0.unit.rawValue)] }),
        ]
        var document: JSONObject = [
            "_aws": ["Timestamp": .int(time.milliseconds), "CloudWatchMetrics": [directive]]
        ]
        for dimension in dimensionSets.joined() { document[dimension.name] = .string(dimension.value) }
        for metric in metrics { document[metric.name] = .int(metric.value) }
        for property in properties where document[property.name] == nil { document[property.name] = property.value }
        return .object(document)
    }
}

extension Log {
    /// Writes `metrics` as one line, whatever the format and the level.
    public func write(_ metrics: EmbeddedMetrics) {
        put(metrics.document(at: .now()))
    }
}
