internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Metrics that a log event embeds: CloudWatch extracts them from every log group.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
struct EmbeddedMetrics: Sendable {
    /// The values of one metric at one time.
    struct Datum: Sendable {
        let namespace: String
        let name: String
        let dimensions: JSON
        let unit: JSON
        /// Milliseconds since 1970; nil for now.
        let time: Double?
        var values: [JSON]

        /// An element of a request of PutMetricData.
        var document: JSON {
            var document: JSONObject = [
                "MetricName": .string(name), "Dimensions": dimensions, "Values": .array(values), "Unit": unit,
            ]
            document["Timestamp"] = time.flatMap { JSONNumber($0 / 1000) }.map { .number($0) }
            return .object(document)
        }
    }

    private(set) var data: [Datum] = []

    private static let mostDimensions = 30
    private static let mostMetrics = 100
    private static let mostValues = 100

    /// - Returns: nil for an event without metrics. What does not follow the format is left out, as CloudWatch does.
    init?(_ message: String) {
        guard Self.mayHaveMetrics(message), let event = try? JSON(parsing: message),
            let about = event["_aws"], let directives = about["CloudWatchMetrics"]?.array
        else { return nil }
        let time = about["Timestamp"]?.double
        for directive in directives {
            guard let namespace = directive["Namespace"]?.string else { continue }
            let sets = (directive["Dimensions"]?.array ?? [[]]).compactMap { Self.dimensions($0, in: event) }
            for metric in (directive["Metrics"]?.array ?? []).prefix(Self.mostMetrics) {
                guard let name = metric["Name"]?.string, let value = event[name],
                    let values = Self.values(value)
                else { continue }
                for dimensions in sets {
                    data.append(
                        Datum(
                            namespace: namespace, name: name, dimensions: dimensions, unit: metric["Unit"] ?? "None",
                            time: time, values: values))
                }
            }
        }
        if data.isEmpty { return nil }
    }

    /// Few lines have metrics, so most are not parsed.
    private static func mayHaveMetrics(_ message: String) -> Bool {
        message.utf8.first == UInt8(ascii: "{") && message.withCString { strstr($0, "\"CloudWatchMetrics\"") != nil }
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
///
/// The values of a metric within a second are one datum. CloudWatch keeps no finer times.
final class EmbeddedMetricReports: Sendable {
    /// What the values of one datum share.
    private struct Series: Hashable {
        let namespace: String
        let name: String
        let dimensions: String
        let unit: String
        let second: Double?
    }

    private struct Collected {
        var data: [EmbeddedMetrics.Datum] = []
        /// The position of the datum that takes further values.
        var open: [Series: Int] = [:]

        mutating func add(_ datum: EmbeddedMetrics.Datum) {
            let series = Series(
                namespace: datum.namespace, name: datum.name, dimensions: datum.dimensions.text,
                unit: datum.unit.text, second: datum.time.map { ($0 / 1000).rounded(.down) })
            if let position = open[series],
                data[position].values.count + datum.values.count <= EmbeddedMetricReports.mostValuesInDatum
            {
                data[position].values += datum.values
            } else {
                open[series] = data.count
                data.append(datum)
            }
        }
    }

    private let pending = Mutex(Collected())
    private let peers: Peers
    private let clock: ClockAndChance

    private static let millisecondsBetweenReports: Int64 = 1000
    private static let mostDataInPut = 1000
    private static let mostValuesInDatum = 150

    init(peers: Peers, clock: ClockAndChance) {
        self.peers = peers
        self.clock = clock
    }

    func add(_ message: String) {
        guard let metrics = EmbeddedMetrics(message), let monitoring = peers.action("monitoring") else { return }
        let isFirst = pending.withLock { pending in
            let isFirst = pending.data.isEmpty
            for datum in metrics.data { pending.add(datum) }
            return isFirst
        }
        guard isFirst else { return }
        Task {
            try? await clock.sleep(clock.now().advanced(byMilliseconds: Self.millisecondsBetweenReports))
            let collected = pending.withLock { pending in
                defer { pending = Collected() }
                return pending.data
            }
            var data: [String: [JSON]] = [:]
            for datum in collected { data[datum.namespace, default: []].append(datum.document) }
            for (namespace, data) in data {
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
