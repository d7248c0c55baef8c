internal import CKernels

/// Turns the values of one column into the pages of its chunk in the current row group.
///
/// Values arrive in stripes. The first one decides the encoding: it is encoded in every way that its type allows, and
/// the smallest wins. A dictionary that stops paying is dropped: its pages stay, later ones are encoded otherwise.
final class ColumnChunkWriter {
    let column: ParquetColumn
    private let options: WriterOptions
    private let pages: PageWriter
    private let dictionary: ValueDictionary

    private var plan = Plan.undecided
    private var dictionaryPage = ByteBuffer(capacity: 64)
    private var dataPages = ByteBuffer(capacity: 64)
    private var range = ValueRange.empty
    private var rowCount = 0
    private var nullCount = 0
    private var uncompressedSize = 0
    private var pageCounts: [PageEncoding: Int] = [:]

    private enum Plan {
        case undecided
        case plain
        case delta
        case dictionary
    }

    init(_ column: ParquetColumn, _ options: WriterOptions, _ pages: PageWriter) {
        self.column = column
        self.options = options
        self.pages = pages
        dictionary = ValueDictionary(of: column.physicalType, sizeLimit: options.dictionarySizeLimit)
    }

    /// Bytes that the chunk holds so far, its dictionary uncompressed.
    var encodedSize: Int { rowCount == 0 ? 0 : dataPages.count + (usesDictionary ? dictionary.plainSize : 0) }

    private var usesDictionary: Bool { pageCounts[.rleDictionary] != nil }

    /// Writes the pages of one stripe.
    func write(_ values: ValueSlice, _ presence: PresenceSlice) {
        // The last chunk's bytes may still wait for the caller; once taken, their memory serves again.
        if rowCount == 0, !dataPages.isEmpty { dataPages = ByteBuffer() }
        rowCount += presence.rowCount
        nullCount += presence.rowCount - values.count
        if values.isEmpty {
            writePlainPages(values, presence)
            return
        }
        var codesAreReady = false
        if plan == .undecided { (plan, codesAreReady) = choosePlan(for: values) }
        if plan == .dictionary {
            if writeDictionaryPage(values, presence, codesAreReady: codesAreReady) { return }
            plan = fallback
        }
        range.formUnion(ValueRange(of: values, in: column))
        if plan == .delta { writeDeltaPages(values, presence) } else { writePlainPages(values, presence) }
    }

    /// Ends the chunk; what is written next starts another.
    /// - Parameter offset: where in the file the chunk will stand.
    /// - Returns: the chunk's bytes, in order. Whoever empties the buffers gives their memory back.
    func finish(at offset: Int) -> ([ByteBuffer], ColumnChunkMetadata) {
        var encodings: [PageEncoding] = column.isRequired ? [] : [.rle]
        encodings += pageCounts.keys
        var parts: [ByteBuffer] = []
        var dictionarySize = 0
        if usesDictionary {
            encodings.append(.plain)
            let keys = dictionary.values
            range.formUnion(ValueRange(of: keys, in: column))
            pages.body.removeAll()
            keys.appendPlain(to: pages.body)
            if !dictionaryPage.isEmpty { dictionaryPage = ByteBuffer() }
            uncompressedSize += pages.writePage(.dictionary(keyCount: dictionary.count), to: dictionaryPage)
            dictionarySize = dictionaryPage.count
            parts.append(dictionaryPage)
        }
        parts.append(dataPages)
        let metadata = ColumnChunkMetadata(
            encodings: Set(encodings).sorted { $0.rawValue < $1.rawValue },
            valueCount: rowCount,
            uncompressedSize: uncompressedSize,
            compressedSize: dictionarySize + dataPages.count,
            dataPageOffset: offset + dictionarySize,
            dictionaryPageOffset: usesDictionary ? offset : nil,
            statistics: ColumnStatistics(
                range, nullCount: nullCount, of: column, textLimit: options.statisticsTextLimit),
            dataPageCounts: pageCounts)
        dictionary.removeAll()
        plan = .undecided
        range = .empty
        (rowCount, nullCount, uncompressedSize) = (0, 0, 0)
        pageCounts = [:]
        return (parts, metadata)
    }

