internal import Columns

/// Holds the rows of a file to the order that its schema declares: readers that trust a false one lose rows.
struct RowOrder {
    private let columns: [(index: Int, sorting: SortingColumn, column: ParquetColumn)]
    /// The last row so far; empty before the first.
    private var last: [SortKey] = []

    /// Nil when the schema declares none.
    init?(of schema: ParquetSchema) {
        guard !schema.sortedBy.isEmpty else { return nil }
        columns = schema.sortedBy.compactMap { sorting in
            guard let index = schema.index(ofColumn: sorting.name) else { return nil }
            return (index, sorting, schema.columns[index])
        }
    }

    /// - Throws: ``ParquetError/batch(column:reason:)`` with the first row, counted from 0 in this batch, that is out of
    ///   order. Nothing of the batch counts then.
    mutating func check(_ arrays: [ColumnArray], rowCount: Int) throws(ParquetError) {
        var cursors = Array(repeating: 0, count: columns.count)
        var previous = last
        for row in 0..<rowCount {
            var keys: [SortKey] = []
            for (position, column) in columns.enumerated() {
                let array = arrays[column.index]
                guard PresenceSlice(words: array.presence, start: row, rowCount: 1).valueCount == 1 else {
                    keys.append(.null)
                    continue
                }
                keys.append(SortKey(array.values, at: cursors[position], of: column.column))
                cursors[position] += 1
            }
            if let column = firstDescent(from: previous, to: keys) {
                throw .batch(column: column, reason: "row \(row) is not in the order that the schema declares")
            }
            previous = keys
        }
        last = previous
    }

    /// The column that puts `next` before `keys`; nil when it comes after or is equal.
    private func firstDescent(from keys: [SortKey], to next: [SortKey]) -> String? {
        for ((column, key), next) in zip(zip(columns, keys), next) where key != next {
            let ascends =
                if key == .null || next == .null {
                    (key == .null) == column.sorting.nullsFirst
                } else {
                    key.precedes(next) != column.sorting.isDescending
                }
            return ascends ? nil : column.sorting.name
        }
        return nil
    }
}

/// One value of a column that rows are sorted by.
private enum SortKey: Equatable {
    case null
    case signed(Int64)
    case unsigned(UInt64)
    case bytes([UInt8])

    init(_ values: ColumnValues, at index: Int, of column: ParquetColumn) {
        switch values {
        case .boolean(let array): self = .unsigned(UInt64(array[index]))
        case .int32(let array) where column.isUnsigned: self = .unsigned(UInt64(UInt32(bitPattern: array[index])))
        case .int64(let array) where column.isUnsigned: self = .unsigned(UInt64(bitPattern: array[index]))
        case .int32(let array): self = .signed(Int64(array[index]))
        case .int64(let array): self = .signed(array[index])
        case .byteArray(let texts): self = .bytes(Array(texts[index]))
        case .fixedLengthByteArray(let bytes, let length):
            var value = Array(bytes[length * index..<length * (index + 1)])
            if column.isDecimal { value[0] ^= 0x80 }  // two's complement, so that it orders as unsigned bytes do
            self = .bytes(value)
        case .float, .double: preconditionFailure("the schema declares no order of floating-point numbers")
        }
    }

    func precedes(_ other: SortKey) -> Bool {
        switch (self, other) {
        case (.signed(let left), .signed(let right)): left < right
        case (.unsigned(let left), .unsigned(let right)): left < right
        case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
        default: preconditionFailure("keys of different types")
        }
    }
}
