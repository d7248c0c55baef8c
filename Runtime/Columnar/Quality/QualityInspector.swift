internal import Columns
public import Contracts

/// Measures the rules of a contract over the rows that are kept, batch by batch.
///
/// Rows in quarantine are not part of the table, so no rule counts them.
public final class QualityInspector {
    /// The memory for values that must not repeat, for all rules of a contract together.
    public static let defaultMemory = 32 << 20

    private var meters: [(rule: QualityRule, meter: Meter)] = []
    private var rowCount = 0
    private let operations: Int

    fileprivate enum Meter {
        case rows
        case nulls(MeasuredPlace, count: Int)
        /// Nulls and values that are among those called missing.
        case missing(MeasuredPlace, ValueCheck, count: Int)
        case invalid(MeasuredPlace, ValueCheck, count: Int)
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
            let named = names.compactMap { MeasuredPlace($0, in: columns) }
            switch (metric, named.first) {
            case (.rowCount, _): meters.append((rule, .rows))
            case (.duplicateValues, _?):
                meters.append((rule, .repeats(RepeatCounter(of: named, byteLimit: memory / repeating))))
            case (.nullValues, let place?): meters.append((rule, .nulls(place, count: 0)))
            case (.missingValues, let place?):
                let check = try ValueCheck(missing: rule.arguments.missingValues, of: place.type, at: names[0])
                meters.append((rule, .missing(place, check, count: 0)))
            case (.invalidValues, let place?):
                let check = try ValueCheck(rule.arguments.constraints, of: place.type, at: names[0])
                meters.append((rule, .invalid(place, check, count: 0)))
            case (_, nil): continue
            }
        }
    }

    public func measure(_ batch: RecordBatch) {
        rowCount += batch.rowCount
        for index in meters.indices { meters[index].meter.measure(batch, operations: operations) }
    }

    /// In the contract's order.
    public var results: [QualityResult] {
        meters.map { rule, meter in
            switch meter {
            case .rows: QualityResult(rule, count: rowCount, of: rowCount)
            case .nulls(let place, let count), .missing(let place, _, let count), .invalid(let place, _, let count):
                QualityResult(rule, count: count, of: place.elementCount ?? rowCount)
            case .repeats(let counter):
                QualityResult(rule, count: counter.repeats, of: rowCount, isLowerBound: counter.isExhausted)
            }
        }
    }
}

extension QualityInspector.Meter {
    fileprivate mutating func measure(_ batch: RecordBatch, operations: Int) {
        // Each check leaves the enum while it changes: with two owners it would be copied.
        switch self {
        case .rows:
            break
        case .nulls(var place, let count):
            self = .rows
            let nulls = place.countNulls(in: batch, operations: batch.columns[operations])
            self = .nulls(place, count: count + nulls)
        case .missing(var place, var check, let count):
            self = .rows
            let (nulls, values) = (
                place.countNulls(in: batch, operations: batch.columns[operations]), place.values(in: batch)
            )
            let others = check.countViolations(in: values)
            self = .missing(place, check, count: count + nulls + values.count - others)
        case .invalid(var place, var check, let count):
            self = .rows
            // It counts the elements of a list as well.
            if place.elementCount != nil { _ = place.countNulls(in: batch) }
            let broken = check.countViolations(in: place.values(in: batch))
            self = .invalid(place, check, count: count + broken)
        case .repeats(var counter):
            self = .rows
            counter.count(batch, operations: batch.columns[operations])
            self = .repeats(counter)
        }
    }
}
