internal import Parquet

// Reading the footer's structs. A field that is missing keeps its default; what is required is checked afterwards.

extension ParquetMetadata {
    /// - Parameter end: where the footer starts; all parts of the file are before it.
    init(footer bytes: UnsafeRawBufferPointer, end: Int) throws(ParquetReadError) {
        var version: Int32?
        var nodes: [FooterNode] = []
        var hasRowCount = false
        var groups: [FooterRowGroup] = []
        var keyValues: [(key: String, value: String?)] = []
        var createdBy: String?
        var isEncrypted = false
        var orders: [Int16] = []
        do throws(ThriftReader.Fault) {
            var thrift = ThriftReader(bytes)
            try thrift.structure { thrift, field throws(ThriftReader.Fault) in
                switch field.id {
                case 1: version = try thrift.int32(field)
                case 2:
                    try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                        nodes.append(try FooterNode(from: &thrift))
                    }
                case 3:
                    // Some files say 0 here, so the row groups count.
                    hasRowCount = true
                    try thrift.skip(field)
                case 4:
                    try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                        groups.append(try FooterRowGroup(from: &thrift))
                    }
                case 5: keyValues = try Self.keyValues(field, from: &thrift)
                case 6: createdBy = try thrift.text(field)
                case 7:
                    try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                        orders.append(try Self.columnOrder(from: &thrift))
                    }
                case 8:
                    isEncrypted = true
                    try thrift.skip(field)
                default: try thrift.skip(field)
                }
            }
        } catch {
            switch error {
            case .truncated: throw .outOfSpec("the footer ends too early")
            case .malformed(let reason): throw .outOfSpec("the footer: \(reason)")
            }
        }
        guard let version, hasRowCount else { throw .outOfSpec("the footer has no version or no number of rows") }
        guard !isEncrypted else { throw .notSupported("encryption") }
        var schema = SchemaBuilder(nodes)
        fields = try schema.fields()
        columns = schema.columns
        var rowGroups: [RowGroup] = []
        for (index, group) in groups.enumerated() {
            rowGroups.append(try group.rowGroup(index, columns, orders, end: end))
        }
        self.rowGroups = rowGroups
        self.version = version
        self.keyValues = keyValues
        self.createdBy = createdBy
        var total = 0
        for group in rowGroups {
            let (sum, overflows) = total.addingReportingOverflow(group.rowCount)
            guard !overflows else { throw .outOfSpec("the row groups have too many rows") }
            total = sum
        }
        rowCount = total
    }

    /// The number of a member of the union `ColumnOrder`.
    private static func columnOrder(from thrift: inout ThriftReader) throws(ThriftReader.Fault) -> Int16 {
        var order: Int16 = 0
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            order = field.id
            try thrift.skip(field)
        }
        return order
    }

    fileprivate static func keyValues(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) -> [(key: String, value: String?)] {
        var pairs: [(key: String, value: String?)] = []
        try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
            var pair: (key: String, value: String?) = ("", nil)
            try thrift.structure { thrift, field throws(ThriftReader.Fault) in
                switch field.id {
                case 1: pair.key = try thrift.text(field)
                case 2: pair.value = try thrift.text(field)
                default: try thrift.skip(field)
                }
            }
            pairs.append(pair)
        }
        return pairs
    }
}

/// A row group before it is held against the schema.
private struct FooterRowGroup {
    var chunks: [FooterChunk] = []
    var uncompressedSize = 0
    var rowCount: Int?
    var sortedBy: [RowGroup.Sorting] = []

