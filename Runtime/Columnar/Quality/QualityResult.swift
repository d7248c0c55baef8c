public import Contracts

/// What was measured for one rule of a contract.
public struct QualityResult: Sendable, Hashable {
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        case passed, failed
        /// Memory did not suffice; `measured` is a lower bound.
        case unchecked
    }

    public let rule: QualityRule
    /// In the rule's unit.
    public let measured: Double
    public let outcome: Outcome

    /// - Parameters:
    ///   - count: rows that the rule's metric counts.
    ///   - isLowerBound: whether there may be more of them.
    init(_ rule: QualityRule, count: Int, of rows: Int, isLowerBound: Bool = false) {
        self.rule = rule
        measured =
            switch rule.unit {
            case .rows: Double(count)
            case .percent: rows == 0 ? 0 : Double(count) * 100 / Double(rows)
            }
        guard let comparison = rule.comparison else {
            outcome = .unchecked
            return
        }
        if isLowerBound {
            let verdict = comparison.holds(forAtLeast: measured)
            outcome = verdict.map { $0 ? .passed : .failed } ?? .unchecked
        } else {
            outcome = comparison.holds(for: measured) ? .passed : .failed
        }
    }

    /// The rule's name; where it has none, its metric and what that is of.
    public var name: String {
        if let name = rule.name { return name }
        let metric = rule.metric?.rawValue ?? rule.kind.rawValue
        let columns = rule.column.map { [$0] } ?? rule.arguments.properties
        return columns.isEmpty ? metric : "\(metric) of \(columns.joined(separator: ", "))"
    }

    /// What must hold: `mustBeLessThan 5 percent`.
    public var expectation: String {
        let unit = rule.unit == .percent ? " percent" : ""
        return (rule.comparison?.description ?? "") + unit
    }

    /// Whether the file must not become bronze.
    public var isFatal: Bool { outcome == .failed && rule.severity == .error }
}

extension QualityResult: CustomStringConvertible {
    public var description: String {
        "\(name) is \(outcome == .unchecked ? "at least " : "")\(measured.shortText), and \(expectation)"
    }
}

extension QualityRule.Comparison {
    /// Whether it holds for all numbers from `measured` up, or for none of them; nil if for some.
    fileprivate func holds(forAtLeast measured: Double) -> Bool? {
        switch self {
        case .equal(let value), .lessOrEqual(let value), .between(_, let value): measured > value ? false : nil
        case .less(let value): measured >= value ? false : nil
        case .notEqual(let value), .greater(let value), .notBetween(_, let value): measured > value ? true : nil
        case .greaterOrEqual(let value): measured >= value ? true : nil
        }
    }
}

extension Double {
    /// Whole numbers without a point.
    fileprivate var shortText: String { Int(exactly: self).map(String.init) ?? String(self) }
}
