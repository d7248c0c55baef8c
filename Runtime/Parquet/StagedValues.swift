/// The values and presence of rows that wait until their stripe is full.
struct StagedValues {
    private var values: ColumnValues
    private var presence = PresenceBits()
    private var levels = NestedLevels(definition: [], repetition: [])
    private var nestedRowCount = 0
    private let leaf: ParquetLeaf

    init(of leaf: ParquetLeaf) {
        self.leaf = leaf
        values = .empty(leaf.column.physicalType)
    }

    var rowCount: Int { leaf.isFlat ? presence.rowCount : nestedRowCount }

    /// Everything staged, as one slice.
    var slice: (ValueSlice, RowSlice) {
        let rows: RowSlice =
            leaf.isFlat
            ? .flat(presence.slice)
            : .nested(
                LevelSlice(
                    levels: levels, entries: levels.definition.indices, rowCount: nestedRowCount, leaf: leaf))
        return (ValueSlice(values: values, range: 0..<rows.valueCount), rows)
    }

    mutating func removeAll() { self = StagedValues(of: leaf) }

    mutating func append(_ slice: ValueSlice, _ rows: RowSlice) {
        switch rows {
        case .flat(let rows): presence.append(rows)
        case .nested(let rows):
            levels.definition += rows.levels.definition[rows.entries]
            levels.repetition += rows.levels.repetition[rows.entries]
            nestedRowCount += rows.rowCount
        }
        let staged = values
        values = .empty(.boolean)  // so that the staged array has one owner and grows in place
        switch (consume staged, slice.values) {
        case (.boolean(var array), .boolean(let new)):
            array.append(contentsOf: new[slice.range])
            values = .boolean(array)
        case (.int32(var array), .int32(let new)):
            array.append(contentsOf: new[slice.range])
            values = .int32(array)
        case (.int64(var array), .int64(let new)):
            array.append(contentsOf: new[slice.range])
            values = .int64(array)
        case (.float(var array), .float(let new)):
            array.append(contentsOf: new[slice.range])
            values = .float(array)
        case (.double(var array), .double(let new)):
            array.append(contentsOf: new[slice.range])
            values = .double(array)
        case (.fixedLengthByteArray(var array, let length), .fixedLengthByteArray(let new, _)):
            array.append(contentsOf: new[length * slice.range.lowerBound..<length * slice.range.upperBound])
            values = .fixedLengthByteArray(array, length: length)
        case (.byteArray(var offsets, var bytes), .byteArray(let newOffsets, let newBytes)):
            let first = newOffsets[slice.range.lowerBound]
            let shift = UInt32(bytes.count) &- first
            bytes.append(contentsOf: newBytes[Int(first)..<Int(newOffsets[slice.range.upperBound])])
            offsets.append(
                contentsOf: newOffsets[slice.range.lowerBound + 1..<slice.range.upperBound + 1].lazy.map { $0 &+ shift }
            )
            values = .byteArray(offsets: offsets, bytes: bytes)
        default: preconditionFailure("values of another type than the column's")
        }
    }
}
