internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

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

/// Gives CloudWatch what log events embed, a second at a time: a put for each event would be a transaction for each file.
final class EmbeddedMetricReports: Sendable {
    /// Data by namespace.
    private let pending = Mutex<[String: [JSON]]>([:])
    private let peers: Peers
    private let clock: ClockAndChance

    private static let millisecondsBetweenReports: Int64 = 1000
    private static let mostDataInPut = 1000

    init(peers: Peers, clock: ClockAndChance) {
        self.peers = peers
        self.clock = clock
    }

    func add(_ message: String) {
        guard let monitoring = peers.action("monitoring"), let metrics = EmbeddedMetrics(message) else { return }
        let isFirst = pending.withLock { pending in
            defer {
                for request in metrics.requests {
                    pending[request["Namespace"]?.string ?? "", default: []] += request["MetricData"]?.array ?? []
                }
            }
            return pending.isEmpty
        }
        guard isFirst else { return }
        Task {
            try? await clock.sleep(clock.now().advanced(byMilliseconds: Self.millisecondsBetweenReports))
            let collected = pending.withLock { pending in
                defer { pending = [:] }
                return pending
            }
            for (namespace, data) in collected {
                for start in stride(from: 0, to: data.count, by: Self.mostDataInPut) {
                    let some = Array(data[start..<min(start + Self.mostDataInPut, data.count)])
                    // A metric that CloudWatch refuses is not there; the event that embeds it is.
                    _ = try? await monitoring.perform(
                        "PutMetricData", ["Namespace": .string(namespace), "MetricData": .array(some)])
                }
            }
        }
    }
}
