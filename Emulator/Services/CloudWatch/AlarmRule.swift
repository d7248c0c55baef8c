internal import EmulatorCore
internal import JSON
internal import Time

/// When an alarm is in which state.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>
struct AlarmRule: Sendable {
    enum Missing: String, Sendable {
        case missing, ignore, breaching, notBreaching
    }

    enum Comparison: String, Sendable {
        case greaterOrEqual = "GreaterThanOrEqualToThreshold"
        case greater = "GreaterThanThreshold"
        case less = "LessThanThreshold"
        case lessOrEqual = "LessThanOrEqualToThreshold"

        func holds(_ value: Double, _ threshold: Double) -> Bool {
            switch self {
            case .greaterOrEqual: value >= threshold
            case .greater: value > threshold
            case .less: value < threshold
            case .lessOrEqual: value <= threshold
            }
        }

        var words: String {
            switch self {
            case .greaterOrEqual: "greater than or equal to"
            case .greater: "greater than"
            case .less: "less than"
            case .lessOrEqual: "less than or equal to"
            }
        }
    }

    let queries: [MetricQuery]
    /// The series that is compared.
    let watched: String
    /// In seconds.
    let period: Int64
    let periods: Int
    let breachesToAlarm: Int
    let threshold: Double
    let comparison: Comparison
    let missing: Missing

    /// - Throws: ``AWSFault`` for what CloudWatch refuses, or what is not emulated.
    init(_ document: JSON) throws(AWSFault) {
        if document["ThresholdMetricId"] != nil || document["ComparisonOperator"]?.string?.contains("Upper") == true {
            throw .notEmulated("CloudWatch's anomaly detection")
        }
        guard let comparison = Comparison(rawValue: document["ComparisonOperator"]?.string ?? "") else {
            throw AWSFault(
                "ValidationError",
                "The ComparisonOperator \(document["ComparisonOperator"]?.string ?? "(none)") is not known.")
        }
        guard let threshold = document["Threshold"]?.looseDouble else {
            throw AWSFault("ValidationError", "The parameter Threshold is required.")
        }
        guard let periods = document["EvaluationPeriods"]?.looseInt, (1...1440).contains(periods) else {
            throw AWSFault("ValidationError", "The parameter EvaluationPeriods must be 1 or more.")
        }
        let most = document["DatapointsToAlarm"]?.looseInt ?? periods
        guard (1...periods).contains(most) else {
            throw AWSFault("ValidationError", "DatapointsToAlarm must be 1 to EvaluationPeriods.")
        }
        guard let missing = Missing(rawValue: document["TreatMissingData"]?.string ?? "missing") else {
            throw AWSFault(
                "ValidationError",
                "TreatMissingData must be one of breaching, notBreaching, ignore and missing.")
        }
        self.comparison = comparison
        self.threshold = threshold
        self.periods = periods
        breachesToAlarm = most
        self.missing = missing
        let documents = try Self.queries(document)
        queries = try MetricQuery.all(documents)
        let returned = queries.filter(\.returnsData)
        guard returned.count == 1 else {
            throw AWSFault("ValidationError", "Exactly one element of the Metrics list should return data.")
        }
        watched = returned[0].id
        let lengths = queries.compactMap { if case .metric(let stat) = $0.source { stat.period } else { nil } }
        guard let longest = lengths.max() else {
            throw AWSFault("ValidationError", "An alarm needs a metric.")
        }
        period = longest
        guard Int64(periods) * period <= 7 * 86_400 else {
            throw AWSFault(
                "ValidationError", "Metrics cannot be checked across more than a week (EvaluationPeriods * Period).")
        }
    }

    /// The one metric of an alarm as a list of queries.
    private static func queries(_ document: JSON) throws(AWSFault) -> [JSON] {
        if let metrics = document["Metrics"]?.array {
            guard document["MetricName"] == nil else {
                throw AWSFault("ValidationError", "Metrics list and MetricName must not both be specified.")
            }
            return metrics
        }
        guard let statistic = document["Statistic"]?.string ?? document["ExtendedStatistic"]?.string else {
            throw AWSFault("ValidationError", "Exactly one of Statistic and ExtendedStatistic must be specified.")
        }
        var stat: JSONObject = [
            "Metric": [
                "Namespace": document["Namespace"] ?? .null, "MetricName": document["MetricName"] ?? .null,
                "Dimensions": document["Dimensions"] ?? [],
            ],
            "Period": document["Period"] ?? .null, "Stat": .string(statistic),
        ]
        stat["Unit"] = document["Unit"]
        return [["Id": "m1", "MetricStat": .object(stat)]]
    }

