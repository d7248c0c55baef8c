/// A source with a part of its bytes at hand.
struct HeldRanges: RangeSource {
    let base: any RangeSource
    let start: Int
    let bytes: [UInt8]

    var size: Int { base.size }

    func read(_ range: Range<Int>) throws -> [UInt8] {
        guard let held = held(range) else { return try base.read(range) }
        return Array(bytes[held])
    }

    func read(from offset: Int, into room: UnsafeMutableRawBufferPointer) throws {
        guard let held = held(offset..<offset + room.count) else { return try base.read(from: offset, into: room) }
        bytes.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[held])) }
    }

    private func held(_ range: Range<Int>) -> Range<Int>? {
        guard range.lowerBound >= start, range.upperBound <= start + bytes.count else { return nil }
        return range.lowerBound - start..<range.upperBound - start
    }
}

extension ParquetFile {
    /// The same file with the page indexes of all row groups in memory, if they have at most `limit` bytes.
    public func holdingIndexes(upTo limit: Int) throws -> ParquetFile {
        let ranges = metadata.rowGroups.flatMap {
            $0.chunks.flatMap { [$0.columnIndex, $0.offsetIndex].compactMap(\.self) }
        }
        return try holding(ranges, upTo: limit, options)
    }

    /// The same file with the pages of some columns of a row group in memory, fetched with one request, if they and what is between
    /// them have at most `limit` bytes. Then its readers copy what they need a little at a time.
    /// - Parameter columns: nil for all.
    public func holding(group index: Int, columns: [Int]? = nil, upTo limit: Int) throws -> ParquetFile {
        var options = options
        options.fetchSize = min(options.fetchSize, Self.heldFetchSize)
        let columns = columns ?? Array(metadata.rowGroups[index].chunks.indices)
        return try holding(columns.map { pages(of: $0, inGroup: index) }, upTo: limit, options)
    }

    private static let heldFetchSize = 64 << 10

    private func holding(_ ranges: [Range<Int>], upTo limit: Int, _ options: ReadOptions) throws -> ParquetFile {
        guard let start = ranges.map(\.lowerBound).min(), let end = ranges.map(\.upperBound).max(), end - start <= limit
        else { return self }
        let held = HeldRanges(base: source, start: start, bytes: try source.read(start..<end))
        return ParquetFile(metadata: metadata, source: held, options: options, end: self.end)
    }
}
