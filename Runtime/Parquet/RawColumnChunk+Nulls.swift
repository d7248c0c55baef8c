extension RawColumnChunk {
    /// A chunk of `rowCount` nulls for the leaf at `index` of `schema`, which is not required: what a row group has of a column
    /// that is newer than its file.
    /// - Throws: ``ParquetError/batch(column:reason:)`` if the column is required.
    public static func nulls(rowCount: Int, ofLeaf index: Int, in schema: ParquetSchema) throws(ParquetError)
        -> RawColumnChunk
    {
        let leaf = schema.leaves[index]
        guard leaf.maximumDefinition > 0, let count = Int32(exactly: rowCount), count > 0 else {
            throw .batch(column: leaf.name, reason: "\(rowCount) rows cannot all be null")
        }
        let body = ByteBuffer(capacity: 64)
        if leaf.maximumRepetition > 0 { appendZeros(rowCount, to: body) }
        appendZeros(rowCount, to: body)
        let page = DataPage(encoding: .plain, rowCount: rowCount, valueCount: rowCount, nullCount: rowCount)
        let pages = ByteBuffer(capacity: 64)
        var thrift = ThriftWriter(to: pages)
        PageHeader(
            kind: .data(page), uncompressedSize: body.count, compressedSize: body.count, checksum: body.crc32
        ).write(to: &thrift)
        pages.append(body)
        var chunk = RawColumnChunk(pages: pages.bytes())
        chunk.encodings = [PageEncoding.plain.rawValue, PageEncoding.rle.rawValue]
        chunk.valueCount = rowCount
        chunk.uncompressedSize = pages.count
        chunk.statistics.nullCount = rowCount
        chunk.pageCounts = [PageCount(type: page.pageType, encoding: PageEncoding.plain.rawValue, count: 1)]
        chunk.offsetIndex = RawOffsetIndex(pages: [.init(offset: 0, size: pages.count, firstRow: 0)])
        let bounds = ByteBuffer(capacity: 64)
        var index = PageIndex()
        var summary = ValueSummary()
        summary.nullCount = rowCount
        index.append(page, summary, firstRow: 0, at: 0, size: pages.count)
        var options = WriterOptions()
        options.writesSizeStatistics = false
        if index.writeBounds(of: leaf.column, options, to: bounds) { chunk.columnIndex = bounds.bytes() }
        return chunk
    }

    /// Levels of a page of version 1: one run of zeros behind its length.
    private static func appendZeros(_ count: Int, to buffer: ByteBuffer) {
        let start = buffer.count
        buffer.append(littleEndian: UInt32(0))
        var header = UInt64(count) << 1
        while header >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: header) | 0x80)
            header >>= 7
        }
        buffer.append(UInt8(header))
        buffer.append(UInt8(0))
        buffer.replace(at: start, littleEndian: UInt32(buffer.count - start - 4))
    }
}

extension DataPage {
    /// The number of `PageType` in parquet.thrift, of version 1.
    fileprivate var pageType: Int32 { PageHeader.Kind.data(self).pageType }
}