    init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var group = FooterRowGroup()
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1:
                try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                    group.chunks.append(try FooterChunk(from: &thrift))
                }
            case 2: group.uncompressedSize = Int(try thrift.integer(field))
            case 3: group.rowCount = try thrift.count(field)
            case 4:
                try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                    group.sortedBy.append(try RowGroup.Sorting(from: &thrift))
                }
            default: try thrift.skip(field)
            }
        }
        self = group
    }

    private init() {}

    func rowGroup(
        _ index: Int, _ columns: [FileColumn], _ orders: [Int16], end: Int
    ) throws(ParquetReadError) -> RowGroup {
        guard let rowCount else { throw .outOfSpec("row group \(index) does not say how many rows it has") }
        guard chunks.count == columns.count else {
            throw .outOfSpec("row group \(index) has \(chunks.count) columns, the schema \(columns.count)")
        }
        var complete: [ColumnChunk] = []
        for (chunk, column) in zip(chunks, columns) {
            do throws(ParquetReadError) {
                var chunk = try chunk.chunk(of: column, rowCount: rowCount, end: end)
                // "If the column order is not known, readers should ignore the bounds." 1 is the order of the type.
                if orders.count != columns.count || orders[column.index] != 1 { chunk.forgetBounds() }
                complete.append(chunk)
            } catch { throw error.at("row group \(index), column \(column.name)") }
        }
        return RowGroup(
            rowCount: rowCount, uncompressedSize: uncompressedSize, chunks: complete,
            sortedBy: sortedBy.filter { columns.indices.contains($0.column) })
    }
}

extension RowGroup.Sorting {
    fileprivate init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var column = -1
        var isDescending = false
        var nullsFirst = false
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: column = Int(try thrift.int32(field))
            case 2: isDescending = try thrift.bool(field)
            case 3: nullsFirst = try thrift.bool(field)
            default: try thrift.skip(field)
            }
        }
        self.init(column: column, isDescending: isDescending, nullsFirst: nullsFirst)
    }
}

/// A column chunk before it is held against its column.
private struct FooterChunk {
    var chunk = ColumnChunk()
    var type: Int32?
    var path: [String] = []
    var isElsewhere = false
    var isEncrypted = false
    var offsetIndex: (offset: Int?, size: Int?) = (nil, nil)
    var columnIndex: (offset: Int?, size: Int?) = (nil, nil)

