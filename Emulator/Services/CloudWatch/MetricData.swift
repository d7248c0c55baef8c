internal import EmulatorCore
internal import JSON
internal import Time

/// Putting values, and the metrics that have them.
extension CloudWatchService {
    private static let mostData = 1000
    private static let mostValues = 150
    private static let oldestInMilliseconds: Int64 = 14 * 86_400_000
    private static let newestInMilliseconds: Int64 = 2 * 3_600_000

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
    func putMetricData(_ input: JSON) async throws -> JSON {
        let now = clock.now().milliseconds
        var data = input["MetricData"]?.array ?? []
        // Values of an entity are values all the same.
        for entity in input["EntityMetricData"]?.array ?? [] { data += entity["MetricData"]?.array ?? [] }
        guard !data.isEmpty else { throw AWSFault.missingMetric("MetricData") }
        guard data.count <= Self.mostData else {
            throw AWSFault.invalidMetric(
                "The collection MetricData must not have a size greater than \(Self.mostData).")
        }
        var found: [(MetricIdentity, MetricPoint)] = []
        for (position, datum) in data.enumerated() {
            let metric = try MetricIdentity(
                namespace: input["Namespace"]?.string, name: datum["MetricName"]?.string,
                dimensions: datum["Dimensions"])
            let place = "MetricData.member.\(position + 1)"
            let time = datum["Timestamp"]?.moment ?? now
            guard now - time <= Self.oldestInMilliseconds, time - now <= Self.newestInMilliseconds else {
                throw AWSFault.invalidMetric(
                    "The parameter \(place).Timestamp must specify a time no more than two weeks before, and no more than "
                        + "two hours after now.")
            }
            let unit = datum["Unit"]?.string ?? "None"
            guard Self.units.contains(unit) else {
                throw AWSFault.invalidMetric(
                    "The parameter \(place).Unit must be a value in the set of units, not \(unit).")
            }
            found.append((metric, MetricPoint(time: time, unit: unit, values: try Self.summary(datum, at: place))))
        }
        let points = found
        try await store.write { transaction in
            for (metric, point) in points { try MetricTable.add(point, to: metric, at: now, in: transaction) }
        }
        try await evaluateAlarms(on: Set(points.map(\.0)))
        return [:]
    }

    private static let units: Set = [
        "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
        "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
        "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second",
        "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
    ]

    /// The one value, list of values or set of statistics of a datum.
    private static func summary(_ datum: JSON, at place: String) throws(AWSFault) -> Summary {
        let names = ["Value", "Values", "StatisticValues"].filter { datum[$0] != nil }
        guard let name = names.first else { throw .missingMetric("\(place).Value") }
        guard names.count == 1 else {
            throw .invalidCombination(
                "The parameters \(place).\(names[0]) and \(place).\(names[1]) are mutually exclusive and you have "
                    + "specified both.")
        }
        func number(_ value: JSON?, _ field: String) throws(AWSFault) -> Double {
            guard let number = value?.looseDouble, number.isFinite, number.magnitude <= 0x1p360 else {
                throw .invalidMetric(
                    "The value \(value?.string ?? value?.text ?? "") for parameter \(place).\(field) is invalid.")
            }
            return number
        }
        switch name {
        case "Value":
            var summary = Summary()
            summary.add(try number(datum["Value"], "Value"))
            return summary
        case "Values":
            let (values, counts) = (datum["Values"]?.array ?? [], datum["Counts"]?.array)
            guard !values.isEmpty, values.count <= mostValues else {
                throw .invalidMetric("The collection \(place).Values must have 1 to \(mostValues) members.")
            }
            guard counts.map({ $0.count == values.count }) ?? true else {
                throw .invalidMetric("The parameters \(place).Values and \(place).Counts must be of the same size.")
            }
            var summary = Summary()
            for (position, value) in values.enumerated() {
                let times = try counts.map { counts throws(AWSFault) in try number(counts[position], "Counts") } ?? 1
                guard times > 0 else { continue }
                summary.add(try number(value, "Values"), count: times)
            }
            return summary
        default:
            let set = datum["StatisticValues"] ?? [:]
            let count = try number(set["SampleCount"], "StatisticValues.SampleCount")
            let (low, high) = (
                try number(set["Minimum"], "StatisticValues.Minimum"),
                try number(set["Maximum"], "StatisticValues.Maximum")
            )
            guard count > 0, low <= high else {
                throw .invalidMetric(
                    "The parameter \(place).StatisticValues needs a SampleCount above 0, and a Minimum that the Maximum "
                        + "does not fall below.")
            }
            return Summary(
                count: count, sum: try number(set["Sum"], "StatisticValues.Sum"), minimum: low, maximum: high)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>
    func listMetrics(_ input: JSON) throws -> JSON {
        let isRecent = input["RecentlyActive"]?.string == "PT3H"
        let since = isRecent ? clock.now().milliseconds - 3 * 3_600_000 : 0
        let wanted = input["Dimensions"]?.array ?? []
        let all = try store.read { try MetricTable.metrics(since: since, $0) }.filter { metric in
            if let namespace = input["Namespace"]?.string, namespace != metric.namespace { return false }
            if let name = input["MetricName"]?.string, name != metric.name { return false }
            return wanted.allSatisfy { filter in
                metric.dimensions.contains { dimension in
                    dimension.name == filter["Name"]?.string
                        && (filter["Value"]?.string.map { $0 == dimension.value } ?? true)
                }
            }
        }
        let page = try CloudWatchPage(input, size: 500)
        return page.answer(all.map(\.document), as: "Metrics")
    }
}

/// A part of a listing, and where the next part begins.
struct CloudWatchPage {
    private let start: Int
    private let size: Int

    init(_ input: JSON, size: Int, named limit: String? = nil) throws(AWSFault) {
        start = input["NextToken"]?.string.flatMap { Int($0) } ?? 0
        let asked = limit.flatMap { input[$0]?.looseInt } ?? size
        guard (1...size).contains(asked) else {
            throw .invalidMetric("The value \(asked) for parameter \(limit ?? "") must be 1 to \(size).")
        }
        self.size = asked
        guard start >= 0 else { throw AWSFault("InvalidNextToken", "The next token specified is invalid.") }
    }

    func answer(_ all: [JSON], as name: String) -> JSON {
        let rest = all.dropFirst(start)
        var answer: JSONObject = [name: .array(Array(rest.prefix(size)))]
        if rest.count > size { answer["NextToken"] = .string("\(start + size)") }
        return .object(answer)
    }
}
