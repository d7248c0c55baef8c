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
