public import Parquet

extension ParquetWriter {
    /// Appends a row group of `file` as it is: no page is decompressed or decoded, and checksums, statistics, indexes and
    /// bloom filters stay. Rows that were appended before become a row group of their own.
    /// - Throws: ``ParquetReadError/misuse(_:)`` where the schemas differ, and what reading throws.
    public mutating func append(rowGroup index: Int, of file: ParquetFile) throws {
        guard file.matches(schema) else {
            throw ParquetReadError.misuse("its schema differs from that of the new file, so its rows must be decoded")
        }
        try append(try file.rawRowGroup(index))
    }

    /// As ``append(rowGroup:of:)``, but for a schema that has become another since the file was written: fields are the same that
    /// have the same field ID, whatever their names and order. Fields that the schema lacks are left out; those that the file
    /// lacks are null.
    /// - Throws: ``ParquetReadError/misuse(_:)`` where a field has another type, presence or nesting than its namesake in the
    ///   file, or a required one is missing, and what reading throws.
    public mutating func append(rowGroup index: Int, ofOlder file: ParquetFile) throws {
        guard let places = file.places(ofLeavesOf: schema) else {
            throw ParquetReadError.misuse("its fields differ from those of the new file, so its rows must be decoded")
        }
        let group = try file.rawRowGroup(index)
        var chunks: [RawColumnChunk] = []
        for (leaf, place) in places.enumerated() {
            chunks.append(
                try place.map { group.chunks[$0] }
                    ?? RawColumnChunk.nulls(rowCount: group.rowCount, ofLeaf: leaf, in: schema))
        }
        try append(RawRowGroup(rowCount: group.rowCount, chunks: chunks))
    }
}

extension ParquetFile {
    /// The bytes of all chunks of a row group with all that the file says about them.
    public func rawRowGroup(_ index: Int) throws -> RawRowGroup {
        guard metadata.rowGroups.indices.contains(index) else {
            throw ParquetReadError.misuse("it has \(metadata.rowGroups.count) row groups, and no number \(index)")
        }
        let group = metadata.rowGroups[index]
        let chunks = try rawChunks(of: Array(metadata.columns.indices), inGroup: index)
        return RawRowGroup(rowCount: group.rowCount, chunks: chunks)
    }

    /// The bytes of some chunks of a row group with all that the file says about them.
    /// - Parameter withIndexes: false to leave out Bloom filters and page indexes, which then are not read.
    public func rawChunks(
        of columns: [Int], inGroup index: Int, withIndexes: Bool = true
    ) throws -> [RawColumnChunk] {
        guard !metadata.hasShortChunkSizes else {
            throw ParquetReadError.notSupported("copying row groups whose sizes lack the dictionary's header")
        }
        let group = metadata.rowGroups[index]
        let size = columns.reduce(0) { $0 + group.chunks[$1].compressedSize }
        guard size <= options.batchSizeLimit else {
            throw ParquetReadError.tooLarge(
                "row group \(index) has \(size) bytes, more than the limit of \(options.batchSizeLimit)")
        }
        let pages = try source.read(columns.map { group.chunks[$0].range })
        let none = [Range<Int>?](repeating: nil, count: columns.count)
        let filters = withIndexes ? try columns.map { try bloomFilterRange(of: $0, inGroup: index) } : none
        let filterBytes = try source.read(filters.map { $0 ?? 0..<0 })
        let offsets = withIndexes ? try offsetIndexes(of: columns, inGroup: index) : columns.map { _ in nil }
        let bounds = try source.read(columns.map { withIndexes ? group.chunks[$0].columnIndex ?? 0..<0 : 0..<0 })
        return columns.enumerated().map { place, column in
            let chunk = group.chunks[column]
            let start = chunk.range.lowerBound
            var raw = RawColumnChunk(pages: pages[place])
            raw.codec = chunk.codec
            raw.encodings = chunk.encodings
            raw.valueCount = chunk.valueCount
            raw.uncompressedSize = chunk.uncompressedSize
            raw.dataPageOffset = chunk.dataPageOffset - start
            // 0 is what some writers say where there is none.
            raw.dictionaryPageOffset = chunk.dictionaryPageOffset.flatMap { $0 > 0 ? $0 - start : nil }
            raw.statistics = chunk.statistics
            raw.pageCounts = chunk.pageCounts
            raw.textSize = chunk.textSize
            raw.repetitionHistogram = chunk.repetitionHistogram
            raw.definitionHistogram = chunk.definitionHistogram
            raw.keyValues = chunk.keyValues
            raw.bloomFilter = filters[place] == nil ? nil : filterBytes[place]
            raw.offsetIndex = offsets[place].map { index in
                RawOffsetIndex(
                    pages: index.pages.map {
                        RawOffsetIndex.Page(
                            offset: $0.range.lowerBound - start, size: $0.range.count, firstRow: $0.firstRow)
                    }, textSizes: index.textSizes)
            }
            raw.columnIndex = bounds[place].isEmpty ? nil : bounds[place]
            return raw
        }
    }
}

extension ParquetFile {
    /// The schema of a file that has some of this file's columns and can take their chunks as they are.
    /// - Returns: nil if one of the columns is inside another, or cannot be copied.
    public func flatSchema(ofColumns places: [Int]) -> ParquetSchema? {
        guard !metadata.hasShortChunkSizes else { return nil }
        var columns: [ParquetColumn] = []
        for column in places.map({ metadata.columns[$0] }) {
            guard column.isFlat, !column.isInt96, column.meaning == nil || column.logicalType != nil else { return nil }
            columns.append(
                ParquetColumn(
                    name: column.name, physicalType: column.physicalType, logicalType: column.logicalType,
                    isRequired: column.isRequired, fieldID: column.fieldID))
        }
        // Only a foreign file can have columns that the writer refuses.
        do { return try ParquetSchema(columns) } catch { return nil }
    }
}
