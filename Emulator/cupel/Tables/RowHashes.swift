internal import Columns
internal import Iceberg

/// A 64-bit hash of each of some rows, of the columns that are added one after the other.
///
/// The hash is of the values, not of how a file stores them: a file from before an int became a long gives the same.
struct RowHashes {
    private(set) var values: [UInt64]

    init(rowCount: Int) { values = [UInt64](repeating: 0x9E37_79B9_7F4A_7C15, count: rowCount) }

    /// A column that the file lacks: its values are null.
    mutating func addNulls() { for row in values.indices { mix(Self.null, row) } }

    /// Adds a column of the table itself, or a leaf of a nested one.
    mutating func add(_ column: ColumnRows, as type: IcebergType) {
        guard let levels = column.array.levels else {
            for row in values.indices { addValues(column.array.values, column.values(of: row..<row + 1), type, row) }
            return
        }
        var row = -1
        for entry in 0..<levels.count {
            if levels.repetition[entry] == 0 {
                row += 1
                addValues(column.array.values, column.values(of: row..<row + 1), type, row)
            }
            mix(UInt64(levels.repetition[entry]) << 8 | UInt64(levels.definition[entry]), row)
        }
    }

    private static let null: UInt64 = 0x5851_F42D_4C95_7F2D

    @inline(__always)
    private mutating func addValues(_ array: ColumnValues, _ places: Range<Int>, _ type: IcebergType, _ row: Int) {
        guard !places.isEmpty else { return mix(Self.null, row) }
        for place in places {
            switch array {
            case .boolean(let values): mix(UInt64(values[place]), row)
            case .int32(let values): mix(UInt64(bitPattern: Int64(values[place])), row)
            case .int64(let values): mix(UInt64(bitPattern: values[place]), row)
            case .float(let values): mix(Double(values[place]).bitPattern, row)
            case .double(let values): mix(values[place].bitPattern, row)
            case .byteArray(let texts):
                texts.bytes.withUnsafeBytes { bytes in
                    mix(bytes[Int(texts.offsets[place])..<Int(texts.offsets[place + 1])], row)
                }
            case .fixedLengthByteArray(let bytes, let length):
                let range = place * length..<(place + 1) * length
                if case .decimal = type {
                    let number = IcebergValue(serialized: Array(bytes[range]), as: type)
                    if case .decimal(let value) = number { mix(UInt64(truncatingIfNeeded: value), row) }
                } else {
                    bytes.withUnsafeBytes { mix($0[range], row) }
                }
            }
        }
    }

    @inline(__always)
    private mutating func mix(_ bytes: Slice<UnsafeRawBufferPointer>, _ row: Int) {
        mix(UInt64(bytes.count) | 1 << 63, row)
        var place = bytes.startIndex
        while place + 8 <= bytes.endIndex {
            mix(bytes.base.loadUnaligned(fromByteOffset: place, as: UInt64.self), row)
            place += 8
        }
        var rest: UInt64 = 0
        while place < bytes.endIndex {
            rest = rest << 8 | UInt64(bytes[place])
            place += 1
        }
        mix(rest, row)
    }

    @inline(__always)
    private mutating func mix(_ value: UInt64, _ row: Int) {
        let (high, low) = (values[row] ^ value).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        // Without the sum, a value that equals the hash so far would end in zero whatever came before.
        values[row] = (high ^ low) &+ value &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }
}
