/// A row group as another file has it, to be put into a new file without decoding it.
public struct RawRowGroup: Sendable {
    public var rowCount: Int
    /// One for each column, in schema order.
    public var chunks: [RawColumnChunk]

    public init(rowCount: Int, chunks: [RawColumnChunk]) {
        self.rowCount = rowCount
        self.chunks = chunks
    }
}

/// A column chunk as another file has it. Places are counted from its first byte.
public struct RawColumnChunk: Sendable {
    /// All pages with their headers, the dictionary's first.
    public var pages: [UInt8]
    /// The number of `CompressionCodec` in parquet.thrift.
    public var codec: Int32 = 0
    /// The numbers of `Encoding` in parquet.thrift.
    public var encodings: [Int32] = []
    /// Nulls count too.
    public var valueCount = 0
    public var uncompressedSize = 0
    public var dataPageOffset = 0
    public var dictionaryPageOffset: Int?
    public var statistics = ColumnStatistics()
    public var pageCounts: [PageCount] = []
    public var textSize: Int?
    public var repetitionHistogram: [Int64] = []
    public var definitionHistogram: [Int64] = []
    public var keyValues: [(key: String, value: String?)] = []
    /// The filter with its header.
    public var bloomFilter: [UInt8]?
    public var offsetIndex: RawOffsetIndex?
    /// `ColumnIndex` as it is. It is left out without ``offsetIndex``.
    public var columnIndex: [UInt8]?

    public init(pages: [UInt8]) { self.pages = pages }
}

/// Where the data pages of a column chunk are.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/PageIndex.md>
public struct RawOffsetIndex: Sendable, Equatable {
    public struct Page: Sendable, Equatable {
        public var offset: Int
        /// With its header.
        public var size: Int
        /// From the first row of the row group.
        public var firstRow: Int

        public init(offset: Int, size: Int, firstRow: Int) {
            self.offset = offset
            self.size = size
            self.firstRow = firstRow
        }
    }

    public var pages: [Page]
    /// Bytes of each page's byte array values before any encoding; empty where that is not known.
    public var textSizes: [Int64]

    public init(pages: [Page], textSizes: [Int64] = []) {
        self.pages = pages
        self.textSizes = textSizes
    }

    /// Appends `OffsetIndex` for a chunk whose first byte is at `start` in the file.
    func write(to buffer: ByteBuffer, chunkAt start: Int) {
        var thrift = ThriftWriter(to: buffer)
        thrift.structure { index in
            index.list(1, pages) { location, page in
                location.field(1, Int64(start + page.offset))
                location.field(2, Int32(page.size))
                location.field(3, Int64(page.firstRow))
            }
            if !textSizes.isEmpty { index.list(2, textSizes) }
        }
    }
}

extension RawRowGroup {
    func check(_ schema: ParquetSchema) throws(ParquetError) {
        guard chunks.count == schema.leaves.count else {
            throw .batch(
                column: "*", reason: "a row group of \(chunks.count) columns for a schema of \(schema.leaves.count)")
        }
        guard rowCount > 0 else { throw .batch(column: "*", reason: "a row group without rows") }
        for (chunk, leaf) in zip(chunks, schema.leaves) { try chunk.check(leaf, rowCount: rowCount) }
    }
}

extension RawColumnChunk {
    func check(_ leaf: ParquetLeaf, rowCount: Int) throws(ParquetError) {
        let places = pages.indices
        guard places.contains(dataPageOffset), dictionaryPageOffset.map(places.contains) ?? true else {
            throw .batch(column: leaf.name, reason: "a page is outside the bytes of its column chunk")
        }
        guard leaf.maximumRepetition > 0 || valueCount == rowCount else {
            throw .batch(column: leaf.name, reason: "\(valueCount) values for \(rowCount) rows")
        }
        for page in offsetIndex?.pages ?? [] {
            guard page.offset >= 0, page.size > 0, page.size <= pages.count - page.offset,
                Int32(exactly: page.size) != nil
            else { throw .batch(column: leaf.name, reason: "its index has a page outside the bytes of its chunk") }
        }
    }
}

extension RawColumnChunk {
    /// What the footer says of the chunk at `start`, but for bloom filter and indexes.
    func metadata(at start: Int) -> ColumnChunkMetadata {
        ColumnChunkMetadata(
            codec: codec, encodings: encodings, valueCount: valueCount, uncompressedSize: uncompressedSize,
            compressedSize: pages.count, dataPageOffset: start + dataPageOffset,
            dictionaryPageOffset: dictionaryPageOffset.map { start + $0 }, statistics: statistics,
            pageCounts: pageCounts, textSize: textSize,
            levels: LevelHistograms(repetition: repetitionHistogram, definition: definitionHistogram),
            keyValues: keyValues)
    }
}
