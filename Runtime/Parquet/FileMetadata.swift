/// What the footer says about one column chunk.
struct ColumnChunkMetadata {
    /// The number of `CompressionCodec` in parquet.thrift.
    var codec: Int32
    /// The numbers of `Encoding` in parquet.thrift.
    var encodings: [Int32]
    var valueCount: Int
    var uncompressedSize: Int
    var compressedSize: Int
    var dataPageOffset: Int
    var dictionaryPageOffset: Int?
    var statistics: ColumnStatistics
    var pageCounts: [PageCount]
    /// Bytes of byte array values before any encoding; nil to leave it unsaid.
    var textSize: Int?
    var levels = LevelHistograms()
    var keyValues: [(key: String, value: String?)] = []
    /// Its place in the file; nil for none.
    var bloomFilter: Range<Int>?
    /// Their places among those of all chunks; nil for none.
    var columnIndex: Range<Int>?
    var offsetIndex: Range<Int>?

    var startOffset: Int { dictionaryPageOffset ?? dataPageOffset }
}

/// How many pages of a column chunk have a type and an encoding, by their numbers in parquet.thrift.
public struct PageCount: Sendable, Equatable {
    /// The number of `PageType`.
    public var type: Int32
    public var encoding: Int32
    public var count: Int

    public init(type: Int32, encoding: Int32, count: Int) {
        self.type = type
        self.encoding = encoding
        self.count = count
    }
}

/// What the footer says about one row group.
struct RowGroupMetadata {
    var rowCount: Int
    var columns: [ColumnChunkMetadata]
}

/// The footer of a file.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `FileMetaData`
struct FileMetadata {
    var schema: ParquetSchema
    var rowGroups: [RowGroupMetadata]
    var keyValues: [(key: String, value: String)]
    var createdBy: String
    /// Where in the file the page indexes of all chunks start.
    var columnIndexStart: Int
    var offsetIndexStart: Int

    func write(to thrift: inout ThriftWriter) {
        thrift.structure { file in
            file.field(1, Int32(1))  // "writers should always populate 1", whatever the pages are
            file.list(2, schema.elements) { thrift, element in element.write(to: &thrift) }
            file.field(3, Int64(rowGroups.reduce(0) { $0 + $1.rowCount }))
            file.list(4, Array(rowGroups.enumerated())) { element, group in
                write(group.element, ordinal: group.offset, to: &element)
            }
            if !keyValues.isEmpty {
                file.list(5, keyValues) { pair, keyValue in
                    pair.field(1, keyValue.key)
                    pair.field(2, keyValue.value)
                }
            }
            file.field(6, createdBy)
            // Every column orders by its type ("TypeDefinedOrder"); without this readers ignore min and max.
            file.list(7, schema.columns) { order, _ in order.field(1) { _ in } }
        }
    }

    private func write(_ group: RowGroupMetadata, ordinal: Int, to thrift: inout ThriftWriter) {
        thrift.list(1, Array(zip(schema.leaves, group.columns))) { chunk, pair in
            chunk.field(2, Int64(0))  // deprecated file_offset: "writers should set this field to 0"
            chunk.field(3) { metadata in write(pair.1, of: pair.0, to: &metadata) }
            if let index = pair.1.offsetIndex {
                chunk.field(4, Int64(offsetIndexStart + index.lowerBound))
                chunk.field(5, Int32(index.count))
            }
            if let index = pair.1.columnIndex {
                chunk.field(6, Int64(columnIndexStart + index.lowerBound))
                chunk.field(7, Int32(index.count))
            }
        }
        thrift.field(2, Int64(group.columns.reduce(0) { $0 + $1.uncompressedSize }))
        thrift.field(3, Int64(group.rowCount))
        if !schema.sortedBy.isEmpty {
            thrift.list(4, schema.sortedBy) { element, sorting in
                element.field(1, Int32(schema.index(ofColumn: sorting.name) ?? 0))
                element.field(2, sorting.isDescending)
                element.field(3, sorting.nullsFirst)
            }
        }
        thrift.field(5, Int64(group.columns.first?.startOffset ?? 0))
        thrift.field(6, Int64(group.columns.reduce(0) { $0 + $1.compressedSize }))
        if let ordinal = Int16(exactly: ordinal) { thrift.field(7, ordinal) }
    }

    private func write(_ chunk: ColumnChunkMetadata, of leaf: ParquetLeaf, to thrift: inout ThriftWriter) {
        thrift.field(1, leaf.column.physicalType.number)
        thrift.list(2, chunk.encodings)
        thrift.list(3, leaf.path)
        thrift.field(4, chunk.codec)
        thrift.field(5, Int64(chunk.valueCount))
        thrift.field(6, Int64(chunk.uncompressedSize))
        thrift.field(7, Int64(chunk.compressedSize))
        if !chunk.keyValues.isEmpty {
            thrift.list(8, chunk.keyValues) { pair, keyValue in
                pair.field(1, keyValue.key)
                if let value = keyValue.value { pair.field(2, value) }
            }
        }
        thrift.field(9, Int64(chunk.dataPageOffset))
        if let offset = chunk.dictionaryPageOffset { thrift.field(11, Int64(offset)) }
        thrift.field(12) { Self.write(chunk.statistics, to: &$0) }
        // With these a reader knows whether every data page is dictionary-encoded, and so may filter on the dictionary.
        if !chunk.pageCounts.isEmpty {
            thrift.list(13, chunk.pageCounts) { entry, page in
                entry.field(1, page.type)
                entry.field(2, page.encoding)
                entry.field(3, Int32(page.count))
            }
        }
        if let filter = chunk.bloomFilter {
            thrift.field(14, Int64(filter.lowerBound))
            thrift.field(15, Int32(filter.count))
        }
        if chunk.textSize != nil || chunk.levels != LevelHistograms() {
            thrift.field(16) { sizes in
                if let textSize = chunk.textSize { sizes.field(1, Int64(textSize)) }
                if !chunk.levels.repetition.isEmpty { sizes.list(2, chunk.levels.repetition) }
                if !chunk.levels.definition.isEmpty { sizes.list(3, chunk.levels.definition) }
            }
        }
    }

    private static func write(_ statistics: ColumnStatistics, to thrift: inout ThriftWriter) {
        thrift.field(1, statistics.signedMaximum)
        thrift.field(2, statistics.signedMinimum)
        if let nullCount = statistics.nullCount { thrift.field(3, Int64(nullCount)) }
        if let distinctCount = statistics.distinctCount { thrift.field(4, Int64(distinctCount)) }
        thrift.field(5, statistics.maximum)
        thrift.field(6, statistics.minimum)
        if let isExact = statistics.isMaximumExact { thrift.field(7, isExact) }
        if let isExact = statistics.isMinimumExact { thrift.field(8, isExact) }
        if let nanCount = statistics.nanCount { thrift.field(9, Int64(nanCount)) }
    }
}
