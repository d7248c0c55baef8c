internal import CKernels
internal import Columns

/// Turns the values of one column into the pages of its chunk in the current row group.
///
/// Values arrive in stripes. The first one decides the encoding: it is encoded in every way that its type allows, and
/// the smallest wins. A dictionary that stops paying is dropped: its pages stay, later ones are encoded otherwise.
final class ColumnChunkWriter {
    private let leaf: ParquetLeaf
    private let options: WriterOptions
    private let pages: PageWriter
    private let dictionary: ValueDictionary

    /// Whether the encodings that may be chosen have deltas for this column.
    private let triesDeltas: Bool

    private var plan = Plan.undecided
    private var dictionaryPage = ByteBuffer(capacity: 64)
    private var dataPages = ByteBuffer(capacity: 64)
    private var written = Written()
    private var bloomFilter: BloomFilter?

    private enum Plan {
        case undecided
        case plain
        case delta
        case byteStreamSplit
        case dictionary
    }

    /// What the pages of the current chunk add up to.
    private struct Written {
        var rowCount = 0
        var valueCount = 0
        var uncompressedSize = 0
        var summary = ValueSummary()
        var pageCounts: [PageEncoding: Int] = [:]
        var index = PageIndex()
    }

    /// A complete chunk: its bytes in order, and its parts elsewhere in the file.
    struct FinishedChunk {
        /// Empty the buffers to return their memory.
        var parts: [ByteBuffer]
        var metadata: ColumnChunkMetadata
        var index: PageIndex
        var bloomFilter: ByteBuffer?
    }

    init(_ leaf: ParquetLeaf, _ options: WriterOptions, _ pages: PageWriter) {
        self.leaf = leaf
        self.options = options
        self.pages = pages
        triesDeltas = leaf.column.encoding == .automatic && options.encodings.hasDeltas(for: leaf)
        dictionary = ValueDictionary(of: leaf.column.physicalType, sizeLimit: options.dictionarySizeLimit)
    }

    var column: ParquetColumn { leaf.column }

    /// Bytes that the chunk holds so far, its dictionary uncompressed.
    var encodedSize: Int {
        written.rowCount == 0 ? 0 : dataPages.count + (usesDictionary ? dictionary.plainSize : 0)
    }

    private var usesDictionary: Bool { written.pageCounts[.rleDictionary] != nil }

    /// Writes the pages of one stripe.
    func write(_ values: ValueSlice, _ rows: RowSlice) {
        // The last chunk's bytes may still wait for the caller; once taken, their memory serves again.
        if written.rowCount == 0, !dataPages.isEmpty { dataPages = ByteBuffer() }
        if values.isEmpty {
            writePages(values, rows, .plain)
            return
        }
        var codesAreReady = false
        if plan == .undecided { (plan, codesAreReady) = choosePlan(for: values) }
        if plan == .dictionary {
            if writeDictionaryCodes(values, rows, codesAreReady: codesAreReady) { return }
            plan = fallback
        }
        insertIntoBloomFilter(values)
        writePages(values, rows, encoding)
    }

    /// Starts a chunk whose values are known by their places among `keys`.
    /// - Returns: false if they are too many, or not distinct; then values must be written.
    func start(with keys: ColumnValues) -> Bool {
        guard dictionary.start(with: keys) else {
            dictionary.removeAll()
            return false
        }
        plan = .dictionary
        return true
    }

    /// The codes of values, which join the dictionary.
    /// - Returns: nil if it would grow too large.
    func codes(of values: ColumnValues) -> [UInt32]? {
        dictionary.encode(ValueSlice(values: values, range: 0..<values.count)) ? dictionary.codes : nil
    }

    /// Writes the page of one stripe by the codes of its values.
    func write(codes: UnsafeBufferPointer<UInt32>, _ rows: RowSlice) {
        guard !codes.isEmpty else {
            writePages(ValueSlice(values: .empty(column.physicalType), range: 0..<0), rows, .plain)
            return
        }
        startPage(rows)
        append(codes, to: pages.body)
        endPage(
            .rleDictionary, rows, dictionary.summary(of: codes, nullCount: rows.entryCount - codes.count, in: column))
    }

