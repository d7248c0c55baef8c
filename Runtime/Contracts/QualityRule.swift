/// A quality rule of a table or of one of its columns.
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/data-quality/>
public struct QualityRule: Sendable, Hashable {
    /// The standard's kinds. Only `library` rules have a checked form; the others are kept unchanged.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case library, text, sql, custom
    }

    public enum Metric: String, Sendable, Hashable, CaseIterable {
        case nullValues, missingValues, invalidValues, duplicateValues, rowCount
    }

    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case rows, percent
    }

    /// The comparison that the measured number must satisfy.
    public enum Comparison: Sendable, Hashable {
        case equal(Double)
        case notEqual(Double)
        case greater(Double)
        case greaterOrEqual(Double)
        case less(Double)
        case lessOrEqual(Double)
        case between(Double, Double)
        case notBetween(Double, Double)

        public func holds(for measured: Double) -> Bool {
            switch self {
            case .equal(let value): measured == value
            case .notEqual(let value): measured != value
            case .greater(let value): measured > value
            case .greaterOrEqual(let value): measured >= value
            case .less(let value): measured < value
            case .lessOrEqual(let value): measured <= value
            case .between(let low, let high): measured >= low && measured <= high
            case .notBetween(let low, let high): measured < low || measured > high
            }
        }
    }

    /// The arguments of the metrics.
    public struct Arguments: Sendable, Hashable {
        /// The constraints that valid values satisfy, for `invalidValues`.
        public var constraints = ValueConstraints()
        /// The values that count as missing besides nulls, for `missingValues`.
        public var missingValues: [String] = []
        /// The columns that a table's `duplicateValues` compares.
        public var properties: [String] = []
    }

    /// The consequence for a file that breaks the rule.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// The control record reports it.
        case info, warning
        /// The file fails, and no output becomes visible.
        case error
    }

    public let name: String?
    public let kind: Kind
    /// The column or field of the rule; nil for the table.
    public let column: String?
    /// Set for `library` rules.
    public let metric: Metric?
    public let comparison: Comparison?
    public let unit: Unit
    public let arguments: Arguments
    /// The severity; ``Severity/warning`` by default.
    public let severity: Severity
    public let description: String?
}

extension QualityRule.Comparison: CustomStringConvertible {
    /// The comparison as in a contract.
    public var description: String {
        switch self {
        case .equal(let value): "mustBe \(value.shortText)"
        case .notEqual(let value): "mustNotBe \(value.shortText)"
        case .greater(let value): "mustBeGreaterThan \(value.shortText)"
        case .greaterOrEqual(let value): "mustBeGreaterOrEqualTo \(value.shortText)"
        case .less(let value): "mustBeLessThan \(value.shortText)"
        case .lessOrEqual(let value): "mustBeLessOrEqualTo \(value.shortText)"
        case .between(let low, let high): "mustBeBetween \(low.shortText) and \(high.shortText)"
        case .notBetween(let low, let high): "mustNotBeBetween \(low.shortText) and \(high.shortText)"
        }
    }
}

extension Double {
    /// The number, without a point if it is whole.
    fileprivate var shortText: String { Int(exactly: self).map(String.init) ?? String(self) }
}
