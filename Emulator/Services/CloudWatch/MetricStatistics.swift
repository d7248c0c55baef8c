internal import EmulatorCore
internal import JSON
internal import Time

/// What the values of metrics were.
extension CloudWatchService {
    private static let mostDatapoints: Int64 = 1440

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>
    func metricStatistics(_ input: JSON) throws -> JSON {
        let metric = try MetricIdentity(
            namespace: input["Namespace"]?.string, name: input["MetricName"]?.string, dimensions: input["Dimensions"])
        let period = try Self.period(input["Period"], "Period")
        let range = try Self.range(input, periodInSeconds: period)
        let names = (input["Statistics"]?.array ?? []).compactMap(\.string)
        let extended = (input["ExtendedStatistics"]?.array ?? []).compactMap(\.string)
        guard !names.isEmpty || !extended.isEmpty else {
            throw AWSFault.missingMetric("Statistics or ExtendedStatistics")
        }
        let count = (range.upperBound - range.lowerBound) / 1000 / period
        guard count <= Self.mostDatapoints else {
            throw AWSFault.invalidCombination(
                "You have requested up to \(count) datapoints, which exceeds the limit of \(Self.mostDatapoints). You may "
                    + "reduce the datapoints requested by increasing Period, or decreasing the time range.")
        }
        let points = try store.read { try MetricTable.points(of: metric, in: range, unit: input["Unit"]?.string, $0) }
        let series = PeriodSeries(points, periodInSeconds: period)
        var datapoints: [JSON] = []
        for (start, summary) in series.summaries.sorted(by: { $0.key < $1.key }) {
            var datapoint: JSONObject = [
                "Timestamp": Timestamp.json(start), "Unit": .string(series.units[start] ?? "None"),
            ]
            for name in names { datapoint[name] = try summary.statistic(Statistic(name)).map { .decimal($0) } }
            if !extended.isEmpty {
                var values = JSONObject()
                for name in extended { values[name] = try summary.statistic(Statistic(name)).map { .decimal($0) } }
                datapoint["ExtendedStatistics"] = .object(values)
            }
            datapoints.append(.object(datapoint))
        }
        return ["Label": .string(metric.name), "Datapoints": .array(datapoints)]
    }

    /// In seconds: 1, 5, 10, 20, 30 or minutes.
    static func period(_ value: JSON?, _ name: String) throws(AWSFault) -> Int64 {
        guard let value else { throw .missingMetric(name) }
        guard let period = value.looseInt, period > 0, [1, 5, 10, 20, 30].contains(period) || period % 60 == 0,
            period <= 86_400 * 365
        else {
            throw .invalidMetric("The parameter \(name) must be 1, 5, 10, 20, 30 or a multiple of 60.")
        }
        return Int64(period)
    }

    /// The time asked for, from the beginning of a period on.
    private static func range(_ input: JSON, periodInSeconds: Int64) throws(AWSFault) -> Range<Int64> {
        guard let start = input["StartTime"]?.moment else { throw .missingMetric("StartTime") }
        guard let end = input["EndTime"]?.moment else { throw .missingMetric("EndTime") }
        guard start < end else {
            throw .invalidMetric("The parameter StartTime must be less than the parameter EndTime.")
        }
        return PeriodSeries.start(of: start, periodInSeconds * 1000)..<end
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
    func metricData(_ input: JSON) throws -> JSON {
        guard let documents = input["MetricDataQueries"]?.array, !documents.isEmpty else {
            throw AWSFault.missingMetric("MetricDataQueries")
        }
        let queries = try MetricQuery.all(documents)
        let range = try Self.range(input, periodInSeconds: 60)
        let isAscending = input["ScanBy"]?.string == "TimestampAscending"
        let series = try store.read { snapshot in
            try MetricQuery.evaluate(queries) { stat in try Self.values(of: stat, in: range, snapshot) }
        }
        var results: [JSON] = []
        for query in queries where query.returnsData {
            let values = (series[query.id] ?? [:]).sorted { isAscending ? $0.key < $1.key : $0.key > $1.key }
            results.append([
                "Id": .string(query.id), "Label": .string(query.label), "StatusCode": "Complete",
                "Timestamps": .array(values.map { Timestamp.json($0.key) }),
                "Values": .array(values.map { .decimal($0.value) }),
            ])
        }
        return ["MetricDataResults": .array(results), "Messages": []]
    }

    private static func values(
        of query: MetricQuery.Stat, in range: Range<Int64>, _ snapshot: borrowing Snapshot
    ) throws -> [Int64: Double] {
        let start = PeriodSeries.start(of: range.lowerBound, query.period * 1000)
        let points = try MetricTable.points(
            of: query.metric, in: start..<range.upperBound, unit: query.unit, snapshot)
        return PeriodSeries(points, periodInSeconds: query.period).summaries.compactMapValues {
            $0.statistic(query.statistic)
        }
    }
}

/// One of the series that a request or an alarm names: a metric, or an expression over the others.
struct MetricQuery: Sendable {
    struct Stat: Sendable {
        let metric: MetricIdentity
        /// In seconds.
        let period: Int64
        let statistic: Statistic
        let unit: String?
    }

