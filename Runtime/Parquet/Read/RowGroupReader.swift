public import Columns

/// Some consecutive rows of the columns that were asked for.
public struct RowBatch: Sendable {
    /// The place of the first row in its row group.
    public let firstRow: Int
    public let rowCount: Int
    /// In the order in which they were asked for.
    public let columns: [ColumnArray]
}

/// Reads columns of one row group from its first row to its last, or only some of the rows.
///
/// It holds a page and what is fetched for each column, and the batch.
public struct RowGroupReader: ~Copyable {
    private let file: ParquetFile
    private let group: Int
    private let columns: [Int]
    private var readers: [ColumnReader] = []
    /// What is still to be read, in order.
    private var ranges: ArraySlice<Range<Int>>
    /// Whether the readers stand at the first of ``ranges``.
    private var isPrepared = false
    private let readsAll: Bool

    init(_ file: ParquetFile, group: Int, columns: [Int], _ ranges: [Range<Int>]?) {
        self.file = file
        self.group = group
        self.columns = columns
        let all = 0..<file.metadata.rowGroups[group].rowCount
        self.ranges = (ranges ?? [all]).filter { !$0.isEmpty }[...]
        readsAll = ranges == nil || ranges == [all]
    }

    /// The next rows, `limit` of them unless a range of rows ends or texts are large; nil behind the last one.
    /// - Throws: ``ParquetReadError``, and what the source throws. Do not go on after that.
    public mutating func next(upTo limit: Int) throws -> RowBatch? {
        guard let range = ranges.first else { return nil }
        guard limit > 0 else { throw ParquetReadError.misuse("a batch has one row at least, not \(limit)") }
        if readers.count < columns.count {
            let indexes = readsAll ? columns.map { _ in nil } : try file.offsetIndexes(of: columns, inGroup: group)
            readers = try zip(columns, indexes).map { try ColumnReader(file, group: group, column: $0, $1) }
        }
        if !isPrepared, !readsAll {
            for reader in readers { try reader.skip(to: range.lowerBound, andReadTo: range.upperBound) }
        }
        let (arrays, count) = try read(min(limit, range.count))
        isPrepared = count < range.count
        ranges.removeFirst()
        if isPrepared { ranges = [range.lowerBound + count..<range.upperBound] + ranges }
        return RowBatch(firstRow: range.lowerBound, rowCount: count, columns: arrays)
    }

    /// The next `limit` rows, or as many as all columns give.
    private func read(_ limit: Int) throws -> ([ColumnArray], rowCount: Int) {
        var count = limit
        var parts = [(array: ColumnArray, rowCount: Int)?](repeating: nil, count: readers.count)
        // Those that may have fewer rows come first, so that the others are asked for as many.
        for endsEarly in [true, false] {
            for (index, reader) in readers.enumerated() where reader.mayEndEarly == endsEarly {
                let part = try reader.read(count)
                parts[index] = part
                count = part.rowCount
            }
        }
        let arrays = zip(readers, parts).compactMap { reader, part in
            part.map { $0.rowCount > count ? reader.giveBack($0.array, $0.rowCount, keeping: count) : $0.array }
        }
        return (arrays, count)
    }
}
