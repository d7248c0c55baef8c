internal import CKernels
internal import Columns
internal import Parquet

/// Reads one column of one row group, some rows at a time.
final class ColumnReader {
    private let column: FileColumn
    private let chunk: ColumnChunk
    private let group: Int
    private let options: ReadOptions
    private let decompressor: Decompressor
    private var pages: PageStream
    private var keys: ColumnKeys?
    private var page: DataPage?
    /// Of the page that is being read, in the file.
    private var pageOffset = 0
    /// Entries of the chunk that no page has brought yet.
    private var entriesToCome: Int

    private let body = ReadBuffer()
    private let copies = LevelCopies()
    private let sink: ValueSink
    private let definition = ReadBuffer()
    private let repetition = ReadBuffer()
    /// Repetition levels that have been decoded and belong to rows that have not been asked for.
    private var ahead = [UInt8](repeating: 0, count: aheadSize)
    private var aheadRange = 0..<0

    private static let aheadSize = 1024

    init(_ file: ParquetFile, group: Int, column: Int) throws(ParquetReadError) {
        self.group = group
        self.column = file.metadata.columns[column]
        chunk = file.metadata.rowGroups[group].chunks[column]
        options = file.options
        pages = PageStream(file.source, file.pages(of: column, inGroup: group), file.options)
        sink = ValueSink(self.column.physicalType, sizeLimit: file.options.batchSizeLimit)
        entriesToCome = chunk.valueCount
        do throws(ParquetReadError) {
            decompressor = try Decompressor(codec: chunk.codec)
        } catch { throw error.at("row group \(group), column \(self.column.name)") }
    }

    /// The next `rows` rows, which the row group has.
    func read(_ rows: Int) throws -> ColumnArray {
        do {
            return column.isFlat ? try readFlat(rows) : try readNested(rows)
        } catch let error as ParquetReadError {
            throw error.at("row group \(group), column \(column.name), page at byte \(pageOffset)")
        }
    }

    // MARK: Rows

    private func readFlat(_ rows: Int) throws -> ColumnArray {
        var words = [UInt64](repeating: 0, count: column.isRequired ? 0 : (rows + 63) / 64)
        var done = 0
        var present = 0
        while done < rows {
            try turnPage()
            guard var page else { break }
            self.page = nil
            let count = min(rows - done, page.entriesLeft)
            let found =
                column.isRequired
                ? count
                : try words.withUnsafeMutableBufferPointer { words throws(ParquetReadError) in
                    guard let words = words.baseAddress else { return 0 }
                    return try page.takePresence(count, into: words, from: done)
                }
            try page.values.append(found, to: sink)
            page.entriesLeft -= count
            done += count
            present += found
            self.page = page
        }
        return ColumnArray(sink.take(), presence: present == rows ? nil : words)
    }

    private func readNested(_ rows: Int) throws -> ColumnArray {
        definition.removeAll()
        repetition.removeAll()
        var rowsLeft = rows
        /// Whether the row after the last one has begun, or the chunk has ended.
        var isComplete = false
        while !isComplete {
            if rowsLeft == 0, page?.entriesLeft ?? 0 == 0, entriesToCome == 0 { break }
            // Without lists an entry is a row, so there is no need to see the next one.
            if rowsLeft == 0, column.maximumRepetition == 0 { break }
            try turnPage()
            guard var page else { break }
            self.page = nil
            defer { self.page = page }
            let count: Int
            if column.maximumRepetition == 0 {
                count = min(rowsLeft, page.entriesLeft)
                repetition.room(for: count).initializeMemory(as: UInt8.self, repeating: 0, count: count)
                rowsLeft -= count
            } else {
                count = try takeRows(&rowsLeft, of: &page, isComplete: &isComplete)
            }
            guard repetition.count + count <= options.batchSizeLimit else {
                throw ParquetReadError.tooLarge(
                    "\(rows) rows have more than \(options.batchSizeLimit) entries; read fewer rows at a time")
            }
            repetition.grow(by: count)
            let levels = definition.room(for: count).assumingMemoryBound(to: UInt8.self)
            let found = try page.takeDefinition(count, into: levels)
            definition.grow(by: count)
            try page.values.append(found, to: sink)
            page.entriesLeft -= count
        }
        guard rowsLeft == 0 else {
            throw ParquetReadError.outOfSpec("the column chunk has fewer rows than its row group")
        }
        return ColumnArray(
            sink.take(),
            levels: NestedLevels(
                definition: definition.array(of: UInt8.self), repetition: repetition.array(of: UInt8.self)))
    }

