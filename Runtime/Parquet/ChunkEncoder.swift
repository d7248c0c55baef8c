public import Columns

/// Encodes column chunks one by one, for row groups that are put together from chunks of different origin.
///
/// Its buffers serve one chunk after the other. Threads need one each.
public final class ChunkEncoder {
    private let schema: ParquetSchema
    private let options: WriterOptions
    private let pages: PageWriter
    private var writer: ColumnChunkWriter?

    public init(_ schema: ParquetSchema, _ options: WriterOptions) {
        self.schema = schema
        self.options = options
        pages = PageWriter(options)
    }

    /// Starts a chunk of the leaf at `index`, which is outside structs and lists.
    public func start(leaf index: Int) { writer = ColumnChunkWriter(schema.leaves[index], options, pages) }

    /// Starts a chunk whose values are given by their places among `keys`.
    /// - Returns: false if the keys are too many, or not distinct.
    public func start(leaf index: Int, keys: ColumnValues) -> Bool {
        start(leaf: index)
        return writer?.start(with: keys) ?? false
    }

    /// The places of values among the keys, which they join if need be; nil if these would be too many.
    public func places(of values: ColumnValues) -> ColumnValues? {
        (writer?.codes(of: values)).map { .int32($0.map { Int32(bitPattern: $0) }) }
    }

    /// Adds rows: as many as a page has at most (``WriterOptions/pageRowLimit``).
    public func append(_ array: ColumnArray, rowCount: Int) {
        let rows = PresenceSlice(words: array.presence, start: 0, rowCount: rowCount)
        writer?.write(ValueSlice(values: array.values, range: 0..<array.values.count), .flat(rows))
    }

    /// Adds rows by the places of their values among the keys.
    public func append(places: ColumnArray, rowCount: Int) {
        guard case .int32(let numbers) = places.values else { preconditionFailure("places are 32-bit numbers") }
        numbers.withUnsafeBytes { bytes in
            writer?.write(
                codes: bytes.assumingMemoryBound(to: UInt32.self),
                .flat(PresenceSlice(words: places.presence, start: 0, rowCount: rowCount)))
        }
    }

    /// Ends the chunk.
    public func finish() -> RawColumnChunk {
        guard let writer = writer.take() else { preconditionFailure("no chunk was started") }
        return RawColumnChunk(writer.finish(at: 0), of: writer.column, options)
    }
}

extension RawColumnChunk {
    /// - Parameter chunk: at the place 0.
    fileprivate init(_ chunk: ColumnChunkWriter.FinishedChunk, of column: ParquetColumn, _ options: WriterOptions) {
        let metadata = chunk.metadata
        self.init(
            pages: [UInt8](unsafeUninitializedCapacity: metadata.compressedSize) { room, filled in
                for part in chunk.parts {
                    part.withBytes { bytes in
                        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: room[filled...]))
                            .copyMemory(from: bytes)
                        filled += bytes.count
                    }
                }
            })
        codec = metadata.codec
        encodings = metadata.encodings
        valueCount = metadata.valueCount
        uncompressedSize = metadata.uncompressedSize
        dataPageOffset = metadata.dataPageOffset
        dictionaryPageOffset = metadata.dictionaryPageOffset
        statistics = metadata.statistics
        pageCounts = metadata.pageCounts
        textSize = metadata.textSize
        repetitionHistogram = metadata.levels.repetition
        definitionHistogram = metadata.levels.definition
        bloomFilter = chunk.bloomFilter?.bytes()
        guard options.writesPageIndex else { return }
        offsetIndex = chunk.index.rawOffsets(from: metadata.dataPageOffset, of: column, options)
        let bounds = ByteBuffer(capacity: 64)
        if chunk.index.writeBounds(of: column, options, to: bounds) { columnIndex = bounds.bytes() }
    }
}
