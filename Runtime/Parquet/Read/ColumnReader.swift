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

    /// Whether the next entry must begin a row: at the start of the chunk, and after pages have been left out.
    private var isAtRowStart = true
    /// Of the next row, in the row group.
    private var row = 0
    /// Where pages are; nil where that is not known, or all of them are read.
    private let index: OffsetIndex?
    private var hasLeftOutPages = false
    /// Rows that have been decoded and given back.
    private var pending: (array: ColumnArray, rowCount: Int)?

    private static let aheadSize = 1024

    init(_ file: ParquetFile, group: Int, column: Int, _ index: OffsetIndex?) throws(ParquetReadError) {
        self.index = index
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

    /// Whether ``read(_:)`` may give fewer rows than it is asked for.
    var mayEndEarly: Bool { column.isFlat && column.physicalType == .byteArray }

    /// The next `rows` rows, which the row group has; fewer, but at least one, where their texts are large.
    func read(_ rows: Int) throws -> (array: ColumnArray, rowCount: Int) {
        if let (array, rowCount) = pending {
            pending = nil
            if rowCount > rows { return (giveBack(array, rowCount, keeping: rows), rows) }
            return (array, rowCount)
        }
        return try withPlace {
            let result = column.isFlat ? try readFlat(rows) : (try readNested(rows), rows)
            row += result.1
            return result
        }
    }

    /// Takes back the rows of `array` behind the first `count`, for the next batch.
    /// - Returns: the first `count` rows.
    func giveBack(_ array: ColumnArray, _ rowCount: Int, keeping count: Int) -> ColumnArray {
        pending = (array.rows(count..<rowCount), rowCount - count)
        return array.rows(0..<count)
    }

    /// Leaves out all rows before `first`, which is not before the next row, and prepares for reading to `end`.
    func skip(to first: Int, andReadTo end: Int) throws {
        try withPlace {
            if let index {
                let last = index.pages.partitioningIndex { $0.firstRow >= end }
                pages.expectedEnd = last > 0 ? index.pages[last - 1].range.upperBound : Int.max
                let next = index.pages.partitioningIndex { $0.firstRow > first }
                if next > 0, index.pages[next - 1].firstRow > row { try leaveOutPages(before: index.pages[next - 1]) }
            }
            while row < first { try leaveOutRows(first - row) }
        }
    }

    private func withPlace<R>(_ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as ParquetReadError {
            throw error.at("row group \(group), column \(column.name), page at byte \(pageOffset)")
        }
    }

    // MARK: Rows

    private func readFlat(_ rows: Int) throws -> (ColumnArray, rowCount: Int) {
        guard rows <= options.batchSizeLimit else { throw sink.tooLarge }
        var words = [UInt64](repeating: 0, count: column.isRequired ? 0 : (rows + 63) / 64)
        var taken = (rowCount: 0, present: 0)
        let values = try words.withUnsafeMutableBufferPointer { words in
            try sink.values(upTo: rows) { taken = try take(rows, presence: words.baseAddress) }
        }
        if taken.rowCount < rows { words.removeLast(words.count - min(words.count, (taken.rowCount + 63) / 64)) }
        return (ColumnArray(values, presence: taken.present == taken.rowCount ? nil : words), taken.rowCount)
    }

    /// Puts the values of the next `rows` rows into ``sink`` and their presence into `words`, which is nil for a required column.
    private func take(
        _ rows: Int, presence words: UnsafeMutablePointer<UInt64>?
    ) throws -> (rowCount: Int, present: Int) {
        var (done, present) = (0, 0)
        while done < rows, let step = step(after: done) {
            try turnPage()
            guard var page else { break }
            self.page = nil
            let count = min(rows - done, page.entriesLeft, step)
            var found = count
            if !column.isRequired, let words { found = try page.takePresence(count, into: words, from: done) }
            try page.values.append(found, to: sink)
            page.entriesLeft -= count
            done += count
            present += found
            self.page = page
        }
        return (done, present)
    }

    /// The next `rows` rows, which the row group has, as places in the dictionary of the chunk; nil if a page has its values
    /// otherwise, and then the reader is of no use any more.
    func readPlaces(_ rows: Int) throws -> ColumnArray? {
        try withPlace {
            var words = [UInt64](repeating: 0, count: column.isRequired ? 0 : (rows + 63) / 64)
            var isCoded = true
            let places = try [Int32](unsafeUninitializedCapacity: rows) { room, filled in
                try words.withUnsafeMutableBufferPointer { words in
                    var done = 0
                    while done < rows, isCoded {
                        try turnPage()
                        guard var page else { break }
                        let count = min(rows - done, page.entriesLeft)
                        var found = count
                        if !column.isRequired, let words = words.baseAddress {
                            found = try page.takePresence(count, into: words, from: done)
                        }
                        let free = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: room[filled...]))
                        if let start = free.bindMemory(to: UInt32.self).baseAddress {
                            isCoded = try page.values.takePlaces(found, into: start)
                        }
                        page.entriesLeft -= count
                        self.page = page
                        done += count
                        if isCoded { filled += found }
                    }
                }
            }
            guard isCoded else { return nil }
            row += rows
            return ColumnArray(.int32(places), presence: places.count == rows ? nil : words)
        }
    }

    /// The dictionary of the chunk; nil before it was read.
    var dictionary: ColumnValues? { keys?.values }

    /// How many rows may follow the first `done` of a batch before the size of its texts is looked at again; nil for none.
    private func step(after done: Int) -> Int? {
        guard mayEndEarly else { return .max }
        let room = options.batchTextLimit - sink.bytes.count
        guard done > 0 else { return Self.firstStep }
        guard room > 0 else { return nil }
        // Twice as many as there are at most, and no more than fit if they are like those.
        return max(1, min(2 * done, room / max(1, sink.bytes.count / done)))
    }

    private static let firstStep = 64

    private func readNested(_ rows: Int) throws -> ColumnArray {
        definition.removeAll()
        repetition.removeAll()
        var rowsLeft = rows
        /// Whether the row after the last one has begun, or the chunk has ended.
        var isComplete = false
        while !isComplete {
            if rowsLeft == 0, page?.entriesLeft ?? 0 == 0, isAtEndOfRows(row + rows) { break }
            // Without lists an entry is a row, so there is no need to see the next one.
            if rowsLeft == 0, column.maximumRepetition == 0 { break }
            try turnPage()
            guard var page else { break }
            self.page = nil
            defer { self.page = page }
            let count: Int
            if column.maximumRepetition == 0 {
                count = min(rowsLeft, page.entriesLeft)
                guard repetition.count + count <= options.batchSizeLimit else { throw tooManyEntries(rows) }
                repetition.room(for: count).initializeMemory(as: UInt8.self, repeating: 0, count: count)
                rowsLeft -= count
            } else {
                count = try takeRows(&rowsLeft, of: &page, isComplete: &isComplete)
            }
            guard repetition.count + count <= options.batchSizeLimit else { throw tooManyEntries(rows) }
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

    /// Whether `next`, the row behind those that have been read with all entries of a page, is known to begin elsewhere.
    private func isAtEndOfRows(_ next: Int) -> Bool {
        if let index {
            let page = index.pages.partitioningIndex { $0.firstRow >= next }
            if page < index.pages.count, index.pages[page].firstRow == next { return true }
        }
        return entriesToCome == 0 || hasLeftOutPages && pages.isAtEnd
    }

    private func tooManyEntries(_ rows: Int) -> ParquetReadError {
        .tooLarge("\(rows) rows have more than \(options.batchSizeLimit) entries; read fewer rows at a time")
    }

    /// Puts repetition levels of at most `rowsLeft` rows, which it takes off, into the room of ``repetition``.
    /// - Returns: how many there are.
    private func takeRows(
        _ rowsLeft: inout Int, of page: inout DataPage, isComplete: inout Bool
    ) throws(ParquetReadError) -> Int {
        if aheadRange.isEmpty {
            let count = min(page.entriesLeft, Self.aheadSize)
            try ahead.withUnsafeMutableBufferPointer { ahead throws(ParquetReadError) in
                if let start = ahead.baseAddress { try page.takeRepetition(count, into: start) }
            }
            aheadRange = 0..<count
        }
        guard !isAtRowStart || ahead[0] == 0 else { throw .outOfSpec("the first entry continues a list") }
        isAtRowStart = false
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

    // MARK: Rows that are left out

    private func leaveOutPages(before next: OffsetIndex.Page) throws {
        // The dictionary is before the first data page, and what is between that and `next` is not worth fetching.
        let expectedEnd = pages.expectedEnd
        pages.expectedEnd = index?.pages.first?.range.lowerBound ?? expectedEnd
        defer { pages.expectedEnd = expectedEnd }
        while let first = index?.pages.first, pages.offset < first.range.lowerBound {
            pageOffset = pages.offset
            let stored = try pages.next()
            switch stored.kind {
            case .dictionary: try readKeys(stored)
            case .other: break
            case .data, .dataV2: throw ParquetReadError.outOfSpec("the offset index lacks the first data page")
            }
        }
        try pages.skip(to: next.range.lowerBound)
        page = nil
        aheadRange = 0..<0
        isAtRowStart = true
        hasLeftOutPages = true
        row = next.firstRow
        // A row has one entry at least.
        entriesToCome = min(entriesToCome, chunk.valueCount - row)
    }

    /// Leaves out at least one of the next `rows` rows.
    private func leaveOutRows(_ rows: Int) throws {
        if column.isFlat, page?.entriesLeft ?? 0 == 0 {
            pageOffset = pages.offset
            let stored = try nextPage()
            switch stored.kind {
            case .data, .dataV2:
                guard stored.valueCount > rows else {
                    try count(stored)
                    row += stored.valueCount
                    return
                }
                try open(stored)
            case .dictionary: return try readKeys(stored)
            case .other: return
            }
        }
        let count = min(rows, Self.leftOutAtATime)
        if column.isFlat {
            row += try readFlat(count).rowCount
        } else {
            _ = try readNested(count)
            row += count
        }
    }

    private static let leftOutAtATime = 4096

    // MARK: Pages

    /// Makes sure that there is a page with entries that have not been read.
    private func turnPage() throws {
        while (page?.entriesLeft ?? 0) == 0 {
            page = nil
            pageOffset = pages.offset
            let stored = try nextPage()
            switch stored.kind {
            case .dictionary: try readKeys(stored)
            case .data, .dataV2: try open(stored)
            case .other: break
            }
        }
    }

    private func nextPage() throws -> StoredPage {
        guard !pages.isAtEnd else {
            throw ParquetReadError.outOfSpec("the column chunk ends before its \(chunk.valueCount) values")
        }
        return try pages.next()
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

    private func count(_ stored: StoredPage) throws(ParquetReadError) {
        guard stored.valueCount <= entriesToCome else {
            throw .outOfSpec("the pages have more than the \(chunk.valueCount) values of their column chunk")
        }
        entriesToCome -= stored.valueCount
    }

    private func open(_ stored: StoredPage) throws(ParquetReadError) {
        try count(stored)
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