    enum Source: Sendable {
        case metric(Stat)
        case expression(MetricMath)
    }

    let id: String
    let label: String
    let source: Source
    let returnsData: Bool

    static func all(_ documents: [JSON]) throws(AWSFault) -> [MetricQuery] {
        var queries: [MetricQuery] = []
        for document in documents { queries.append(try MetricQuery(document)) }
        let ids = queries.map(\.id)
        guard Set(ids).count == ids.count else {
            throw AWSFault("ValidationError", "The ids of MetricDataQueries must be unique.")
        }
        return queries
    }

    private init(_ document: JSON) throws(AWSFault) {
        guard let id = document["Id"]?.string, let first = id.unicodeScalars.first, first.properties.isLowercase,
            id.utf8.allSatisfy({
                $0 == UInt8(ascii: "_") || UnicodeScalar($0).properties.isAlphabetic || (0x30...0x39).contains($0)
            })
        else {
            throw AWSFault(
                "ValidationError",
                "The Id of a metric query starts with a lowercase letter and has letters, digits and _.")
        }
        self.id = id
        returnsData = document["ReturnData"]?.looseBool ?? true
        if let text = document["Expression"]?.string {
            source = .expression(try MetricMath(text))
            label = document["Label"]?.string ?? id
            return
        }
        guard let stat = document["MetricStat"] else {
            throw AWSFault("ValidationError", "The metric query \(id) needs a MetricStat or an Expression.")
        }
        let metric = try MetricIdentity(
            namespace: stat["Metric"]?["Namespace"]?.string, name: stat["Metric"]?["MetricName"]?.string,
            dimensions: stat["Metric"]?["Dimensions"])
        source = .metric(
            Stat(
                metric: metric, period: try CloudWatchService.period(stat["Period"], "MetricStat.Period"),
                statistic: try Statistic(stat["Stat"]?.string ?? ""), unit: stat["Unit"]?.string))
        label = document["Label"]?.string ?? metric.name
    }

    /// All series, by ID: expressions after what they name.
    static func evaluate(
        _ queries: [MetricQuery], _ values: (Stat) throws -> [Int64: Double]
    ) throws -> [String: [Int64: Double]] {
        var series: [String: [Int64: Double]] = [:]
        var metrics: [(id: String, values: [Int64: Double])] = []
        for query in queries {
            guard case .metric(let stat) = query.source else { continue }
            let found = try values(stat)
            series[query.id] = found
            metrics.append((query.id, found))
        }
        var waiting = queries.filter { if case .expression = $0.source { true } else { false } }
        while !waiting.isEmpty {
            var later: [MetricQuery] = []
            for query in waiting {
                guard case .expression(let math) = query.source else { continue }
                if math.names.allSatisfy({ series[$0] != nil }) {
                    series[query.id] = try math.evaluate(series, metrics)
                } else {
                    later.append(query)
                }
            }
            guard later.count < waiting.count else {
                throw AWSFault(
                    "ValidationError",
                    "The expression \(later[0].id) names a metric query that does not exist, or itself.")
            }
            waiting = later
        }
        return series
    }
}
