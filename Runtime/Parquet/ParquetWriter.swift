public import Columns

/// Writes a Parquet file from column batches, as bytes that the caller takes away.
///
/// Rows gather in stripes, each column's stripe becomes one or more pages, stripes make row groups, and a finished row
/// group waits for ``drain(_:)``. The bytes depend on the rows, the schema and the options, not on how rows are batched.
///
/// ```swift
/// var writer = ParquetWriter(schema, options)
/// while let batch = source.next() {
///     try writer.append(rowCount: batch.rowCount, columns: batch.columns)
///     try writer.drain { try file.write($0) }
/// }
/// try writer.finish { try file.write($0) }
/// ```
/// - SeeAlso: <https://github.com/apache/parquet-format>
public struct ParquetWriter: ~Copyable {
    public let schema: ParquetSchema
    private let options: WriterOptions
    private let columns: [ColumnChunkWriter]
    private var staged: [StagedValues]
    private var stagedTextSize = 0
    private var groupRowCount = 0
    private var rowGroups: [RowGroupMetadata] = []
    private var order: RowOrder?
    private var raw: RawRowGroupInProgress?
    /// The page indexes of all row groups, which are written together before the footer.
    private let columnIndexes = ByteBuffer(capacity: 64)
    private let offsetIndexes = ByteBuffer(capacity: 64)
    private var finished: [Piece] = []

    private enum Piece {
        case buffer(ByteBuffer)
        case bytes([UInt8])
    }

    /// The place of the next byte in the file.
    private var offset = 0

    /// A row group whose chunks are given as bytes.
    private struct RawRowGroupInProgress {
        var metadata: RowGroupMetadata
        var bloomFilters: [[UInt8]?] = []
    }

    private static let magic = Array("PAR1".utf8)

    public init(_ schema: ParquetSchema, _ options: WriterOptions = WriterOptions()) {
        self.schema = schema
        self.options = options
        let pages = PageWriter(options)
        columns = schema.leaves.map { ColumnChunkWriter($0, options, pages) }
        staged = schema.leaves.map { StagedValues(of: $0) }
        order = RowOrder(of: schema)
        enqueue(Self.magic)
    }

    /// Appends `rowCount` rows; `columns` are in schema order.
    /// - Throws: ``ParquetError/batch(column:reason:)`` before anything of the batch is taken.
    public mutating func append(rowCount: Int, columns arrays: [ColumnArray]) throws(ParquetError) {
        try check(arrays, rowCount: rowCount)
        try order?.check(arrays, rowCount: rowCount)
        var row = 0
        var cursors = Array(repeating: RowCursor(), count: arrays.count)
        while row < rowCount {
            let stagedRows = staged.first?.rowCount ?? 0
            let room = min(options.pageRowLimit - stagedRows, rowCount - row)
            let text = TextMeter(arrays, cursors, schema.leaves)
            let rows = text.rows(upTo: room, withinText: options.stripeTextLimit - stagedTextSize)
            stagedTextSize += text.size(ofFirst: rows)
            let endsStripe = stagedRows + rows == options.pageRowLimit || stagedTextSize >= options.stripeTextLimit
            for (index, array) in arrays.enumerated() {
                let (values, slice) = cursors[index].slice(rows, of: array, schema.leaves[index])
                cursors[index].advance(over: values, slice)
                if endsStripe, stagedRows == 0 {
                    columns[index].write(values, slice)  // a whole stripe: straight from the caller's arrays
                } else {
                    staged[index].append(values, slice)
                    if endsStripe { flushStaged(index) }
                }
            }
            row += rows
            if endsStripe { endStripe(stagedRows + rows) }
        }
    }

    /// Hands over the bytes of finished row groups, in file order; valid only inside `sink`.
    public mutating func drain<E: Error>(_ sink: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        for piece in finished {
            switch piece {
            case .buffer(let buffer):
                try buffer.withBytes(sink)
                buffer.removeAll()
            case .bytes(let bytes):
                try bytes.withUnsafeBufferPointer { (bytes) throws(E) in try sink(UnsafeRawBufferPointer(bytes)) }
            }
        }
        finished = []
    }

    /// Writes what is left and the footer. The file is complete when this returns.
    public consuming func finish<E: Error>(_ sink: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        endStartedRowGroup()
        let footer = footer()
        enqueue(columnIndexes)
        enqueue(offsetIndexes)
        enqueue(footer)
        try drain(sink)
    }

    /// Appends a complete row group of another file, whose schema is the same but for the writer's choices. Rows that were
    /// appended before become a row group of their own, however few they are.
    ///
    /// Pages, statistics, bloom filters and bounds stay as they are, whatever the options. That the rows are in the order of
    /// ``ParquetSchema/sortedBy`` is the caller's word.
    /// - Throws: ``ParquetError/batch(column:reason:)`` before anything is taken, if the parts of a chunk contradict each other.
    public mutating func append(_ group: RawRowGroup) throws(ParquetError) {
        try group.check(schema)
        startRowGroup(rowCount: group.rowCount)
        for chunk in group.chunks { append(chunk) }
        endRawRowGroup()
    }