    /// Ends the chunk; what is written next starts another.
    /// - Parameter offset: the place of the chunk in the file.
    func finish(at offset: Int) -> FinishedChunk {
        var encodings: [PageEncoding] = leaf.maximumDefinition > 0 ? [.rle] : []
        encodings += written.pageCounts.keys
        var parts: [ByteBuffer] = []
        var dictionarySize = 0
        if usesDictionary {
            encodings.append(.plain)
            let keys = dictionary.values
            insertIntoBloomFilter(keys)
            pages.startPage(of: column.physicalType)
            keys.appendPlain(to: pages.body)
            if !dictionaryPage.isEmpty { dictionaryPage = ByteBuffer() }
            written.uncompressedSize += pages.writeDictionaryPage(keyCount: dictionary.count, to: dictionaryPage)
            dictionarySize = dictionaryPage.count
            parts.append(dictionaryPage)
        }
        parts.append(dataPages)
        let metadata = ColumnChunkMetadata(
            codec: options.codec.number,
            encodings: Set(encodings).map(\.rawValue).sorted(),
            valueCount: written.valueCount,
            uncompressedSize: written.uncompressedSize,
            compressedSize: dictionarySize + dataPages.count,
            dataPageOffset: offset + dictionarySize,
            dictionaryPageOffset: usesDictionary ? offset : nil,
            statistics: ColumnStatistics(written.summary, of: column, textLimit: options.statisticsTextLimit),
            pageCounts: pageCounts,
            textSize: options.writesSizeStatistics && column.physicalType == .byteArray
                ? written.summary.textSize : nil,
            levels: written.summary.levels)
        let chunk = FinishedChunk(
            parts: parts, metadata: metadata, index: written.index, bloomFilter: finishedBloomFilter())
        dictionary.removeAll()
        plan = .undecided
        written = Written()
        return chunk
    }

