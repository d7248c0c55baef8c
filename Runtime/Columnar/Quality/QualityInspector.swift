public import Contracts

/// Measures the rules of a contract over the rows that are kept, as they go by.
///
/// Rows in quarantine are no longer part of the table, so they count for none.
public final class QualityInspector {
    /// The memory for values that must not repeat, for all rules of a contract together.
    public static let defaultMemory = 32 << 20

    private var meters: [(rule: QualityRule, meter: Meter)] = []
    private var rowCount = 0
    private let operations: Int

    fileprivate enum Meter {
        case rows
        case nulls(column: Int, count: Int)
        /// Nulls and values that are among those called missing.
        case missing(column: Int, ValueCheck, count: Int)
        case invalid(column: Int, ValueCheck, count: Int)
        case repeats(RepeatCounter)
    }

    /// - Parameter memory: in bytes; rules that need more end ``QualityResult/Outcome/unchecked``.
    /// - Throws: ``ColumnarError/badConstraint(column:reason:)``.
    public init(_ contract: Contract, memory: Int = defaultMemory) throws(ColumnarError) {
        let columns = contract.bronzeColumns
        operations = columns.firstIndex { $0.name == BronzeColumn.operation } ?? 0
        let repeating = contract.rules.count { $0.metric == .duplicateValues }
        for rule in contract.rules {
            guard let metric = rule.metric else { continue }
            let names = rule.column.map { [$0] } ?? rule.arguments.properties
            let indices = names.compactMap { name in columns.firstIndex { $0.name == name } }
            switch (metric, indices.first) {
            case (.rowCount, _): meters.append((rule, .rows))
            case (.duplicateValues, _?):
                meters.append((rule, .repeats(RepeatCounter(columns: indices, byteLimit: memory / repeating))))
            case (.nullValues, let index?): meters.append((rule, .nulls(column: index, count: 0)))
            case (.missingValues, let index?):
                let check = try ValueCheck(missing: rule.arguments.missingValues, on: columns[index])
                meters.append((rule, .missing(column: index, check, count: 0)))
            case (.invalidValues, let index?):
                let check = try ValueCheck(rule.arguments.constraints, on: columns[index])
                meters.append((rule, .invalid(column: index, check, count: 0)))
            case (_, nil): continue
            }
        }
    }

    /// Whether there is anything to measure.
    public var isNeeded: Bool { !meters.isEmpty }

    public func measure(_ batch: ColumnBatch) {
        rowCount += batch.rowCount
        for index in meters.indices { meters[index].meter.measure(batch, operations: operations) }
    }

    /// In the contract's order.
    public var results: [QualityResult] {
        meters.map { rule, meter in
            switch meter {
            case .rows: QualityResult(rule, count: rowCount, of: rowCount)
            case .nulls(_, let count), .missing(_, _, let count), .invalid(_, _, let count):
                QualityResult(rule, count: count, of: rowCount)
            case .repeats(let counter):
                QualityResult(rule, count: counter.repeats, of: rowCount, isLowerBound: counter.isExhausted)
            }
        }
    }
}

extension QualityInspector.Meter {
    fileprivate mutating func measure(_ batch: ColumnBatch, operations: Int) {
        // Each check leaves the enum while it learns: two owners would make it copy itself.
        switch self {
        case .rows:
            break
        case .nulls(let column, let count):
            self = .nulls(column: column, count: count + batch.nulls(in: column))
        case .missing(let column, var check, let count):
            self = .rows
            let values = batch.columns[column].values
            let others = check.violations(in: values, from: 0).count
            self = .missing(
                column: column, check, count: count + batch.nulls(in: column) + values.count - others)
        case .invalid(let column, var check, let count):
            self = .rows
            let broken = check.violations(in: batch.columns[column].values, from: 0).count
            self = .invalid(column: column, check, count: count + broken)
        case .repeats(var counter):
            self = .rows
            counter.count(batch, operations: batch.columns[operations])
            self = .repeats(counter)
        }
    }
}

extension ColumnBatch {
    fileprivate func nulls(in column: Int) -> Int {
        guard let presence = columns[column].presence else { return 0 }
        return rowCount - presence.reduce(0) { $0 + $1.nonzeroBitCount }
    }
}
