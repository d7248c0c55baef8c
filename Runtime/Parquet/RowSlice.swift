internal import CKernels
internal import Columns

/// How the values of some consecutive rows of one column belong to these rows.
enum RowSlice {
    /// A value or a null a row.
    case flat(PresenceSlice)
    /// Entries with levels.
    case nested(LevelSlice)

    var rowCount: Int {
        switch self {
        case .flat(let presence): presence.rowCount
        case .nested(let levels): levels.rowCount
        }
    }

    /// Values, nulls and empty lists.
    var entryCount: Int {
        switch self {
        case .flat(let presence): presence.rowCount
        case .nested(let levels): levels.entries.count
        }
    }

    var valueCount: Int {
        switch self {
        case .flat(let presence): presence.valueCount
        case .nested(let levels): levels.valueCount
        }
    }

    /// How many rows from the first hold at most `valueCount` values, and how many they do hold. At least one row.
    func rows(holding valueCount: Int) -> (rowCount: Int, valueCount: Int) {
        switch self {
        case .flat(let presence): (presence.rowCount(holding: valueCount), valueCount)
        case .nested(let levels): levels.rows(holding: valueCount)
        }
    }

    func prefix(_ rowCount: Int) -> RowSlice {
        switch self {
        case .flat(let presence): .flat(presence.prefix(rowCount))
        case .nested(let levels): .nested(levels.prefix(rowCount))
        }
    }

    func dropFirst(_ rowCount: Int) -> RowSlice {
        switch self {
        case .flat(let presence): .flat(presence.dropFirst(rowCount))
        case .nested(let levels): .nested(levels.dropFirst(rowCount))
        }
    }
}

/// The levels of some consecutive rows of a nested column.
struct LevelSlice {
    let levels: NestedLevels
    let entries: Range<Int>
    let rowCount: Int
    let leaf: ParquetLeaf

    var valueCount: Int { levels.valueCount(in: entries, of: leaf) }

    func rows(holding limit: Int) -> (rowCount: Int, valueCount: Int) {
        var (rows, values) = (0, 0)
        var at = entries.lowerBound
        while rows < rowCount {
            let next = levels.end(ofRows: 1, from: at, of: leaf)
            let held = levels.valueCount(in: at..<next, of: leaf)
            guard rows == 0 || values + held <= limit else { break }
            (at, rows, values) = (next, rows + 1, values + held)
        }
        return (rows, values)
    }

    func prefix(_ rows: Int) -> LevelSlice {
        let end = rows == rowCount ? entries.upperBound : levels.end(ofRows: rows, from: entries.lowerBound, of: leaf)
        return LevelSlice(levels: levels, entries: entries.lowerBound..<end, rowCount: rows, leaf: leaf)
    }

    func dropFirst(_ rows: Int) -> LevelSlice {
        let start = levels.end(ofRows: rows, from: entries.lowerBound, of: leaf)
        return LevelSlice(levels: levels, entries: start..<entries.upperBound, rowCount: rowCount - rows, leaf: leaf)
    }

    func appendDefinitionLevels(to buffer: ByteBuffer) {
        append(levels.definition[entries], most: leaf.maximumDefinition, to: buffer)
    }

    func appendRepetitionLevels(to buffer: ByteBuffer) {
        append(levels.repetition[entries], most: leaf.maximumRepetition, to: buffer)
    }

    private func append(_ levels: ArraySlice<UInt8>, most: UInt8, to buffer: ByteBuffer) {
        let width = UInt32(UInt8.bitWidth - most.leadingZeroBitCount)
        levels.map(UInt32.init).withUnsafeBufferPointer { codes in
            buffer.append(upTo: parquet_hybrid_bound(codes.count, width)) {
                parquet_hybrid_u32(codes.baseAddress, codes.count, width, $0)
            }
        }
    }
}

extension NestedLevels {
    /// The entry after `rows` rows from the entry `start`, which begins a row.
    func end(ofRows rows: Int, from start: Int, of leaf: ParquetLeaf) -> Int {
        guard leaf.maximumRepetition > 0 else { return start + rows }
        return repetition.withUnsafeBufferPointer { repetition in
            var left = rows
            var at = start
            while left > 0 {
                at += 1
                while at < repetition.count, repetition[at] > 0 { at += 1 }
                left -= 1
            }
            return at
        }
    }

    func valueCount(in entries: Range<Int>, of leaf: ParquetLeaf) -> Int {
        definition.withUnsafeBufferPointer { definition in
            var count = 0
            for entry in entries { count += definition[entry] == leaf.maximumDefinition ? 1 : 0 }
            return count
        }
    }
}

/// How far an array has been taken.
struct RowCursor {
    private(set) var row = 0
    private(set) var entry = 0
    private(set) var value = 0

    /// The next `rows` rows of a column.
    func slice(_ rows: Int, of array: ColumnArray, _ leaf: ParquetLeaf) -> (ValueSlice, RowSlice) {
        let slice: RowSlice
        if let levels = array.levels {
            let end = levels.end(ofRows: rows, from: entry, of: leaf)
            slice = .nested(LevelSlice(levels: levels, entries: entry..<end, rowCount: rows, leaf: leaf))
        } else {
            slice = .flat(PresenceSlice(words: array.presence, start: row, rowCount: rows))
        }
        return (ValueSlice(values: array.values, range: value..<value + slice.valueCount), slice)
    }

    mutating func advance(over values: ValueSlice, _ rows: RowSlice) {
        row += rows.rowCount
        entry += rows.entryCount
        value += values.count
    }
}
