internal import Columns

/// The values and presence of rows that wait until their stripe is full.
struct StagedValues {
    private var values: ColumnValues
    private var presence = Presence()
    private var levels = NestedLevels()
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
            levels.append(rows.levels, rows.entries)
            nestedRowCount += rows.rowCount
        }
        values.append(slice.values, slice.range)
    }
}
