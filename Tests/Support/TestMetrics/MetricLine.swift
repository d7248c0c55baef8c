public import JSON

/// A log line in CloudWatch's embedded metric format, checked against its specification. A breach is an error.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
public struct MetricLine {
    public struct Breach: Error, CustomStringConvertible {
        public let description: String
    }

    public let root: JSON
    public private(set) var namespace = ""
    public private(set) var dimensionSets: [[String]] = []
    public private(set) var values: [String: Int] = [:]
    public private(set) var units: [String: String] = [:]

    /// The metric lines among log lines.
    public static func all(in lines: [String]) throws -> [MetricLine] {
        try lines.filter { $0.hasPrefix(#"{"_aws":"#) }.map(MetricLine.init)
    }

    public init(_ line: String) throws {
        guard line.hasSuffix("\n"), line.filter(\.isNewline).count == 1 else { throw Breach("not one line: \(line)") }
        guard line.utf8.count <= 256 << 10 else { throw Breach("a log event holds 256 KB at most") }
        root = try JSON(parsing: line)
        guard root["_aws"]?.object?.names.sorted() == ["CloudWatchMetrics", "Timestamp"],
            let time = root["_aws"]?["Timestamp"]?.int, (1_500_000_000_000...9_999_999_999_999).contains(time),
            let directives = root["_aws"]?["CloudWatchMetrics"]?.array, !directives.isEmpty
        else { throw Breach("expected a metadata object in _aws: \(line)") }
        for directive in directives { try read(directive) }
    }

    private mutating func read(_ directive: JSON) throws {
        guard directive.object?.names.sorted() == ["Dimensions", "Metrics", "Namespace"] else {
            throw Breach("expected Namespace, Dimensions, and Metrics in a directive: \(directive)")
        }
        guard let namespace = directive["Namespace"]?.string, (1...1024).contains(namespace.utf8.count),
            !namespace.hasPrefix("AWS/"), !namespace.contains(":")
        else { throw Breach("invalid namespace: \(directive)") }
        self.namespace = namespace
        guard let sets = directive["Dimensions"]?.array, !sets.isEmpty else { throw Breach("no dimension set") }
        for set in sets { dimensionSets.append(try names(ofDimensions: set)) }
        guard let metrics = directive["Metrics"]?.array, (1...100).contains(metrics.count) else {
            throw Breach("a directive defines 1 to 100 metrics")
        }
        for metric in metrics { try readMetric(metric) }
    }

    private func names(ofDimensions set: JSON) throws -> [String] {
        guard let names = set.array?.compactMap(\.string), names.count == set.array?.count,
            (1...30).contains(names.count),
            Set(names).count == names.count
        else { throw Breach("a dimension set has 1 to 30 names: \(set)") }
        for name in names {
            guard (1...250).contains(name.utf8.count), !name.hasPrefix(":"), name.utf8.allSatisfy({ $0 < 128 }) else {
                throw Breach("\(name) is not a valid dimension name")
            }
            guard let value = root[name]?.string, (1...1024).contains(value.utf8.count),
                value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), value.contains(where: { $0 != " " })
            else { throw Breach("the root has no text for the dimension \(name)") }
        }
        return names
    }

    private mutating func readMetric(_ metric: JSON) throws {
        guard metric.object?.names == ["Name", "Unit"], let name = metric["Name"]?.string,
            (1...1024).contains(name.utf8.count), let unit = metric["Unit"]?.string
        else { throw Breach("a metric has a name and a unit: \(metric)") }
        guard Self.knownUnits.contains(unit) else { throw Breach("\(unit) is not a unit of CloudWatch") }
        guard values[name] == nil, !dimensionSets.joined().contains(name) else {
            throw Breach("\(name) is defined twice")
        }
        guard let value = root[name]?.int else { throw Breach("the root has no number for \(name)") }
        values[name] = value
        units[name] = unit
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
    private static let knownUnits: Set<String> = {
        let sizes = ["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"]
        let bits = ["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"]
        let plain = ["Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None", "Count/Second"]
        return Set(plain + sizes + bits + (sizes + bits).map { $0 + "/Second" })
    }()
}

extension MetricLine.Breach {
    init(_ description: String) { self.description = description }
}
