internal import Contracts
internal import Control
internal import DuckDB
internal import Iceberg

/// What the contract demands of the rows that a build has made, measured before anybody sees them.
struct Audit {
    let model: Model
    let columns: [GoldColumn]
    private let checks: [Check]

    private struct Check {
        enum Kind {
            /// What must not be there at all.
            case demand(String)
            /// A text that says what was found, in hexadecimal; empty if nothing was.
            case example(String)
            case rule(QualityRule)
        }

        let kind: Kind
        /// Gives one number, or one text for an example.
        let sql: String
    }

    /// - Parameter relation: the rows, as SQL names them.
    init(_ model: Model, _ columns: [GoldColumn], relation: String) {
        self.model = model
        self.columns = columns
        var checks = columns.filter(\.isRequired).map { column in
            Check(
                kind: .demand("column \(column.name) is required and has no value in"),
                sql: "count(*) FILTER (r.\(DuckDBText.name(column.name)) IS NULL)")
        }
        for column in columns {
            guard let constraints = model.contract.constraints[column.name] else { continue }
            checks.append(
                Check(
                    kind: .demand(
                        "column \(column.name) has values that its logicalTypeOptions or validValues exclude in"),
                    sql: Self.count(column, where: Self.violation(of: constraints, column))))
        }
        let key = columns.filter(\.isKey).map { "r." + DuckDBText.name($0.name) }.joined(separator: ", ")
        if !key.isEmpty {
            checks.append(
                Check(
                    kind: .example("rows share a primary key, such as "),
                    sql: "(SELECT COALESCE(hex(CAST(any_value((\(key))) AS VARCHAR)), '') FROM (SELECT \(key) FROM "
                        + "\(relation) r GROUP BY \(key) HAVING count(*) > 1 LIMIT 1) r)"))
        }
        for column in model.contract.columns where column.isUnique && column.primaryKeyPosition == nil {
            checks.append(
                Check(
                    kind: .demand("column \(column.name) is unique and has values of other rows in"),
                    sql: Self.repeats(of: [column.name], in: relation)))
        }
        for rule in model.contract.rules {
            guard let sql = Self.measure(rule, columns, relation) else { continue }
            checks.append(Check(kind: .rule(rule), sql: sql))
        }
        self.checks = checks
        statement = "SELECT \((["count(*)"] + checks.map(\.sql)).joined(separator: ", ")) FROM \(relation) r;"
    }

    /// Measures everything, in one line of numbers.
    let statement: String

    /// How many rows were measured, by the output; nil if it is not that of ``statement``.
    func count(in output: Substring) -> Int64? { output.split(separator: ",").first.flatMap { Int64($0) } }

    /// - Parameter others: how many rows the table has besides.
    /// - Throws: for rows that break the contract, or a rule of the severity `error`.
    func findings(_ output: Substring, besides others: Int64) throws(GoldError) -> [MeasuredRule] {
        let values = output.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == checks.count + 1, let count = Double(values[0]) else {
            throw .model(place: model.path, reason: "the engine did not measure its rows: \(output)")
        }
        var measured: [MeasuredRule] = []
        for (check, value) in zip(checks, values.dropFirst()) {
            switch check.kind {
            case .demand(let reason):
                if value != "0" { throw broken("\(reason) \(value) rows") }
            case .example(let reason):
                if let text = Hexadecimal.text(value), !text.isEmpty { throw broken(reason + text) }
            case .rule(let rule):
                measured.append(
                    MeasuredRule(rule, count: Double(value) ?? 0, of: count, besides: Double(others)))
            }
        }
        if let failed = measured.first(where: { $0.outcome == .failed && $0.severity == "error" }) {
            throw .quality(
                place: model.path,
                reason:
                    "the result breaks its contract: rule \(failed.rule) measures \(failed.measured), and its contract "
                    + "says \(failed.expected)", measured)
        }
        return measured
    }

    private func broken(_ reason: String) -> GoldError {
        .quality(place: model.path, reason: "the result breaks its contract: \(reason)", [])
    }

    // MARK: Measures

