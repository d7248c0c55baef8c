/// A rule that a contract states about a table or one of its columns.
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/data-quality/>
public struct QualityRule: Sendable, Hashable {
    /// The kinds of the standard. Only `library` rules have a form that is checked; the others are kept as they are.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case library, text, sql, custom
    }

    public enum Metric: String, Sendable, Hashable, CaseIterable {
        case nullValues, missingValues, invalidValues, duplicateValues, rowCount
    }

    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case rows, percent
    }

    /// What the measured number must be.
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

    /// What counts as missing or invalid for the metrics of those names.
    public struct Arguments: Sendable, Hashable {
        /// What values must satisfy not to be invalid.
        public var constraints = ValueConstraints()
        /// What counts as missing beside nulls.
        public var missingValues: [String] = []
        /// The columns of a table's `duplicateValues`.
        public var properties: [String] = []
    }

    /// What becomes of a file that breaks the rule.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Its control record says so.
        case info, warning
        /// It fails; nothing of it becomes visible.
        case error
    }

    public let name: String?
    public let kind: Kind
    /// The column that the rule is about; nil for the table.
    public let column: String?
    /// Set for `library` rules.
    public let metric: Metric?
    public let comparison: Comparison?
    public let unit: Unit
    public let arguments: Arguments
    /// ``Severity/warning`` where the contract gives none.
    public let severity: Severity
    public let description: String?
}

extension QualityRule.Comparison: CustomStringConvertible {
    /// As a contract writes it.
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
    /// Whole numbers without a point.
    fileprivate var shortText: String { Int(exactly: self).map(String.init) ?? String(self) }
}
