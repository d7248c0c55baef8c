/// A Parquet file whose footer has been read.
///
/// ```swift
/// let file = try ParquetFile(reading: FileRanges(path: "beer.parquet"))
/// for group in file.metadata.rowGroups.indices {
///     var rows = try file.rows(ofGroup: group, columns: [0, 3])
///     while let batch = try rows.next(upTo: 16_384) { use(batch.columns, batch.rowCount) }
/// }
/// ```
/// - SeeAlso: <https://github.com/apache/parquet-format>
public struct ParquetFile: Sendable {
    public let metadata: ParquetMetadata
    let source: any RangeSource
    let options: ReadOptions
    /// Where the footer starts.
    let end: Int

    private static let magic = Array("PAR1".utf8)
    private static let encryptedMagic = Array("PARE".utf8)
    /// What is fetched of the end of the file at first: the footer of most files.
    private static let firstFetchSize = 64 << 10

    /// Reads the footer.
    /// - Throws: ``ParquetReadError``, and what `source` throws.
    public init(reading source: some RangeSource, _ options: ReadOptions = ReadOptions()) throws {
        self.source = source
        self.options = options
        let size = source.size
        guard size >= 12 else {
            throw ParquetReadError.outOfSpec("it has \(size) bytes; a Parquet file has 12 at least")
        }
        var tail = try source.read(max(0, size - Self.firstFetchSize)..<size)
        if tail.suffix(4).elementsEqual(Self.encryptedMagic) { throw ParquetReadError.notSupported("encryption") }
        guard tail.suffix(4).elementsEqual(Self.magic) else {
            throw ParquetReadError.outOfSpec(
                "it does not end with PAR1; the upload was cut short, or it is another format")
        }
        let footerSize = tail.dropLast(4).suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard footerSize <= size - 12 else {
            throw ParquetReadError.outOfSpec("its footer of \(footerSize) bytes is larger than the file")
        }
        guard footerSize <= options.footerSizeLimit else {
            throw ParquetReadError.tooLarge(
                "its footer has \(footerSize) bytes, more than the limit of \(options.footerSizeLimit)")
        }
        if tail.count < footerSize + 8 {
            tail = try source.read(size - footerSize - 8..<size - tail.count) + tail
        }
        let end = size - 8 - footerSize
        self.end = end
        metadata = try tail.withUnsafeBytes { bytes in
            let start = bytes.count - 8 - footerSize
            return try ParquetMetadata(
                footer: UnsafeRawBufferPointer(rebasing: bytes[start..<start + footerSize]),
                end: end)
        }
    }

    init(metadata: ParquetMetadata, source: any RangeSource, options: ReadOptions, end: Int) {
        self.metadata = metadata
        self.source = source
        self.options = options
        self.end = end
    }

    /// Where the pages of a column chunk are.
    func pages(of column: Int, inGroup group: Int) -> Range<Int> {
        let range = metadata.rowGroups[group].chunks[column].range
        guard metadata.hasShortChunkSizes else { return range }
        return range.lowerBound..<min(end, range.upperBound + Self.longestDictionaryHeader)
    }

    private static let longestDictionaryHeader = 100

    /// The rows of a row group, of which `columns` are read.
    /// - Parameters:
    ///   - columns: places among ``ParquetMetadata/columns``, in the order in which batches have them.
    ///   - rows: the rows that are wanted, in ascending order; nil for all. Pages without any of them are not fetched where the
    ///     file has an offset index, and not decompressed where it has none.
    public func rows(
        ofGroup group: Int, columns: [Int], rows: [Range<Int>]? = nil
    ) throws(ParquetReadError) -> RowGroupReader {
        guard metadata.rowGroups.indices.contains(group) else {
            throw .misuse("it has \(metadata.rowGroups.count) row groups, and no number \(group)")
        }
        for column in columns where !metadata.columns.indices.contains(column) {
            throw .misuse("it has \(metadata.columns.count) columns, and no number \(column)")
        }
        var end = 0
        for range in rows ?? [] {
            guard range.lowerBound >= end, range.upperBound <= metadata.rowGroups[group].rowCount else {
                throw .misuse("the rows \(range) of row group \(group) do not exist, or are not in order")
            }
            end = range.upperBound
        }
        return RowGroupReader(self, group: group, columns: columns, rows)
    }
}