    /// The metrics whose values matter.
    var metrics: Set<MetricIdentity> {
        Set(queries.compactMap { if case .metric(let stat) = $0.source { stat.metric } else { nil } })
    }

    struct Verdict: Sendable {
        let state: StoredAlarm.State
        let reason: String
        let data: JSON
    }

    /// The state by the values of the last periods, which end now.
    /// - Returns: nil where the alarm keeps its state.
    func verdict(at now: Int64, _ snapshot: borrowing Snapshot) throws -> Verdict? {
        let values = try windows(at: now, snapshot)
        let real = values.compactMap { $0 }
        let breaches = real.count { comparison.holds($0, threshold) }
        let absent = periods - real.count
        let state: StoredAlarm.State
        if breaches >= breachesToAlarm {
            state = .alarm
        } else if real.isEmpty {
            switch missing {
            case .missing: state = .insufficientData
            case .ignore: return nil
            case .breaching: state = .alarm
            case .notBreaching: state = .ok
            }
        } else if missing == .breaching, breaches + absent >= breachesToAlarm {
            state = .alarm
        } else if missing == .missing || missing == .ignore, real.count < breachesToAlarm, breaches == real.count {
            // Too few values, and all of them breach.
            if missing == .ignore { return nil }
            state = .alarm
        } else {
            state = .ok
        }
        return Verdict(state: state, reason: reason(state, values, breaches), data: data(values, now))
    }

    /// The value of each of the last periods, the newest first.
    private func windows(at now: Int64, _ snapshot: borrowing Snapshot) throws -> [Double?] {
        let length = period * 1000
        let series = try MetricQuery.evaluate(queries) { stat in
            // The instant itself belongs to the newest period.
            let points = try MetricTable.points(
                of: stat.metric, in: (now - Int64(periods) * length + 1)..<(now + 1), unit: stat.unit, snapshot)
            var summaries: [Int64: Summary] = [:]
            for point in points { summaries[(now - point.time) / length, default: Summary()].add(point.values) }
            return summaries.compactMapValues { $0.statistic(stat.statistic) }
        }
        return (0..<periods).map { series[watched]?[Int64($0)] }
    }

    private func reason(_ state: StoredAlarm.State, _ values: [Double?], _ breaches: Int) -> String {
        let real = values.compactMap { $0 }
        guard !real.isEmpty else {
            if state == .insufficientData {
                return "Insufficient Data: \(periods) datapoint\(periods == 1 ? " was" : "s were") unknown."
            }
            return "Threshold Crossed: no datapoints were received for \(periods) period\(periods == 1 ? "" : "s") and "
                + "\(periods) missing datapoint\(periods == 1 ? " was" : "s were") treated as "
                + "[\(missing == .breaching ? "Breaching" : "NonBreaching")]."
        }
        let shown = real.map { "\($0)" }.joined(separator: ", ")
        let isAlarm = state == .alarm
        return "Threshold Crossed: \(isAlarm ? breaches : real.count - breaches) out of the last \(periods) datapoints "
            + "[\(shown)] \(real.count == 1 ? "was" : "were") \(isAlarm ? "" : "not ")\(comparison.words) the threshold "
            + "(\(threshold)) (minimum \(isAlarm ? breachesToAlarm : 1) datapoint"
            + "\(isAlarm && breachesToAlarm > 1 ? "s" : "") for \(isAlarm ? "OK -> ALARM" : "ALARM -> OK") transition)."
    }

    private func data(_ values: [Double?], _ now: Int64) -> JSON {
        [
            "version": "1.0", "queryDate": .string(Timestamp(milliseconds: now).rfc3339), "period": .int(period),
            "recentDatapoints": .array(values.compactMap { $0 }.map { .decimal($0) }), "threshold": .decimal(threshold),
        ]
    }
}
