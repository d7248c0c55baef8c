public import Columns

/// Some consecutive rows of the columns that were asked for.
public struct RowBatch: Sendable {
    public let rowCount: Int
    /// In the order in which they were asked for.
    public let columns: [ColumnArray]
}

/// Reads columns of one row group from its first row to its last.
///
/// It holds a page and what is fetched for each column, and the batch.
public struct RowGroupReader: ~Copyable {
    private let file: ParquetFile
    private let group: Int
    private let columns: [Int]
    private var readers: [ColumnReader] = []
    private var rowsLeft: Int

    init(_ file: ParquetFile, group: Int, columns: [Int]) {
        self.file = file
        self.group = group
        self.columns = columns
        rowsLeft = file.metadata.rowGroups[group].rowCount
    }

    /// The next rows, `limit` of them unless the row group ends; nil behind its end.
    /// - Throws: ``ParquetReadError``, and what the source throws. Do not go on after that.
    public mutating func next(upTo limit: Int) throws -> RowBatch? {
        guard rowsLeft > 0 else { return nil }
        guard limit > 0 else { throw ParquetReadError.misuse("a batch has one row at least, not \(limit)") }
        if readers.count < columns.count {
            readers = try columns.map { try ColumnReader(file, group: group, column: $0) }
        }
        let count = min(limit, rowsLeft)
        let arrays = try readers.map { try $0.read(count) }
        rowsLeft -= count
        return RowBatch(rowCount: count, columns: arrays)
    }
}
