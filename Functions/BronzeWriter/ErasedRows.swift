internal import Columnar
internal import Columns
internal import Contracts
internal import Control

/// Leaves rows out whose keys were erased. The counts of the conversion keep them: they say what the raw file has.
struct ErasedRows {
    private let marks: ErasureMarks
    /// The places of the key's columns, in the order of their names.
    private let places: [Int]
    /// Rows that were left out, of those that were read and of those that broke the contract.
    private(set) var counts = (written: 0, quarantined: 0)

    /// - Returns: nil for a table none of whose rows was erased.
    init?(_ contract: Contract, _ marks: ErasureMarks) {
        guard !marks.isEmpty else { return nil }
        self.marks = marks
        let columns = contract.bronzeColumns
        let names = contract.primaryKey.sorted()
        places = names.compactMap { name in columns.firstIndex { $0.name == name } }
        guard !places.isEmpty, places.count == names.count else { return nil }
    }

    /// The batch without them. Keys are compared as bronze has them, masked or not.
    mutating func left(of batch: consuming MaskedBatch) -> MaskedBatch {
        let records = batch.records
        let columns = places.map { ColumnRows(records.columns[$0].leaves[0], rowCount: records.rowCount) }
        var gone: [Int] = []
        for row in candidates(columns[0], records.rowCount) {
            let key = columns.compactMap { Self.part($0, row) }
            if key.count == columns.count, marks.contains(key) { gone.append(row) }
        }
        guard !gone.isEmpty else { return batch }
        counts.written += gone.count
        return batch.without(gone)
    }

    /// The rows that broke the contract, without those whose text has an erased key.
    mutating func left(of rows: [RejectedRow]) -> [RejectedRow] {
        let left = rows.filter { row in !(row.rawText.map { marks.mayBe(in: $0) } ?? false) }
        counts.quarantined += rows.count - left.count
        return left
    }

    /// The rows whose keys may be erased ones by the first of their columns: to know it of a row takes a hash, and memory.
    private func candidates(_ column: ColumnRows, _ rowCount: Int) -> [Int] {
        func rows(where mayBeErased: (Int) -> Bool) -> [Int] {
            (0..<rowCount).filter { row in column.values(of: row..<row + 1).first.map(mayBeErased) ?? false }
        }
        return switch column.array.values {
        case .int32(let values): rows { marks.mayBegin(with: Int64(values[$0])) }
        case .int64(let values): rows { marks.mayBegin(with: values[$0]) }
        case .byteArray(let texts): rows { marks.mayBegin(with: texts[$0]) }
        default: []
        }
    }

    private static func part(_ column: ColumnRows, _ row: Int) -> ErasureMarks.Part? {
        guard let place = column.values(of: row..<row + 1).first else { return nil }
        switch column.array.values {
        case .int32(let values): return .integer(Int64(values[place]))
        case .int64(let values): return .integer(values[place])
        case .byteArray(let texts): return .text(Array(texts[place]))
        default: return nil
        }
    }
}
