internal import AWSClient
internal import JSON
internal import Time

/// Figures of CloudWatch, of many metrics with one call.
struct MetricFigures: Sendable {
    struct Metric: Sendable, Hashable {
        let namespace: String
        let name: String
        let dimension: String
        let value: String
        /// `Sum`, `Maximum`.
        var statistic = "Sum"
    }

    /// Of each metric, the values of the periods that have any, the newest first.
    private var values: [Metric: [Double]] = [:]

    /// - Parameters:
    ///   - metrics: at most 500.
    ///   - period: in seconds, a multiple of 60.
    ///   - count: periods that are read, of which the last is not over.
    /// - Returns: nil where CloudWatch does not answer or the profile may not ask.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
    init?(_ metrics: [Metric], period: Int, count: Int, from pipeline: Pipeline) {
        guard !metrics.isEmpty else { return }
        let now = Timestamp.now().milliseconds / 1000
        let queries = metrics.enumerated().map { place, metric -> JSON in
            [
                "Id": .string("m\(place)"),
                "MetricStat": [
                    "Metric": [
                        "Namespace": .string(metric.namespace), "MetricName": .string(metric.name),
                        "Dimensions": [["Name": .string(metric.dimension), "Value": .string(metric.value)]],
                    ], "Period": .int(period), "Stat": .string(metric.statistic),
                ],
            ]
        }
        let start = (now / Int64(period) - Int64(count) + 1) * Int64(period)
        let answer = try? pipeline.client.jsonCall(
            service: "monitoring", target: "GraniteServiceVersion20100801", action: "GetMetricData",
            input: [
                "MetricDataQueries": .array(queries), "StartTime": .int(start), "EndTime": .int(now + 1),
                "ScanBy": "TimestampDescending",
            ], isRepeatable: true)
        guard let results = answer?["MetricDataResults"]?.array else { return nil }
        for result in results {
            guard let place = result["Id"]?.string.flatMap({ Int($0.dropFirst()) }), metrics.indices.contains(place)
            else { continue }
            values[metrics[place]] = (result["Values"]?.array ?? []).compactMap(\.double)
        }
    }

    /// The largest value of a period, as a whole number; nil if there is none.
    func largest(_ metric: Metric) -> Int? { whole(values[metric]?.max()) }

    func newest(_ metric: Metric) -> Int? { whole(values[metric]?.first) }

    func sum(_ metric: Metric) -> Int? {
        values[metric].flatMap { $0.isEmpty ? nil : whole($0.reduce(0, +)) }
    }

    private func whole(_ value: Double?) -> Int? {
        value.flatMap { $0.magnitude < 1e15 ? Int($0.rounded()) : nil }
    }
}
