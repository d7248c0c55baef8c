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
                // Rows are in the order of their periods as a rule.
                for row in ColumnRows.beginnings(of: columns, rowCount: batch.rowCount) {
                    let values = zip(columns, types).map { IcebergValue($0, row, $1) }
                    if periods.contains(Period(values)) { return true }
                }
            }
        }
        return false
    }
}