    /// Starts a row group whose chunks come one by one, so that they need not be in memory all at once.
    public mutating func startRowGroup(rowCount: Int) {
        endStartedRowGroup()
        order = RowOrder(of: schema)
        raw = RawRowGroupInProgress(metadata: RowGroupMetadata(rowCount: rowCount, columns: []))
    }

    /// Appends the chunk of the next column to the row group that was started.
    /// - Throws: ``ParquetError/batch(column:reason:)`` before anything is taken, if its parts contradict each other.
    public mutating func append(nextChunk chunk: RawColumnChunk) throws(ParquetError) {
        guard let raw, raw.metadata.columns.count < schema.leaves.count else {
            throw .batch(column: "*", reason: "a column chunk without a row group that lacks it")
        }
        try chunk.check(schema.leaves[raw.metadata.columns.count], rowCount: raw.metadata.rowCount)
        append(chunk)
    }

    /// Ends the row group, which has all its chunks.
    public mutating func endRowGroupOfChunks() throws(ParquetError) {
        guard let raw, raw.metadata.columns.count == schema.leaves.count else {
            throw .batch(column: "*", reason: "a row group lacks column chunks")
        }
        endRawRowGroup()
    }

    private mutating func append(_ chunk: RawColumnChunk) {
        var chunkMetadata = chunk.metadata(at: offset)
        enqueue(chunk.pages)
        if let index = chunk.offsetIndex {
            let start = offsetIndexes.count
            index.write(to: offsetIndexes, chunkAt: offset - chunk.pages.count)
            chunkMetadata.offsetIndex = start..<offsetIndexes.count
        }
        if let index = chunk.columnIndex, chunk.offsetIndex != nil {
            let start = columnIndexes.count
            columnIndexes.append(index)
            chunkMetadata.columnIndex = start..<columnIndexes.count
        }
        raw?.metadata.columns.append(chunkMetadata)
        raw?.bloomFilters.append(chunk.bloomFilter)
    }

    private mutating func endRawRowGroup() {
        guard var ended = raw.take() else { return }
        for (index, filter) in ended.bloomFilters.enumerated() {
            guard let filter else { continue }
            ended.metadata.columns[index].bloomFilter = offset..<offset + filter.count
            enqueue(filter)
        }
        rowGroups.append(ended.metadata)
    }

    /// Makes a row group of the rows so far, if there are any.
    private mutating func endStartedRowGroup() {
        let stagedRows = staged.first?.rowCount ?? 0
        if stagedRows > 0 {
            for index in columns.indices { flushStaged(index) }
            stagedTextSize = 0
            groupRowCount += stagedRows
        }
        if groupRowCount > 0 { endRowGroup() }
    }

    private mutating func flushStaged(_ index: Int) {
        let (values, rows) = staged[index].slice
        columns[index].write(values, rows)
        staged[index].removeAll()
    }

    private mutating func endStripe(_ rows: Int) {
        stagedTextSize = 0
        groupRowCount += rows
        let size = columns.reduce(0) { $0 + $1.encodedSize }
        if groupRowCount >= options.rowGroupRowLimit || size >= options.rowGroupSizeLimit { endRowGroup() }
    }

    private mutating func endRowGroup() {
        var group = RowGroupMetadata(rowCount: groupRowCount, columns: [])
        var bloomFilters: [ByteBuffer?] = []
        for column in columns {
            var chunk = column.finish(at: offset)
            for part in chunk.parts { enqueue(part) }
            appendPageIndex(to: &chunk, of: column.column)
            bloomFilters.append(chunk.bloomFilter)
            group.columns.append(chunk.metadata)
        }
        for (index, filter) in bloomFilters.enumerated() {
            guard let filter else { continue }
            group.columns[index].bloomFilter = offset..<offset + filter.count
            enqueue(filter)
        }
        rowGroups.append(group)
        groupRowCount = 0
    }

    /// - Parameter chunk: receives the places of its indexes among those of all chunks.
    private func appendPageIndex(to chunk: inout ColumnChunkWriter.FinishedChunk, of column: ParquetColumn) {
        guard options.writesPageIndex else { return }
        let bounds = columnIndexes.count
        if chunk.index.writeBounds(of: column, options, to: columnIndexes) {
            chunk.metadata.columnIndex = bounds..<columnIndexes.count
        }
        let offsets = offsetIndexes.count
        chunk.index.writeOffsets(from: chunk.metadata.dataPageOffset, of: column, options, to: offsetIndexes)
        chunk.metadata.offsetIndex = offsets..<offsetIndexes.count
    }

    /// The footer of a file whose page indexes start here.
    private func footer() -> ByteBuffer {
        let buffer = ByteBuffer()
        var thrift = ThriftWriter(to: buffer)
        FileMetadata(
            schema: schema, rowGroups: rowGroups, keyValues: options.keyValues, createdBy: options.createdBy,
            columnIndexStart: offset, offsetIndexStart: offset + columnIndexes.count
        ).write(to: &thrift)
        buffer.append(littleEndian: UInt32(buffer.count))
        buffer.append(Self.magic)
        return buffer
    }

