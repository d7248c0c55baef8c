public import Columns
internal import Parquet

/// Reads a column chunk as places in its dictionary, which is less work than to look up every value.
public struct DictionaryReader: ~Copyable {
    private let reader: ColumnReader
    private var rowsLeft: Int

    fileprivate init(_ reader: ColumnReader, rowCount: Int) {
        self.reader = reader
        rowsLeft = rowCount
    }

    /// The dictionary, which is known with the first batch that has a value.
    public var keys: ColumnValues? { reader.dictionary }

    public var isAtEnd: Bool { rowsLeft == 0 }

    /// The places of the next rows, at most `limit`, as 32-bit numbers.
    /// - Returns: nil if some of their values are not in the dictionary. Do not go on after that.
    /// - Throws: ``ParquetReadError``, and what the source throws. Do not go on after that either.
    public mutating func next(upTo limit: Int) throws -> (places: ColumnArray, rowCount: Int)? {
        let count = min(limit, rowsLeft)
        guard let places = try reader.readPlaces(count) else { return nil }
        rowsLeft -= count
        return (places, count)
    }
}

extension ParquetFile {
    /// A reader of a column chunk's places in its dictionary; nil if the footer does not say that all pages have such.
    public func places(ofColumn column: Int, inGroup group: Int) throws -> DictionaryReader? {
        let rowGroup = metadata.rowGroups[group]
        let chunk = rowGroup.chunks[column]
        var (coded, others) = (0, 0)
        for pages in chunk.pageCounts where pages.type != 2 {
            if pages.encoding == 2 || pages.encoding == 8 { coded += pages.count } else { others += pages.count }
        }
        guard metadata.columns[column].isFlat, coded > 0, others == 0 else { return nil }
        return DictionaryReader(
            try ColumnReader(self, group: group, column: column, nil), rowCount: rowGroup.rowCount)
    }
}