    // MARK: The choice

    private var fallback: Plan {
        column.physicalType.hasDeltaEncoding && column.encoding == .automatic ? .delta : .plain
    }

    /// - Returns: the plan, and whether the dictionary holds the codes of `values` already.
    private func choosePlan(for values: ValueSlice) -> (Plan, codesAreReady: Bool) {
        switch column.encoding {
        case .plain: return (.plain, false)
        case .delta: return (.delta, false)
        case .dictionary: return (.dictionary, false)
        case .automatic: break
        }
        guard column.physicalType != .boolean else { return (.plain, false) }
        var otherSize = values.plainSize
        var other = Plan.plain
        if case .byteArray = values.values {
            other = .delta  // its size is about the plain one; not worth a trial
        } else {
            pages.trial.removeAll()
            if values.appendDelta(to: pages.trial), pages.trial.count < otherSize {
                otherSize = pages.trial.count
                other = .delta
            }
        }
        guard dictionary.encode(values) else {
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
    private func writeDictionaryPage(
        _ values: ValueSlice, _ presence: PresenceSlice, codesAreReady: Bool
    ) -> Bool {
        let knownCount = dictionary.count
        let knownSize = codesAreReady ? 0 : dictionary.plainSize
        guard codesAreReady || dictionary.encode(values) else {
            dictionary.truncate(to: knownCount)
            return false
        }
        startPage(presence)
        let start = pages.body.count
        appendCodes(to: pages.body)
        let added = dictionary.plainSize - knownSize + pages.body.count - start
        if !codesAreReady, column.encoding == .automatic, added > values.plainSize {
            dictionary.truncate(to: knownCount)
            return false
        }
        endPage(.rleDictionary, rows: presence.rowCount)
        return true
    }

    /// Codes of a data page: one byte of width, then runs.
    private func appendCodes(to buffer: ByteBuffer) {
        let width = UInt32(dictionary.codeWidth)
        buffer.append(UInt8(width))
        dictionary.codes.withUnsafeBufferPointer { codes in
            buffer.append(upTo: parquet_hybrid_bound(codes.count, width)) {
                parquet_hybrid_u32(codes.baseAddress, codes.count, width, $0)
            }
        }
    }

    private func writeDeltaPages(_ values: ValueSlice, _ presence: PresenceSlice) {
        let encoding: PageEncoding = column.physicalType == .byteArray ? .deltaLengthByteArray : .deltaBinaryPacked
        splitIntoPages(values, presence) { values, presence in
            startPage(presence)
            let start = pages.body.count
            _ = values.appendDelta(to: pages.body)
            if column.encoding == .automatic, pages.body.count - start > values.plainSize {
                pages.body.truncate(to: start)
                values.appendPlain(to: pages.body)
                endPage(.plain, rows: presence.rowCount)
            } else {
                endPage(encoding, rows: presence.rowCount)
            }
        }
    }

    private func writePlainPages(_ values: ValueSlice, _ presence: PresenceSlice) {
        splitIntoPages(values, presence) { values, presence in
            startPage(presence)
            values.appendPlain(to: pages.body)
            endPage(.plain, rows: presence.rowCount)
        }
    }

    /// Cuts a stripe whose values are large into pages below the size limit; a page of nulls only stays whole.
    private func splitIntoPages(
        _ values: ValueSlice, _ presence: PresenceSlice, _ write: (ValueSlice, PresenceSlice) -> Void
    ) {
        var values = values
        var presence = presence
        while true {
            let fits = values.count(fittingInto: options.pageSizeLimit)
            guard fits < values.count else { break }
            let rows = presence.rowCount(holding: fits)
            write(values.prefix(fits), presence.prefix(rows))
            values = values.dropFirst(fits)
            presence = presence.dropFirst(rows)
        }
        write(values, presence)
    }

    private func startPage(_ presence: PresenceSlice) {
        pages.body.removeAll()
        if !column.isRequired { presence.appendLevels(to: pages.body) }
    }

    private func endPage(_ encoding: PageEncoding, rows: Int) {
        uncompressedSize += pages.writePage(.data(valueCount: rows, encoding), to: dataPages)
        pageCounts[encoding, default: 0] += 1
    }
}
