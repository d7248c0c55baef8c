/// Where the data pages of a column chunk are in the file.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/PageIndex.md>
public struct OffsetIndex: Sendable, Equatable {
    public struct Page: Sendable, Equatable {
        /// With the page's header.
        public var range: Range<Int>
        /// From the first row of the row group.
        public var firstRow: Int
    }

    public let pages: [Page]
    /// Bytes of each page's byte array values before any encoding; empty where that is not known.
    public let textSizes: [Int64]

    /// - Parameter chunk: where the chunk's pages are.
    init(_ bytes: [UInt8], chunk: Range<Int>, rowCount: Int) throws(ParquetReadError) {
        var pages: [Page] = []
        var textSizes: [Int64] = []
        try ThriftReader.read(bytes, "the offset index") { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1:
                try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                    pages.append(try Page(from: &thrift))
                }
            case 2: textSizes = try thrift.integers(field)
            default: try thrift.skip(field)
            }
        }
        var (end, row) = (chunk.lowerBound, 0)
        for (number, page) in pages.enumerated() {
            guard page.range.lowerBound >= end, page.range.upperBound <= chunk.upperBound else {
                throw .outOfSpec("the offset index has page \(number) where it cannot be")
            }
            guard page.firstRow >= row, page.firstRow < max(rowCount, 1), number > 0 || page.firstRow == 0 else {
                throw .outOfSpec("the offset index begins page \(number) with row \(page.firstRow) of \(rowCount)")
            }
            (end, row) = (page.range.upperBound, page.firstRow)
        }
        guard textSizes.isEmpty || textSizes.count == pages.count else {
            throw .outOfSpec("the offset index has \(textSizes.count) sizes for \(pages.count) pages")
        }
        self.pages = pages
        self.textSizes = textSizes
    }
}

extension OffsetIndex.Page {
    fileprivate init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var (offset, size, firstRow) = (0, 0, 0)
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: offset = try thrift.count(field)
            case 2: size = try thrift.count(field)
            case 3: firstRow = try thrift.count(field)
            default: try thrift.skip(field)
            }
        }
        let (end, overflows) = offset.addingReportingOverflow(size)
        guard !overflows, size > 0 else { throw .malformed("a page has \(size) bytes from byte \(offset) on") }
        self.init(range: offset..<end, firstRow: firstRow)
    }
}

/// Between which bounds the values of each data page of a column chunk are.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/PageIndex.md>
public struct ColumnIndex: Sendable, Equatable {
    /// Whether the page has nulls only, and so no bounds.
    public let isNull: [Bool]
    /// As in ``ColumnStatistics``; empty where the page has nulls only.
    public let minimum: [[UInt8]]
    public let maximum: [[UInt8]]
    /// Nulls of each page; nil where that is not known.
    public let nullCounts: [Int64]?

    init(_ bytes: [UInt8]) throws(ParquetReadError) {
        var isNull: [Bool] = []
        var (minimum, maximum) = ([[UInt8]](), [[UInt8]]())
        var nullCounts: [Int64]?
        try ThriftReader.read(bytes, "the column index") { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: isNull = try thrift.bools(field)
            case 2: minimum = try thrift.binaries(field)
            case 3: maximum = try thrift.binaries(field)
            case 5: nullCounts = try thrift.integers(field)
            default: try thrift.skip(field)
            }
        }
        guard minimum.count == isNull.count, maximum.count == isNull.count,
            (nullCounts?.count ?? isNull.count) == isNull.count
        else { throw .outOfSpec("the column index has lists of different lengths") }
        self.isNull = isNull
        self.minimum = minimum
        self.maximum = maximum
        self.nullCounts = nullCounts
    }
}

extension ThriftReader {
    /// Reads a struct that is all of `bytes`, or their front.
    static func read(
        _ bytes: [UInt8], _ part: String, _ body: (inout ThriftReader, Field) throws(Fault) -> Void
    ) throws(ParquetReadError) {
        try bytes.withUnsafeBufferPointer { bytes throws(ParquetReadError) in
            var thrift = ThriftReader(UnsafeRawBufferPointer(bytes))
            do throws(Fault) { try thrift.structure(body) } catch {
                switch error {
                case .truncated: throw .outOfSpec("\(part) ends too early")
                case .malformed(let reason): throw .outOfSpec("\(part): \(reason)")
                }
            }
        }
    }
}

extension ParquetFile {
    /// The offset indexes of some columns of a row group; nil for a column that has none.
    public func offsetIndexes(of columns: [Int], inGroup group: Int) throws -> [OffsetIndex?] {
        let rowGroup = metadata.rowGroups[group]
        let parts = try source.read(columns.map { rowGroup.chunks[$0].offsetIndex ?? 0..<0 })
        return try zip(columns, parts).map { column, bytes in
            guard !bytes.isEmpty else { return nil }
            do throws(ParquetReadError) {
                return try OffsetIndex(bytes, chunk: rowGroup.chunks[column].range, rowCount: rowGroup.rowCount)
            } catch { throw error.at("row group \(group), column \(metadata.columns[column].name)") }
        }
    }

    /// The column index of a column of a row group; nil where there is none.
    public func columnIndex(of column: Int, inGroup group: Int) throws -> ColumnIndex? {
        guard let range = metadata.rowGroups[group].chunks[column].columnIndex else { return nil }
        let bytes = try source.read(range)
        do throws(ParquetReadError) { return try ColumnIndex(bytes) } catch {
            throw error.at("row group \(group), column \(metadata.columns[column].name)")
        }
    }
}
