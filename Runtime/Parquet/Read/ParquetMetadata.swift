public import Parquet

/// What the footer says about a file.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `FileMetaData`
public struct ParquetMetadata: Sendable {
    public let version: Int32
    public let fields: [FileField]
    /// The leaves of ``fields``, depth first.
    public let columns: [FileColumn]
    public let rowCount: Int
    public let rowGroups: [RowGroup]
    public let keyValues: [(key: String, value: String?)]
    public let createdBy: String?

    /// The column that has this field ID.
    public func column(fieldID: Int32) -> FileColumn? { columns.first { $0.fieldID == fieldID } }

    public func column(path: [String]) -> FileColumn? { columns.first { $0.path == path } }

    /// Whether the file is of a version of parquet-mr that does not count the header of the dictionary page.
    /// - SeeAlso: <https://issues.apache.org/jira/browse/PARQUET-816>
    var hasShortChunkSizes: Bool {
        guard let createdBy, createdBy.hasPrefix("parquet-mr") else { return false }
        let words = createdBy.split(separator: " ")
        guard words.count > 2, words[1] == "version" else { return true }
        let numbers = words[2].split(separator: ".").prefix(3).map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return numbers.lexicographicallyPrecedes([1, 2, 9])
    }
}

/// What the footer says about one row group.
public struct RowGroup: Sendable {
    public let rowCount: Int
    /// Of all pages before compression, with their headers.
    public let uncompressedSize: Int
    /// One for each column of the file.
    public let chunks: [ColumnChunk]
    public let sortedBy: [Sorting]

    public struct Sorting: Sendable, Equatable {
        public let column: Int
        public let isDescending: Bool
        public let nullsFirst: Bool
    }

    /// Of all pages in the file.
    public var compressedSize: Int { chunks.reduce(0) { $0 + $1.compressedSize } }
}

/// What the footer says about one column of one row group.
public struct ColumnChunk: Sendable {
    /// The numbers of `Encoding` in parquet.thrift.
    public var encodings: [Int32] = []
    /// The number of `CompressionCodec` in parquet.thrift.
    public var codec: Int32 = 0
    /// Nulls count too.
    public var valueCount = 0
    public var uncompressedSize = 0
    public var compressedSize = 0
    public var dataPageOffset = 0
    public var dictionaryPageOffset: Int?
    public var statistics = ColumnStatistics()
    public var pageCounts: [PageCount] = []
    public var bloomFilterOffset: Int?
    public var bloomFilterSize: Int?
    /// Bytes of byte array values before any encoding.
    public var textSize: Int?
    public var repetitionHistogram: [Int64] = []
    public var definitionHistogram: [Int64] = []
    public var keyValues: [(key: String, value: String?)] = []
    public var offsetIndex: Range<Int>?
    public var columnIndex: Range<Int>?

    /// Where the pages are in the file.
    public var range: Range<Int> { startOffset..<startOffset + compressedSize }

    var startOffset: Int {
        // Some writers say 0 where there is no dictionary.
        guard let dictionary = dictionaryPageOffset, dictionary > 0 else { return dataPageOffset }
        return min(dictionary, dataPageOffset)
    }
}
