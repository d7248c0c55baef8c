internal import EmulatorCore
internal import JSON

/// Metrics that a log event embeds: CloudWatch extracts them from every log group.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
struct EmbeddedMetrics: Sendable {
    /// The requests of PutMetricData that the event makes.
    private(set) var requests: [JSON] = []

    private static let mostDimensions = 30
    private static let mostMetrics = 100
    private static let mostValues = 100

    /// - Returns: nil for an event without metrics. What does not follow the format is left out, as CloudWatch does.
    init?(_ message: String) {
        guard message.contains("\"CloudWatchMetrics\""), let event = try? JSON(parsing: message),
            let about = event["_aws"], let directives = about["CloudWatchMetrics"]?.array
        else { return nil }
        for directive in directives {
            guard let namespace = directive["Namespace"]?.string else { continue }
            let sets = directive["Dimensions"]?.array ?? [[]]
            var data: [JSON] = []
            for metric in (directive["Metrics"]?.array ?? []).prefix(Self.mostMetrics) {
                guard let name = metric["Name"]?.string, let value = event[name],
                    let values = Self.values(value)
                else { continue }
                for set in sets {
                    guard let dimensions = Self.dimensions(set, in: event) else { continue }
                    var datum: JSONObject = [
                        "MetricName": .string(name), "Dimensions": dimensions, "Values": .array(values),
                        "Unit": metric["Unit"] ?? "None",
                    ]
                    datum["Timestamp"] = about["Timestamp"]?.double.flatMap { JSONNumber($0 / 1000) }.map {
                        .number($0)
                    }
                    data.append(.object(datum))
                }
            }
            if !data.isEmpty { requests.append(["Namespace": .string(namespace), "MetricData": .array(data)]) }
        }
        if requests.isEmpty { return nil }
    }

    private static func values(_ value: JSON) -> [JSON]? {
        if value.number != nil { return [value] }
        guard let elements = value.array, !elements.isEmpty, elements.count <= mostValues,
            elements.allSatisfy({ $0.number != nil })
        else { return nil }
        return elements
    }

    private static func dimensions(_ names: JSON, in event: JSON) -> JSON? {
        guard let names = names.array, names.count <= mostDimensions else { return nil }
        var dimensions: [JSON] = []
        for name in names {
            guard let name = name.string, let value = event[name], value.array == nil, value.object == nil else {
                return nil
            }
            dimensions.append(["Name": .string(name), "Value": .string(value.string ?? value.text)])
        }
        return .array(dimensions)
    }
}

extension LogService {
    /// Gives CloudWatch the metrics in a message, beside what the message's writer does.
    func extractMetrics(_ message: String) {
        guard let monitoring = peers.action("monitoring"), let metrics = EmbeddedMetrics(message) else { return }
        Task {
            // A metric that CloudWatch refuses is not there; the event that embeds it is.
            for request in metrics.requests { _ = try? await monitoring.perform("PutMetricData", request) }
        }
    }
}
