internal import AWSModels

/// What was measured for one quality rule of the contract that a file was converted by.
public struct MeasuredRule: Sendable, Hashable {
    public enum Outcome: String, Sendable, CaseIterable {
        case passed, failed
        /// The outcome is unknown; `measured` is a lower bound.
        case unchecked
    }

    public let rule: String
    public let metric: String
    /// Nil for a rule of the whole table.
    public let column: String?
    public let measured: Double
    /// Such as `mustBeLessThan 5 percent`.
    public let expected: String
    public let outcome: Outcome
    public let severity: String

    public init(
        rule: String, metric: String, column: String?, measured: Double, expected: String, outcome: Outcome,
        severity: String
    ) {
        self.rule = rule
        self.metric = metric
        self.column = column
        self.measured = measured
        self.expected = expected
        self.outcome = outcome
        self.severity = severity
    }
}

/// Personal data found in a column that the contract does not classify.
public struct PersonalDataFinding: Sendable, Hashable {
    public let column: String
    /// Such as `email`.
    public let kind: String
    /// The values that contain it, of `sampledCount` that were examined.
    public let matchedCount: Int
    public let sampledCount: Int
    /// `report`, or the masking that was applied.
    public let action: String

    public init(column: String, kind: String, matchedCount: Int, sampledCount: Int, action: String) {
        self.column = column
        self.kind = kind
        self.matchedCount = matchedCount
        self.sampledCount = sampledCount
        self.action = action
    }
}

/// A field that the contract does not know, in rows whose `_rescued_data` was examined.
public struct UnknownField: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case string, integer, number, boolean, object, array
        /// The values are not shown, since the contract hides a column.
        case hidden
        /// The values are of several kinds.
        case mixed
    }

    /// The name, or the path of a member: `person.pet`, `lines[].color`.
    public let path: String
    public let kind: Kind
    /// The rows with the field, of `sampledCount` that were examined.
    public let matchedCount: Int
    public let sampledCount: Int

    public init(path: String, kind: Kind, matchedCount: Int, sampledCount: Int) {
        self.path = path
        self.kind = kind
        self.matchedCount = matchedCount
        self.sampledCount = sampledCount
    }
}

// MARK: Wire form

extension UnknownField {
    var attribute: AttributeValue {
        .map([
            "field": .string(path), "kind": .string(kind.rawValue), "matched_count": .int(matchedCount),
            "sampled_count": .int(sampledCount),
        ])
    }

    init?(_ attribute: AttributeValue) {
        guard let item = attribute.map, let path = item["field"]?.string,
            let kind = item["kind"]?.string.flatMap(Kind.init), let matchedCount = item["matched_count"]?.int,
            let sampledCount = item["sampled_count"]?.int
        else { return nil }
        self.init(path: path, kind: kind, matchedCount: matchedCount, sampledCount: sampledCount)
    }
}

extension MeasuredRule {
    var attribute: AttributeValue {
        var item: Item = [
            "rule": .string(rule), "metric": .string(metric),
            "measured": .number(Int(exactly: measured).map(String.init) ?? String(measured)),
            "expected": .string(expected), "outcome": .string(outcome.rawValue), "severity": .string(severity),
        ]
        item["column"] = column.map(AttributeValue.string)
        return .map(item)
    }

    init?(_ attribute: AttributeValue) {
        guard let item = attribute.map, let rule = item["rule"]?.string, let metric = item["metric"]?.string,
            case .number(let digits)? = item["measured"], let measured = Double(digits),
            let expected = item["expected"]?.string,
            let outcome = item["outcome"]?.string.flatMap(Outcome.init), let severity = item["severity"]?.string
        else { return nil }
        self.init(
            rule: rule, metric: metric, column: item["column"]?.string, measured: measured, expected: expected,
            outcome: outcome, severity: severity)
    }
}

extension PersonalDataFinding {
    var attribute: AttributeValue {
        .map([
            "column": .string(column), "kind": .string(kind), "matched_count": .int(matchedCount),
            "sampled_count": .int(sampledCount), "action": .string(action),
        ])
    }

    init?(_ attribute: AttributeValue) {
        guard let item = attribute.map, let column = item["column"]?.string, let kind = item["kind"]?.string,
            let matchedCount = item["matched_count"]?.int, let sampledCount = item["sampled_count"]?.int,
            let action = item["action"]?.string
        else { return nil }
        self.init(
            column: column, kind: kind, matchedCount: matchedCount, sampledCount: sampledCount, action: action)
    }
}