    /// Of the chunk that is complete.
    private var pageCounts: [PageCount] {
        let dataType: Int32 = options.dataPageVersion == .v1 ? 0 : 3
        let data = written.pageCounts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            PageCount(type: dataType, encoding: $0.key.rawValue, count: $0.value)
        }
        return (usesDictionary ? [PageCount(type: 2, encoding: PageEncoding.plain.rawValue, count: 1)] : []) + data
    }

    // MARK: The choice

    private var fallback: Plan { triesDeltas ? .delta : .plain }

    /// What the plan makes of a page, unless that is codes.
    private var encoding: PageEncoding {
        switch plan {
        case .undecided, .plain, .dictionary: .plain
        case .delta: column.physicalType == .byteArray ? .deltaLengthByteArray : .deltaBinaryPacked
        case .byteStreamSplit: .byteStreamSplit
        }
    }

    /// - Returns: the plan, and whether the dictionary holds the codes of `values` already.
    private func choosePlan(for values: ValueSlice) -> (Plan, codesAreReady: Bool) {
        switch column.encoding {
        case .plain: return (.plain, false)
        case .delta: return (.delta, false)
        case .byteStreamSplit: return (.byteStreamSplit, false)
        case .dictionary: return (.dictionary, false)
        case .automatic: break
        }
        guard column.physicalType != .boolean else { return (.plain, false) }
        var otherSize = values.plainSize
        var other = Plan.plain
        if case .byteArray = values.values {
            other = fallback  // the size of deltas is about the plain one; not worth a trial
        } else if triesDeltas {
            pages.trial.removeAll()
            if values.appendDelta(to: pages.trial), pages.trial.count < otherSize,
                pages.trial.withBytes(options.encodings.allows(deltas:))
            {
                otherSize = pages.trial.count
                other = .delta
            }
        }
        // Keys alone that are larger than this lose already, so most columns of ids are given up before the table grows.
        guard dictionary.encode(values, within: otherSize * 9 / 10) else {
            dictionary.removeAll()
            return (other, false)
        }
        pages.trial.removeAll()
        appendCodes(to: pages.trial)
        // Keys seen in the first stripe come again later, so the dictionary's share of the size only shrinks; but it
        // must pay clearly, because codes cost a look-up a value in both writing and reading.
        let size = dictionary.plainSize + pages.trial.count
        if size * 10 <= otherSize * 9 { return (.dictionary, true) }
        dictionary.removeAll()
        return (other, false)
    }

    // MARK: Pages

    /// - Returns: false, with nothing written, when the dictionary does not pay any more.
    private func writeDictionaryCodes(
        _ values: ValueSlice, _ rows: RowSlice, codesAreReady: Bool
    ) -> Bool {
        let knownCount = dictionary.count
        let knownSize = codesAreReady ? 0 : dictionary.plainSize
        guard codesAreReady || dictionary.encode(values) else {
            dictionary.truncate(to: knownCount)
            return false
        }
        startPage(rows)
        let start = pages.body.count
        appendCodes(to: pages.body)
        let added = dictionary.plainSize - knownSize + pages.body.count - start
        if !codesAreReady, column.encoding == .automatic, added > values.plainSize {
            dictionary.truncate(to: knownCount)
            return false
        }
        let nullCount = rows.entryCount - values.count
        endPage(
            .rleDictionary, rows,
            ValueSummary(of: values, codedBy: dictionary, nullCount: nullCount, in: column))
        return true
    }

    /// Codes of a data page: one byte of width, then runs.
    private func appendCodes(to buffer: ByteBuffer) {
        dictionary.codes.withUnsafeBufferPointer { append($0, to: buffer) }
    }

    private func append(_ codes: UnsafeBufferPointer<UInt32>, to buffer: ByteBuffer) {
        let width = UInt32(dictionary.codeWidth)
        buffer.append(UInt8(width))
        buffer.append(upTo: parquet_hybrid_bound(codes.count, width)) {
            parquet_hybrid_u32(codes.baseAddress, codes.count, width, $0)
        }
    }

    /// Writes a stripe, cut into pages below the size limit if its values are large; a page of nulls only stays whole.
    private func writePages(_ values: ValueSlice, _ rows: RowSlice, _ encoding: PageEncoding) {
        var values = values
        var rows = rows
        while true {
            let fits = values.count(fittingInto: options.pageSizeLimit)
            guard fits < values.count else { break }
            let first = rows.rows(holding: fits)
            guard first.rowCount < rows.rowCount else { break }
            writePage(values.prefix(first.valueCount), rows.prefix(first.rowCount), encoding)
            values = values.dropFirst(first.valueCount)
            rows = rows.dropFirst(first.rowCount)
        }
        writePage(values, rows, encoding)
    }

    private func writePage(_ values: ValueSlice, _ rows: RowSlice, _ wanted: PageEncoding) {
        startPage(rows)
        let start = pages.body.count
        var encoding = wanted
        switch wanted {
        case .deltaBinaryPacked, .deltaLengthByteArray:
            _ = values.appendDelta(to: pages.body)
            if column.encoding == .automatic, pages.body.count - start > values.plainSize || !allowsDeltas(from: start)
            {
                pages.body.truncate(to: start)
                values.appendPlain(to: pages.body)
                encoding = .plain
            }
        case .byteStreamSplit: values.appendByteStreamSplit(to: pages.body)
        case .plain, .rle, .rleDictionary: values.appendPlain(to: pages.body)
        }
        endPage(
            encoding, rows, ValueSummary(of: values, nullCount: rows.entryCount - values.count, in: column))
    }

    private func allowsDeltas(from start: Int) -> Bool {
        column.physicalType == .byteArray
            || pages.body.withBytes { options.encodings.allows(deltas: UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    private func startPage(_ rows: RowSlice) {
        pages.startPage(of: column.physicalType)
        switch rows {
        case .flat(let presence):
            if !column.isRequired { pages.appendDefinitionLevels { presence.appendLevels(to: $0) } }
        case .nested(let levels):
            if leaf.maximumRepetition > 0 { pages.appendRepetitionLevels { levels.appendRepetitionLevels(to: $0) } }
            if leaf.maximumDefinition > 0 { pages.appendDefinitionLevels { levels.appendDefinitionLevels(to: $0) } }
        }
    }

    private func endPage(_ encoding: PageEncoding, _ rows: RowSlice, _ summary: ValueSummary) {
        let page = DataPage(
            encoding: encoding, rowCount: rows.rowCount, valueCount: rows.entryCount,
            nullCount: summary.nullCount)
        var summary = summary
        if case .nested(let levels) = rows, options.writesSizeStatistics { summary.levels = levels.histograms }
        let start = dataPages.count
        written.uncompressedSize += pages.writeDataPage(page, to: dataPages)
        if options.writesPageIndex {
            written.index.append(
                page, summary, firstRow: written.rowCount, at: start, size: dataPages.count - start)
        }
        written.rowCount += page.rowCount
        written.valueCount += page.valueCount
        written.pageCounts[encoding, default: 0] += 1
        written.summary.formUnion(summary)
    }

    // MARK: The bloom filter

    private func insertIntoBloomFilter(_ values: ValueSlice) {
        guard let options = column.bloomFilter else { return }
        if bloomFilter == nil { bloomFilter = BloomFilter(options) }
        bloomFilter?.insert(values)
    }

    /// Nil too when the chunk has no values.
    private func finishedBloomFilter() -> ByteBuffer? {
        guard let filter = bloomFilter.take() else { return nil }
        let buffer = ByteBuffer()
        filter.write(to: buffer)
        return buffer
    }
}
