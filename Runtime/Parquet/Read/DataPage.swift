internal import CKernels

/// A data page of either version that is being read: its levels and its values, and how far they have been taken.
struct DataPage {
    /// Of entries that have not been read.
    var entriesLeft: Int
    private var repetition: parquet_runs?
    private var definition: parquet_runs?
    private let maximumDefinition: UInt8
    private let maximumRepetition: UInt8
    var values: ValueDecoder

    /// - Parameter body: has the page's levels and values, uncompressed; it outlives this.
    init(
        _ page: StoredPage, of column: FileColumn, _ keys: ColumnKeys?, in body: ReadBuffer, copies: LevelCopies
    ) throws(ParquetReadError) {
        entriesLeft = page.valueCount
        maximumDefinition = column.maximumDefinition
        maximumRepetition = column.maximumRepetition
        let start = UnsafePointer(body.memory.assumingMemoryBound(to: UInt8.self))
        let end = start + body.count
        var at = start
        switch page.kind {
        case .data(let encodings):
            repetition = try Self.levels(
                encodings.repetition, upTo: maximumRepetition, &at, end, count: page.valueCount, copies.repetition)
            definition = try Self.levels(
                encodings.definition, upTo: maximumDefinition, &at, end, count: page.valueCount, copies.definition)
        case .dataV2(let repetitionSize, let definitionSize, _):
            if maximumRepetition > 0 {
                repetition = parquet_runs(at, at + repetitionSize, width: maximumRepetition.levelWidth)
            }
            at += repetitionSize
            if maximumDefinition > 0 {
                definition = parquet_runs(at, at + definitionSize, width: maximumDefinition.levelWidth)
            }
            at += definitionSize
        case .dictionary, .other: preconditionFailure("only data pages have levels")
        }
        values = try ValueDecoder(page.encoding, of: column.physicalType, keys, from: at, to: end)
    }

    /// The levels of a page of version 1 at `at`, which moves behind them; nil where there are none.
    /// - Parameter copy: receives levels of the older encoding as the newer one has them.
    private static func levels(
        _ encoding: Int32, upTo maximum: UInt8, _ at: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        count: Int, _ copy: ReadBuffer
    ) throws(ParquetReadError) -> parquet_runs? {
        guard maximum > 0 else { return nil }
        let width = maximum.levelWidth
        switch encoding {
        case 3:
            guard end - at >= 4 else { throw .outOfSpec("a data page ends before its levels") }
            let size = Int(UnsafeRawPointer(at).loadUnaligned(as: UInt32.self).littleEndian)
            guard size <= end - at - 4 else { throw .outOfSpec("a data page ends within its levels") }
            let runs = parquet_runs(at + 4, at + 4 + size, width: width)
            at += 4 + size
            return runs
        case 4:
            let (bits, overflows) = count.multipliedReportingOverflow(by: width)
            guard !overflows, (bits + 7) / 8 <= end - at else {
                throw .outOfSpec("a data page ends within its levels")
            }
            let size = (bits + 7) / 8
            copy.removeAll()
            let out = copy.room(for: size + 8).assumingMemoryBound(to: UInt8.self)
            parquet_reverse_packed(at, count, UInt32(width), out)
            at += size
            var runs = parquet_runs(UnsafePointer(out) + size, UnsafePointer(out) + size, width: width)
            runs.packed = UnsafePointer(out)
            runs.left = UInt64(count)
            runs.is_packed = true
            return runs
        default: throw .outOfSpec("the encoding \(encoding) does not exist for levels")
        }
    }
}

// MARK: Levels

extension DataPage {
    /// Puts the presence of the next `count` entries of a flat column into `words`.
    /// - Returns: how many are present.
    mutating func takePresence(
        _ count: Int, into words: UnsafeMutablePointer<UInt64>, from start: Int
    ) throws(ParquetReadError) -> Int {
        var present = 0
        guard var definition else { return count }
        guard parquet_runs_bits(&definition, words, start, count, &present) == count else { throw Self.fewLevels }
        self.definition = definition
        return present
    }

    /// Takes the repetition levels of the next `count` entries.
    mutating func takeRepetition(_ count: Int, into levels: UnsafeMutablePointer<UInt8>) throws(ParquetReadError) {
        try Self.take(count, from: &repetition, upTo: maximumRepetition, into: levels)
    }

    /// Takes the definition levels of the next `count` entries.
    /// - Returns: how many of them have a value.
    mutating func takeDefinition(
        _ count: Int, into levels: UnsafeMutablePointer<UInt8>
    ) throws(ParquetReadError) -> Int {
        try Self.take(count, from: &definition, upTo: maximumDefinition, into: levels)
        return parquet_count_levels(levels, count, maximumDefinition)
    }

    private static func take(
        _ count: Int, from runs: inout parquet_runs?, upTo maximum: UInt8, into levels: UnsafeMutablePointer<UInt8>
    ) throws(ParquetReadError) {
        guard var taken = runs else {
            levels.update(repeating: 0, count: count)
            return
        }
        guard parquet_runs_u8(&taken, levels, count) == count else { throw fewLevels }
        guard parquet_levels_fit(levels, count, maximum) else { throw .outOfSpec("a level exceeds \(maximum)") }
        runs = taken
    }

    private static let fewLevels = ParquetReadError.outOfSpec("a data page has fewer levels than it says")
}

/// Memory for levels of the older encoding, as the newer one has them.
struct LevelCopies {
    let repetition = ReadBuffer()
    let definition = ReadBuffer()
}

extension UInt8 {
    /// Bits that levels up to this take.
    fileprivate var levelWidth: Int { UInt8.bitWidth - leadingZeroBitCount }
}
