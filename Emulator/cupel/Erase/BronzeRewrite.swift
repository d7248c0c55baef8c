internal import Columns
internal import Parquet
internal import ParquetRead

/// A bronze file without some of its rows: the same columns, metadata and order of rows.
struct BronzeRewrite {
    private let file: ParquetFile
    private let fields: [ParquetField]

    /// - Returns: nil for a file whose columns cannot be written as they are.
    init?(_ file: ParquetFile) {
        let fields = file.metadata.fields.compactMap { Self.field($0, file.metadata.columns) }
        guard fields.count == file.metadata.fields.count else { return nil }
        self.file = file
        self.fields = fields
    }

    private static func field(_ field: FileField, _ columns: [FileColumn]) -> ParquetField? {
        let isRequired = field.repetition == .required
        switch field.content {
        case .column(let place):
            let column = columns[place]
            guard !column.isInt96, field.repetition != .repeated else { return nil }
            return .column(
                ParquetColumn(
                    name: field.name, physicalType: column.physicalType, logicalType: column.logicalType,
                    isRequired: isRequired, fieldID: field.fieldID))
        case .group(let children):
            if field.meaning == .list {
                guard let repeated = children.first, let element = repeated.children.first,
                    let made = self.field(element, columns)
                else { return nil }
                return .list(name: field.name, isRequired: isRequired, fieldID: field.fieldID, element: made)
            }
            let fields = children.compactMap { self.field($0, columns) }
            guard fields.count == children.count else { return nil }
            return .structure(name: field.name, isRequired: isRequired, fieldID: field.fieldID, fields: fields)
        }
    }

    /// - Parameter gone: the rows that leave, ascending, by row groups.
    func bytes(without gone: [Int: [Int]]) throws -> [UInt8] {
        var options = WriterOptions()
        options.keyValues = file.metadata.keyValues.map { ($0.key, $0.value ?? "") }
        var writer = ParquetWriter(try ParquetSchema(fields), options)
        var bytes: [UInt8] = []
        let columns = file.metadata.columns
        for group in file.metadata.rowGroups.indices {
            var leaving = (gone[group] ?? [])[...]
            var reader = try file.rows(ofGroup: group, columns: Array(columns.indices))
            var start = 0
            while let batch = try reader.next(upTo: 16_384) {
                var staying: [Range<Int>] = []
                var first = 0
                while let row = leaving.first, row < start + batch.rowCount {
                    if first < row - start { staying.append(first..<row - start) }
                    first = row - start + 1
                    leaving.removeFirst()
                }
                if first < batch.rowCount { staying.append(first..<batch.rowCount) }
                let count = staying.reduce(0) { $0 + $1.count }
                let arrays = zip(columns, batch.columns).map { column, array in
                    let rows = ColumnRows(
                        array, rowCount: batch.rowCount, maximumDefinition: column.isFlat ? 0 : column.maximumDefinition
                    )
                    var kept =
                        column.isFlat
                        ? ColumnArray(.empty(column.physicalType))
                        : ColumnArray(.empty(column.physicalType), levels: NestedLevels())
                    var done = 0
                    for range in staying {
                        kept.append(rows, range, after: done)
                        done += range.count
                    }
                    return kept
                }
                if count > 0 { try writer.append(rowCount: count, columns: arrays) }
                start += batch.rowCount
            }
        }
        writer.finish { (piece: UnsafeRawBufferPointer) in bytes += piece }
        return bytes
    }
}
