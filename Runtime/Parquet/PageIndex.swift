/// The places of a column chunk's data pages, and the bounds of each.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/PageIndex.md>
struct PageIndex {
    private var pages: [Page] = []

    private struct Page {
        /// From the first data page of the chunk.
        var offset: Int
        /// In the file, with its header.
        var size: Int
        /// From the first row of the row group.
        var firstRow: Int
        var summary: ValueSummary
        var isNull: Bool
    }

    /// How bounds follow each other; the numbers of `BoundaryOrder` in parquet.thrift.
    private enum BoundaryOrder: Int32 {
        case unordered = 0
        case ascending = 1
        case descending = 2
    }

    mutating func append(_ page: DataPage, _ summary: ValueSummary, firstRow: Int, at offset: Int, size: Int) {
        pages.append(
            Page(
                offset: offset, size: size, firstRow: firstRow, summary: summary,
                isNull: page.nullCount == page.valueCount))
    }

    /// Appends `OffsetIndex`.
    /// - Parameter start: the place of the chunk's first data page in the file.
    func writeOffsets(from start: Int, of column: ParquetColumn, _ options: WriterOptions, to buffer: ByteBuffer) {
        var thrift = ThriftWriter(to: buffer)
        thrift.structure { index in
            index.list(1, pages) { location, page in
                location.field(1, Int64(start + page.offset))
                location.field(2, Int32(page.size))
                location.field(3, Int64(page.firstRow))
            }
            if column.physicalType == .byteArray, options.writesSizeStatistics {
                index.list(2, pages.map { Int64($0.summary.textSize) })
            }
        }
    }

    /// The same for a chunk that has no place yet.
    /// - Parameter start: of the first data page in the chunk.
    func rawOffsets(from start: Int, of column: ParquetColumn, _ options: WriterOptions) -> RawOffsetIndex {
        let hasSizes = column.physicalType == .byteArray && options.writesSizeStatistics
        return RawOffsetIndex(
            pages: pages.map { .init(offset: start + $0.offset, size: $0.size, firstRow: $0.firstRow) },
            textSizes: hasSizes ? pages.map { Int64($0.summary.textSize) } : [])
    }

    /// Appends `ColumnIndex`.
    /// - Returns: false, with nothing written, when a page has values without bounds (all NaN, or a long maximum that no
    ///   short value is above): the format has no word for that.
    func writeBounds(of column: ParquetColumn, _ options: WriterOptions, to buffer: ByteBuffer) -> Bool {
        var least: [[UInt8]] = []
        var greatest: [[UInt8]] = []
        for page in pages {
            let statistics = ColumnStatistics(page.summary, of: column, textLimit: options.statisticsTextLimit)
            guard page.isNull || statistics.minimum != nil && statistics.maximum != nil else { return false }
            least.append(statistics.minimum ?? [])
            greatest.append(statistics.maximum ?? [])
        }
        var thrift = ThriftWriter(to: buffer)
        thrift.structure { index in
            index.list(1, pages.map(\.isNull))
            index.list(2, least)
            index.list(3, greatest)
            index.field(4, order(least, greatest).rawValue)
            index.list(5, pages.map { Int64($0.summary.nullCount) })
            let repetition = pages.flatMap(\.summary.levels.repetition)
            if !repetition.isEmpty { index.list(6, repetition) }
            let definition = pages.flatMap(\.summary.levels.definition)
            if !definition.isEmpty { index.list(7, definition) }
            if column.physicalType.isFloating { index.list(8, pages.map { Int64($0.summary.nanCount) }) }
        }
        return true
    }

    /// How the bounds of the pages that have any follow each other. Text is compared as it was shortened, because
    /// cutting between characters does not keep the order.
    private func order(_ least: [[UInt8]], _ greatest: [[UInt8]]) -> BoundaryOrder {
        var ascends = true
        var descends = true
        var last: ValueRange?
        for (index, page) in pages.enumerated() where !page.isNull {
            var range = page.summary.range
            if case .bytes = range { range = .bytes(least[index], greatest[index]) }
            if let last {
                let step = last.order(to: range)
                ascends = ascends && step.ascends
                descends = descends && step.descends
            }
            last = range
        }
        return ascends ? .ascending : descends ? .descending : .unordered
    }
}
