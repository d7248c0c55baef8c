internal import Columns
internal import Iceberg
internal import Lake
internal import ParquetRead

extension PeriodColumns {
    /// Whether a file has rows of any of these periods, by its rows: bounds are those of each column alone, so a file from November to
    /// February seems to have a row of each month.
    /// - Returns: true if it cannot be known.
    func hold(_ periods: Set<Period>, _ ranges: ObjectRanges, _ schema: IcebergSchema) throws -> Bool {
        let file = try ParquetFile(reading: ranges)
        var types: [IcebergType] = []
        var places: [Int] = []
        for column in columns {
            guard let field = schema.field(named: column.name), column.isComparable(with: field.type),
                let stored = file.metadata.column(fieldID: field.id), stored.isFlat
            else { return true }
            types.append(field.type)
            places.append(stored.index)
        }
        for group in file.metadata.rowGroups.indices {
            var rows = try file.rows(ofGroup: group, columns: places)
            while let batch = try rows.next(upTo: 16_384) {
                let columns = batch.columns.map { ColumnRows($0, rowCount: batch.rowCount) }
                for row in Self.beginnings(columns, batch.rowCount) {
                    let values = zip(columns, types).map { IcebergValue($0, row, $1) }
                    if periods.contains(Period(values)) { return true }
                }
            }
        }
        return false
    }

    /// The rows that may differ from those before them. Rows are in the order of their periods as a rule.
    private static func beginnings(_ columns: [ColumnRows], _ rowCount: Int) -> [Int] {
        var differs = [Bool](repeating: false, count: rowCount)
        if rowCount > 0 { differs[0] = true }
        func mark<Value: Equatable>(_ values: [Value]) {
            // Nulls are no values: rows have other places then.
            guard values.count == rowCount else { return mark() }
            for row in values.indices.dropFirst() where values[row] != values[row - 1] { differs[row] = true }
        }
        func mark() { differs = [Bool](repeating: true, count: rowCount) }
        for column in columns {
            switch column.array.values {
            case .int32(let values): mark(values)
            case .int64(let values): mark(values)
            default: mark()
            }
        }
        return differs.indices.filter { differs[$0] }
    }
}