    private mutating func enqueue(_ bytes: [UInt8]) {
        offset += bytes.count
        finished.append(.bytes(bytes))
    }

    private mutating func enqueue(_ buffer: ByteBuffer) {
        offset += buffer.count
        finished.append(.buffer(buffer))
    }

    private func check(_ arrays: [ColumnArray], rowCount: Int) throws(ParquetError) {
        guard arrays.count == schema.columns.count else {
            throw .batch(column: "*", reason: "\(arrays.count) columns for a schema of \(schema.columns.count)")
        }
        for (array, leaf) in zip(arrays, schema.leaves) {
            guard let valueCount = array.values.count(as: leaf.column.physicalType) else {
                throw .batch(
                    column: leaf.name, reason: "the values are not whole values of \(leaf.column.physicalType)")
            }
            if leaf.isFlat {
                try check(array, leaf.column, rowCount: rowCount, valueCount: valueCount)
            } else {
                try check(array, leaf, rowCount: rowCount, valueCount: valueCount)
            }
            if case .byteArray(let texts) = array.values, !texts.offsets.isAscending {
                throw .batch(column: leaf.name, reason: "offsets must not descend")
            }
        }
    }

    private func check(
        _ array: ColumnArray, _ column: ParquetColumn, rowCount: Int, valueCount: Int
    ) throws(ParquetError) {
        guard array.levels == nil else {
            throw .batch(column: column.name, reason: "levels belong to columns inside structs and lists only")
        }
        if let words = array.presence, words.count * 64 < rowCount {
            throw .batch(column: column.name, reason: "\(words.count) presence words for \(rowCount) rows")
        }
        let present = PresenceSlice(words: array.presence, start: 0, rowCount: rowCount).valueCount
        guard present == valueCount else {
            throw .batch(column: column.name, reason: "\(valueCount) values for \(present) present rows")
        }
        if column.isRequired, present != rowCount {
            throw .batch(column: column.name, reason: "\(rowCount - present) nulls in a required column")
        }
    }

    private func check(
        _ array: ColumnArray, _ leaf: ParquetLeaf, rowCount: Int, valueCount: Int
    ) throws(ParquetError) {
        guard let levels = array.levels, levels.definition.count == levels.repetition.count else {
            throw .batch(column: leaf.name, reason: "a nested column needs as many definition as repetition levels")
        }
        guard levels.definition.allSatisfy({ $0 <= leaf.maximumDefinition }) else {
            throw .batch(column: leaf.name, reason: "a definition level exceeds \(leaf.maximumDefinition)")
        }
        guard levels.repetition.allSatisfy({ $0 <= leaf.maximumRepetition }) else {
            throw .batch(column: leaf.name, reason: "a repetition level exceeds \(leaf.maximumRepetition)")
        }
        let rows = levels.repetition.count { $0 == 0 }
        guard rows == rowCount, levels.repetition.first ?? 0 == 0 else {
            throw .batch(column: leaf.name, reason: "repetition levels of \(rows) rows for \(rowCount) rows")
        }
        let present = levels.valueCount(in: levels.definition.indices, of: leaf)
        guard present == valueCount else {
            throw .batch(column: leaf.name, reason: "\(valueCount) values for \(present) entries that have one")
        }
    }
}

/// Counts the byte array bytes of rows to come, to end a stripe before they grow too many.
private struct TextMeter {
    private var columns: [(offsets: [UInt32], cursor: RowCursor, array: ColumnArray, leaf: ParquetLeaf)] = []

    init(_ arrays: [ColumnArray], _ cursors: [RowCursor], _ leaves: [ParquetLeaf]) {
        for (index, array) in arrays.enumerated() {
            if case .byteArray(let texts) = array.values {
                columns.append((texts.offsets, cursors[index], array, leaves[index]))
            }
        }
    }

    func size(ofFirst rows: Int) -> Int {
        columns.reduce(0) { total, column in
            let range = column.cursor.slice(rows, of: column.array, column.leaf).0.range
            return total + Int(column.offsets[range.upperBound] - column.offsets[range.lowerBound])
        }
    }

    /// The fewest rows whose text reaches `limit`, or `room` when less than `limit` is there. At least one.
    func rows(upTo room: Int, withinText limit: Int) -> Int {
        guard !columns.isEmpty, size(ofFirst: room) >= limit else { return room }
        var fewest = 1
        var enough = room
        while fewest < enough {
            let middle = (fewest + enough) / 2
            if size(ofFirst: middle) >= limit { enough = middle } else { fewest = middle + 1 }
        }
        return fewest
    }
}

extension [UInt32] {
    fileprivate var isAscending: Bool {
        withUnsafeBufferPointer { offsets in
            // Counted, not asked one after the other, so that vectors do it.
            var descents = 0
            for (before, after) in zip(offsets, offsets.dropFirst()) { descents &+= before > after ? 1 : 0 }
            return descents == 0
        }
    }
}
