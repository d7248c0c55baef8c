internal import Columns
internal import Parquet
internal import ParquetRead
internal import Synchronization
internal import Threads

/// Makes the column chunks of a row group in which some rows change. Chunks in which none does are copied as bytes; of others
/// the rows that stay keep their places in the dictionary where there is one, so only what is new is looked up.
struct GroupRewriter: Sendable {
    let schema: ParquetSchema
    let options: WriterOptions
    let file: ParquetFile
    let group: Int
    /// For each column of the schema its place in the file; nil for one that the file lacks.
    let places: [StoredColumn?]
    /// Whether chunks fit the schema as they are.
    let copies: Bool
    let replacements: [Replacements?]

    /// The chunks of `columns`, made by `threads` threads.
    func chunks(of columns: Range<Int>, threads: Int) throws -> [RawColumnChunk] {
        let work = Mutex(Work(next: columns.lowerBound, chunks: Array(repeating: nil, count: columns.count)))
        let run: @Sendable () -> Void = {
            let encoder = ChunkEncoder(schema, options)
            while true {
                let column = work.withLock { work in
                    defer { work.next += 1 }
                    return work.failure == nil && work.next < columns.upperBound ? work.next : nil
                }
                guard let column else { return }
                let made = Result { try chunk(of: column, encoder) }
                work.withLock { work in
                    switch made {
                    case .success(let chunk): work.chunks[column - columns.lowerBound] = chunk
                    case .failure(let error): work.failure = work.failure ?? error
                    }
                }
            }
        }
        let helpers = (1..<max(1, min(threads, columns.count))).map { _ in SystemThread(run) }
        run()
        for helper in helpers { helper.join() }
        return try work.withLock { work in
            if let failure = work.failure { throw failure }
            return work.chunks.compactMap(\.self)
        }
    }

    private struct Work {
        var next: Int
        var chunks: [RawColumnChunk?]
        var failure: (any Error)?
    }

    private func chunk(of column: Int, _ encoder: ChunkEncoder) throws -> RawColumnChunk {
        let rowCount = file.metadata.rowGroups[group].rowCount
        guard let place = places[column] else {
            guard let changed = replacements[column] else {
                return try RawColumnChunk.nulls(rowCount: rowCount, ofLeaf: column, in: schema)
            }
            encoder.start(leaf: column)
            var next = 0
            for start in stride(from: 0, to: rowCount, by: options.pageRowLimit) {
                let count = min(options.pageRowLimit, rowCount - start)
                var nulls = ColumnArray(.empty(schema.columns[column].physicalType))
                nulls.appendNulls(count, after: 0)
                append(changed.applied(to: nulls, start..<start + count, &next), count, to: encoder)
            }
            return encoder.finish()
        }
        if copies, try replacements[column].map({ try !differs($0, from: place.index) }) ?? true {
            return try file.rawChunks(of: [place.index], inGroup: group)[0]
        }
        if place.conversion.isNone, let chunk = try recoded(column, place.index, encoder) { return chunk }
        encoder.start(leaf: column)
        var next = 0
        var start = 0
        var rows = try file.rows(ofGroup: group, columns: [place.index])
        while let batch = try rows.next(upTo: options.pageRowLimit) {
            let range = start..<start + batch.rowCount
            let stored = place.conversion(batch.columns[0])
            let array = replacements[column]?.applied(to: stored, range, &next) ?? stored
            guard !schema.columns[column].isRequired || array.presence == nil else {
                throw SilverError.table("a data file has nulls in \(schema.columns[column].name), which is required")
            }
            append(array, batch.rowCount, to: encoder)
            start = range.upperBound
        }
        return encoder.finish()
    }

    private func append(_ array: ColumnArray, _ rowCount: Int, to encoder: ChunkEncoder) {
        encoder.append(array, rowCount: rowCount)
    }

    /// The chunk with its dictionary; nil if it has none, one that would grow too large, or one that has nearly as many keys as
    /// there are rows: then values alone are smaller, and take less work.
    private func recoded(_ column: Int, _ place: Int, _ encoder: ChunkEncoder) throws -> RawColumnChunk? {
        guard var stored = try file.places(ofColumn: place, inGroup: group),
            var batch = try stored.next(upTo: options.pageRowLimit),
            let keys = stored.keys, keys.count * 2 <= file.metadata.rowGroups[group].rowCount,
            encoder.start(leaf: column, keys: keys)
        else { return nil }
        var changed: Replacements?
        if let given = replacements[column] {
            guard let coded = encoder.places(of: given.values.array.values) else { return nil }
            changed = Replacements(
                places: given.places, values: ColumnArray(coded, presence: given.values.array.presence))
        }
        var next = 0
        var start = 0
        while true {
            let range = start..<start + batch.rowCount
            encoder.append(
                places: changed?.applied(to: batch.places, range, &next) ?? batch.places, rowCount: batch.rowCount)
            start = range.upperBound
            if stored.isAtEnd { return encoder.finish() }
            guard let following = try stored.next(upTo: options.pageRowLimit) else { return nil }
            batch = following
        }
    }

    /// Whether a value is another than the one that is stored.
    private func differs(_ changed: Replacements, from place: Int) throws -> Bool {
        var next = 0
        var start = 0
        var rows = try file.rows(ofGroup: group, columns: [place])
        while next < changed.places.count, let batch = try rows.next(upTo: options.pageRowLimit) {
            let stored = ColumnRows(batch.columns[0], rowCount: batch.rowCount)
            let first = next
            while next < changed.places.count, Int(changed.places[next]) < start + batch.rowCount { next += 1 }
            let rows = changed.places[first..<next].map { $0 - Int32(start) }
            if stored.gathered(rows) != changed.values.gathered((first..<next).map { Int32($0) }) { return true }
            start += batch.rowCount
        }
        return false
    }
}

extension Replacements {
    /// Rows of the column with those that change in the place of theirs.
    /// - Parameter next: the first replacement that has not been applied; moves on.
    func applied(to array: ColumnArray, _ rows: Range<Int>, _ next: inout Int) -> ColumnArray {
        let first = next
        while next < places.count, Int(places[next]) < rows.upperBound { next += 1 }
        guard first < next else { return array }
        return ColumnRows(array, rowCount: rows.count).replacing(
            places[first..<next], from: rows.lowerBound, with: values, from: first)
    }
}