    /// Puts repetition levels of at most `rowsLeft` rows, which it takes off, into the room of ``repetition``.
    /// - Returns: how many there are.
    private func takeRows(
        _ rowsLeft: inout Int, of page: inout DataPage, isComplete: inout Bool
    ) throws(ParquetReadError) -> Int {
        let isFirst = aheadRange.isEmpty && page.entriesLeft + entriesToCome == chunk.valueCount
        if aheadRange.isEmpty {
            let count = min(page.entriesLeft, Self.aheadSize)
            try ahead.withUnsafeMutableBufferPointer { ahead throws(ParquetReadError) in
                if let start = ahead.baseAddress { try page.takeRepetition(count, into: start) }
            }
            aheadRange = 0..<count
        }
        guard !isFirst || ahead[0] == 0 else { throw .outOfSpec("the first entry continues a list") }
        var rows = rowsLeft
        let room = repetition.room(for: aheadRange.count)
        let count = ahead.withUnsafeBytes { ahead in
            let start = ahead.baseAddress.map { $0 + aheadRange.lowerBound }
            let count = parquet_row_levels(
                start?.assumingMemoryBound(to: UInt8.self), aheadRange.count, &rows)
            if let start { room.copyMemory(from: start, byteCount: count) }
            return count
        }
        rowsLeft -= rows
        isComplete = count < aheadRange.count
        aheadRange = aheadRange.lowerBound + count..<aheadRange.upperBound
        return count
    }

    // MARK: Pages

    /// Makes sure that there is a page with entries that have not been read.
    private func turnPage() throws {
        while (page?.entriesLeft ?? 0) == 0 {
            page = nil
            pageOffset = pages.offset
            guard !pages.isAtEnd else {
                throw ParquetReadError.outOfSpec("the column chunk ends before its \(chunk.valueCount) values")
            }
            let stored = try pages.next()
            switch stored.kind {
            case .dictionary: try readKeys(stored)
            case .data, .dataV2: try open(stored)
            case .other: break
            }
        }
    }

    private func readKeys(_ stored: StoredPage) throws(ParquetReadError) {
        guard keys == nil, entriesToCome == chunk.valueCount else {
            throw .outOfSpec("a dictionary page is not the first page")
        }
        guard stored.encoding == 0 || stored.encoding == 2 else {
            throw .outOfSpec("the encoding \(stored.encoding) does not exist for dictionaries")
        }
        body.removeAll()
        try pages.withBody(of: stored) { bytes throws(ParquetReadError) in
            try decompressor.append(bytes, size: stored.uncompressedSize, to: body)
        }
        keys = try ColumnKeys(body, count: stored.valueCount, of: column.physicalType)
    }

    private func open(_ stored: StoredPage) throws(ParquetReadError) {
        guard stored.valueCount <= entriesToCome else {
            throw .outOfSpec("the pages have more than the \(chunk.valueCount) values of their column chunk")
        }
        entriesToCome -= stored.valueCount
        body.removeAll()
        try pages.withBody(of: stored) { bytes throws(ParquetReadError) in
            guard case .dataV2(let repetitionSize, let definitionSize, let isCompressed) = stored.kind else {
                return try decompressor.append(bytes, size: stored.uncompressedSize, to: body)
            }
            let (levelsSize, overflows) = repetitionSize.addingReportingOverflow(definitionSize)
            guard !overflows, levelsSize <= bytes.count, levelsSize <= stored.uncompressedSize else {
                throw .outOfSpec("a data page ends within its levels")
            }
            body.append(UnsafeRawBufferPointer(rebasing: bytes[..<levelsSize]))
            let values = UnsafeRawBufferPointer(rebasing: bytes[levelsSize...])
            let size = stored.uncompressedSize - levelsSize
            if isCompressed, !decompressor.isStored {
                // Some writers compress no bytes to some, some to none.
                if size > 0 { try decompressor.append(values, size: size, to: body) }
            } else {
                guard values.count == size else {
                    throw .outOfSpec("an uncompressed page has \(values.count) bytes, its header says \(size)")
                }
                body.append(values)
            }
        }
        page = try DataPage(stored, of: column, keys, in: body, copies: copies)
    }
}
