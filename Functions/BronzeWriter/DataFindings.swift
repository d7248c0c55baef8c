internal import Columnar
internal import Contracts
internal import Control
internal import JSON

extension MeasuredRule {
    /// A rule as the control record has it.
    init(_ result: QualityResult) {
        let outcome: Outcome =
            switch result.outcome {
            case .passed: .passed
            case .failed: .failed
            case .unchecked: .unchecked
            }
        self.init(
            rule: result.name, metric: result.rule.metric?.rawValue ?? "", column: result.rule.column,
            measured: result.measured, expected: result.expectation, outcome: outcome,
            severity: result.rule.severity.rawValue)
    }
}

extension QualityResult {
    /// The rule as `convert` prints it.
    var summary: JSON {
        [
            "rule": .string(name), "measured": JSONNumber(measured).map(JSON.number) ?? .null,
            "expected": .string(expectation), "outcome": .string(outcome.rawValue),
            "severity": .string(rule.severity.rawValue),
        ]
    }
}

extension PersonalDataFinding {
    /// The finding as `convert` prints it.
    var summary: JSON {
        [
            "column": .string(column), "kind": .string(kind), "matched_count": .int(matchedCount),
            "sampled_count": .int(sampledCount), "action": .string(action),
        ]
    }
}

extension UnknownField {
    /// The field as `convert` prints it.
    var summary: JSON {
        [
            "field": .string(path), "kind": .string(kind.rawValue), "matched_count": .int(matchedCount),
            "sampled_count": .int(sampledCount),
        ]
    }
}

extension ConversionError {
    /// What was measured before the file failed by it.
    var measuredRules: [MeasuredRule] {
        if case .qualityFailed(let results, _) = self { results.map(MeasuredRule.init) } else { [] }
    }

    /// Whether the quarantine file lists the first rows that broke the contract.
    var listsRows: Bool { if case .tooManyRejects = self { true } else { false } }
}