    init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var footer = FooterChunk()
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1:
                footer.isElsewhere = true
                try thrift.skip(field)
            case 3: try footer.readMetadata(field, from: &thrift)
            case 4: footer.offsetIndex.offset = try thrift.count(field)
            case 5: footer.offsetIndex.size = try thrift.count(field)
            case 6: footer.columnIndex.offset = try thrift.count(field)
            case 7: footer.columnIndex.size = try thrift.count(field)
            case 8, 9:
                footer.isEncrypted = true
                try thrift.skip(field)
            default: try thrift.skip(field)
            }
        }
        self = footer
    }

    private init() {}

    private mutating func readMetadata(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) {
        var footer = self
        try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: footer.type = try thrift.int32(field)
            case 2: footer.chunk.encodings = try thrift.integers(field).map { Int32(truncatingIfNeeded: $0) }
            case 3: footer.path = try thrift.texts(field)
            case 4: footer.chunk.codec = try thrift.int32(field)
            case 5: footer.chunk.valueCount = try thrift.count(field)
            case 6: footer.chunk.uncompressedSize = Int(try thrift.integer(field))
            case 7: footer.chunk.compressedSize = try thrift.count(field)
            case 8: footer.chunk.keyValues = try ParquetMetadata.keyValues(field, from: &thrift)
            case 9: footer.chunk.dataPageOffset = try thrift.count(field)
            case 11: footer.chunk.dictionaryPageOffset = try thrift.count(field)
            case 12: footer.chunk.statistics = try ColumnStatistics(field, from: &thrift)
            case 13:
                try thrift.structures(field) { thrift throws(ThriftReader.Fault) in
                    footer.chunk.pageCounts.append(try PageCount(from: &thrift))
                }
            case 14: footer.chunk.bloomFilterOffset = try thrift.count(field)
            case 15: footer.chunk.bloomFilterSize = try thrift.count(field)
            case 16: try footer.readSizes(field, from: &thrift)
            default: try thrift.skip(field)
            }
        }
        self = footer
    }

    /// Reads `SizeStatistics`.
    private mutating func readSizes(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) {
        var chunk = self.chunk
        try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: chunk.textSize = try thrift.count(field)
            case 2: chunk.repetitionHistogram = try thrift.integers(field)
            case 3: chunk.definitionHistogram = try thrift.integers(field)
            default: try thrift.skip(field)
            }
        }
        self.chunk = chunk
    }

    func chunk(of column: FileColumn, rowCount: Int, end: Int) throws(ParquetReadError) -> ColumnChunk {
        guard !isElsewhere else { throw .notSupported("columns in other files") }
        guard !isEncrypted else { throw .notSupported("encryption") }
        guard let type else { throw .outOfSpec("it has no metadata") }
        guard type == column.typeNumber else {
            throw .outOfSpec("it has the type \(type), the schema says \(column.typeNumber)")
        }
        guard path == column.path else {
            throw .outOfSpec("it is named \(path.joined(separator: ".")) in the row group")
        }
        var chunk = chunk
        guard column.maximumRepetition > 0 || chunk.valueCount == rowCount else {
            throw .outOfSpec("\(chunk.valueCount) values for \(rowCount) rows")
        }
        guard chunk.startOffset <= end, chunk.compressedSize <= end - chunk.startOffset else {
            throw .outOfSpec("its pages are said to be outside the file")
        }
        chunk.offsetIndex = Self.range(offsetIndex, end)
        chunk.columnIndex = Self.range(columnIndex, end)
        return chunk
    }

    /// Nil, too, for an index that cannot be where it is said to be: reading goes without it.
    private static func range(_ part: (offset: Int?, size: Int?), _ end: Int) -> Range<Int>? {
        guard let offset = part.offset, let size = part.size, size > 0, offset <= end, size <= end - offset else {
            return nil
        }
        return offset..<offset + size
    }
}

extension FileColumn {
    /// The number of `Type` in parquet.thrift.
    fileprivate var typeNumber: Int32 {
        switch physicalType {
        case .boolean: 0
        case .int32: 1
        case .int64: 2
        case .float: 4
        case .double: 5
        case .byteArray: 6
        case .fixedLengthByteArray: isInt96 ? 3 : 7
        }
    }
}

extension ColumnChunk {
    fileprivate mutating func forgetBounds() {
        (statistics.minimum, statistics.maximum) = (nil, nil)
        (statistics.isMinimumExact, statistics.isMaximumExact) = (nil, nil)
        columnIndex = nil
    }
}

extension PageCount {
    fileprivate init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var page = PageCount(type: 0, encoding: 0, count: 0)
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: page.type = try thrift.int32(field)
            case 2: page.encoding = try thrift.int32(field)
            case 3: page.count = Int(try thrift.int32(field))
            default: try thrift.skip(field)
            }
        }
        self = page
    }
}

extension ColumnStatistics {
    fileprivate init(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) {
        var statistics = ColumnStatistics()
        try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: statistics.signedMaximum = try thrift.binary(field)
            case 2: statistics.signedMinimum = try thrift.binary(field)
            case 3: statistics.nullCount = Int(exactly: try thrift.integer(field)).flatMap { $0 < 0 ? nil : $0 }
            case 4: statistics.distinctCount = Int(exactly: try thrift.integer(field)).flatMap { $0 < 0 ? nil : $0 }
            case 5: statistics.maximum = try thrift.binary(field)
            case 6: statistics.minimum = try thrift.binary(field)
            case 7: statistics.isMaximumExact = try thrift.bool(field)
            case 8: statistics.isMinimumExact = try thrift.bool(field)
            case 9: statistics.nanCount = Int(exactly: try thrift.integer(field)).flatMap { $0 < 0 ? nil : $0 }
            default: try thrift.skip(field)
            }
        }
        self = statistics
    }
}