    /// - Returns: what gives the number of a rule; nil for a rule that is not measured.
    private static func measure(_ rule: QualityRule, _ columns: [GoldColumn], _ relation: String) -> String? {
        let column = rule.column.flatMap { name in columns.first { $0.name == name } }
        switch (rule.metric, column) {
        case (.rowCount, _): return "count(*)"
        case (.duplicateValues, _):
            let names = rule.column.map { [$0] } ?? rule.arguments.properties
            return names.isEmpty ? nil : repeats(of: names, in: relation)
        case (.nullValues, let column?): return "count(*) FILTER (r.\(DuckDBText.name(column.name)) IS NULL)"
        case (.missingValues, let column?):
            let value = "r.\(DuckDBText.name(column.name))"
            let texts = rule.arguments.missingValues.map { DuckDBText.string($0) }.joined(separator: ", ")
            let among = texts.isEmpty ? "" : " OR CAST(\(value) AS VARCHAR) IN (\(texts))"
            return "count(*) FILTER (\(value) IS NULL\(among))"
        case (.invalidValues, let column?):
            return count(column, where: violation(of: rule.arguments.constraints, column))
        case (_, nil), (nil, _): return nil
        }
    }

    private static func count(_ column: GoldColumn, where violation: String) -> String {
        "count(*) FILTER (r.\(DuckDBText.name(column.name)) IS NOT NULL AND (\(violation)))"
    }

    /// Rows whose value an earlier row has; nulls never count.
    private static func repeats(of names: [String], in relation: String) -> String {
        let list = names.map { DuckDBText.name($0) }.joined(separator: ", ")
        let present = names.map { "\(DuckDBText.name($0)) IS NOT NULL" }.joined(separator: " AND ")
        return
            "(SELECT COALESCE(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM \(relation) WHERE \(present) GROUP BY \(list)))"
    }

    /// What is true of a value that breaks a constraint.
    private static func violation(of constraints: ValueConstraints, _ column: GoldColumn) -> String {
        let value = "r.\(DuckDBText.name(column.name))"
        func typed(_ text: String) -> String {
            "CAST(\(DuckDBText.string(text)) AS \(column.type.duckDBName ?? "VARCHAR"))"
        }
        var violations: [String] = []
        if let bound = constraints.minimum {
            violations.append("\(value) \(bound.isExclusive ? "<=" : "<") \(typed(bound.text))")
        }
        if let bound = constraints.maximum {
            violations.append("\(value) \(bound.isExclusive ? ">=" : ">") \(typed(bound.text))")
        }
        if let factor = constraints.multipleOf { violations.append("\(value) % \(factor) <> 0") }
        if let length = constraints.minLength { violations.append("length(\(value)) < \(length)") }
        if let length = constraints.maxLength { violations.append("length(\(value)) > \(length)") }
        if let pattern = constraints.pattern {
            violations.append("NOT regexp_matches(\(value), \(DuckDBText.string(pattern)))")
        }
        if let values = constraints.validValues {
            violations.append("\(value) NOT IN (\(values.map(typed).joined(separator: ", ")))")
        }
        return violations.isEmpty ? "false" : violations.joined(separator: " OR ")
    }
}

extension MeasuredRule {
    /// - Parameters:
    ///   - count: of the rows that the metric counts, of `total` that were measured.
    ///   - others: rows of the table that were not measured, which only `rowCount` counts.
    fileprivate init(_ rule: QualityRule, count: Double, of total: Double, besides others: Double) {
        let isShare = rule.unit == .percent
        let rows = rule.metric == .rowCount ? count + others : count
        let measured = isShare ? (total > 0 ? 100 * count / total : 0) : rows
        let holds = rule.comparison?.holds(for: measured) ?? true
        let what = [rule.column, rule.metric?.rawValue].compactMap(\.self).joined(separator: " ")
        self.init(
            rule: rule.name ?? what, metric: rule.metric?.rawValue ?? "", column: rule.column, measured: measured,
            expected: (rule.comparison.map { "\($0)" } ?? "") + (isShare ? " percent" : ""),
            outcome: holds ? .passed : .failed, severity: rule.severity.rawValue)
    }
}
