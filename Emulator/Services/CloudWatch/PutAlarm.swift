internal import EmulatorCore
internal import JSON

/// An alarm as a client or a template puts it.
struct PutAlarm: Sendable {
    let name: String
    /// The members that configure it.
    let document: JSONObject
    let tags: JSONObject

    private static let configuration = [
        "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName",
        "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods",
        "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile",
        "Metrics", "ThresholdMetricId",
    ]

    /// - Throws: ``AWSFault`` if the name or the rule is none.
    init(_ input: JSON) throws {
        guard let name = input["AlarmName"]?.string, (1...255).contains(name.utf8.count) else {
            throw AWSFault("ValidationError", "The parameter AlarmName must have 1 to 255 characters.")
        }
        _ = try AlarmRule(input)
        self.name = name
        var document = JSONObject()
        for member in Self.configuration { document[member] = input[member].map { Self.typed($0, member) } }
        self.document = document
        tags = CloudWatchService.tags(input["Tags"])
    }

    /// Forms carry numbers as texts.
    private static func typed(_ value: JSON, _ member: String) -> JSON {
        switch member {
        case "ActionsEnabled": value.looseBool.map { .bool($0) } ?? value
        case "Period", "EvaluationPeriods", "DatapointsToAlarm": value.looseInt.map { .int($0) } ?? value
        case "Threshold": value.looseDouble.map { .decimal($0) } ?? value
        default: value
        }
    }
}
