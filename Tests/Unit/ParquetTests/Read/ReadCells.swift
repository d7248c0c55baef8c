import Columns
import JSON
import Parquet
import ParquetRead

extension ColumnValues {
    /// The bytes of each value.
    var cells: [[UInt8]] {
        func fixed<Value>(_ values: [Value]) -> [[UInt8]] { values.map { withUnsafeBytes(of: $0) { Array($0) } } }
        return switch self {
        case .boolean(let values): fixed(values)
        case .int32(let values): fixed(values)
        case .int64(let values): fixed(values)
        case .float(let values): fixed(values)
        case .double(let values): fixed(values)
        case .byteArray(let values): (0..<values.count).map { Array(values[$0]) }
        case .fixedLengthByteArray(let bytes, let length):
            stride(from: 0, to: bytes.count, by: length).map { Array(bytes[$0..<$0 + length]) }
        }
    }
}

extension ColumnArray {
    /// The bytes of the value of each of `rowCount` rows of a flat column; nil for null.
    func cells(rowCount: Int) -> [[UInt8]?] {
        var next = values.cells.makeIterator()
        return (0..<rowCount).map { row in
            let isPresent = presence.map { $0[row / 64] >> UInt64(row % 64) & 1 == 1 } ?? true
            return isPresent ? next.next() : nil
        }
    }
}

extension ParquetFile {
    /// All rows of all columns, in batches of `limit` rows: for each column its arrays.
    func everything(upTo limit: Int) throws -> [[(array: ColumnArray, rowCount: Int)]] {
        var columns = metadata.columns.map { _ in [(array: ColumnArray, rowCount: Int)]() }
        for group in metadata.rowGroups.indices {
            var rows = try rows(ofGroup: group, columns: Array(columns.indices))
            while let batch = try rows.next(upTo: limit) {
                for (index, array) in batch.columns.enumerated() { columns[index].append((array, batch.rowCount)) }
            }
        }
        return columns
    }
}
