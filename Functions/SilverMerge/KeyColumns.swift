internal import Columns

/// The key columns of some rows, from which each row's key is made.
struct KeyColumns {
    private let columns: [ColumnRows]
    private let isDecimal: [Bool]

    /// - Parameter columns: in the order of the key.
    init(_ columns: [(rows: ColumnRows, isDecimal: Bool)]) {
        self.columns = columns.map(\.rows)
        isDecimal = columns.map(\.isDecimal)
    }

    /// The keys of some rows, if they are whole numbers of one column and none is missing.
    func integers(of rows: [Int32]) -> [Int64]? {
        guard columns.count == 1 else { return nil }
        switch columns[0].array.values {
        case .int32, .int64: break
        default: return nil
        }
        let gathered = columns[0].gathered(rows)
        guard gathered.presence == nil else { return nil }
        return switch gathered.values {
        case .int32(let values): values.map { Int64($0) }
        case .int64(let values): values
        default: nil
        }
    }

    /// A row's key, if it is a whole number of one column and not missing.
    func integer(of row: Int) -> Int64? {
        guard columns.count == 1 else { return nil }
        let range = columns[0].values(of: row..<row + 1)
        guard !range.isEmpty else { return nil }
        return switch columns[0].array.values {
        case .int32(let values): Int64(values[range.lowerBound])
        case .int64(let values): values[range.lowerBound]
        default: nil
        }
    }

    /// Shows the keys, which are whole numbers of one column, and the rows that have one; nil if all have.
    func withIntegers(_ rowCount: Int, _ body: (UnsafeBufferPointer<Int64>, [Int]?) -> Void) {
        let column = columns[0]
        let rows = column.array.values.count == rowCount ? nil : (0..<rowCount).filter(column.isPresent)
        switch column.array.values {
        case .int64(let values): values.withUnsafeBufferPointer { body($0, rows) }
        case .int32(let values): values.map { Int64($0) }.withUnsafeBufferPointer { body($0, rows) }
        default: break
        }
    }

    /// Makes the key of a row.
    /// - Returns: false if a column has no value.
    @inline(__always)
    func read(_ row: Int, into key: inout KeyBytes) -> Bool {
        key.removeAll()
        for (place, column) in columns.enumerated() {
            let range = column.values(of: row..<row + 1)
            guard range.count == 1 else { return false }
            let index = range.lowerBound
            switch column.array.values {
            case .boolean(let values): key.append(Int64(values[index]))
            case .int32(let values): key.append(Int64(values[index]))
            case .int64(let values): key.append(values[index])
            case .byteArray(let texts):
                key.append(text: texts.bytes[Int(texts.offsets[index])..<Int(texts.offsets[index + 1])])
            case .fixedLengthByteArray(let bytes, let length):
                key.append(fixed: bytes[index * length..<(index + 1) * length], isSigned: isDecimal[place])
            // The contract refuses floating numbers as keys.
            case .float, .double: return false
            }
        }
        return true
    }
}
