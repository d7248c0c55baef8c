internal import Columnar
internal import Contracts
internal import Parquet

extension BronzeColumn {
    /// The column as a Parquet file has it.
    var parquet: ParquetColumn {
        let (physical, logical): (PhysicalType, LogicalType?) =
            switch type {
            case .boolean: (.boolean, nil)
            case .int32: (.int32, nil)
            case .int64: (.int64, nil)
            case .float: (.float, nil)
            case .double: (.double, nil)
            case .string: (.byteArray, .string)
            case .date: (.int32, .date)
            case .timestampMicros: (.int64, .timestamp(.microseconds, isAdjustedToUTC: true))
            case .decimal(let precision, let scale):
                (precision <= 9 ? .int32 : .int64, .decimal(precision: precision, scale: scale))
            }
        return ParquetColumn(
            name: name, physicalType: physical, logicalType: logical, isRequired: isRequired, fieldID: fieldID)
    }
}

extension Columnar.ColumnBatch.Column {
    /// The same arrays, as the Parquet writer takes them; nothing is copied.
    var parquet: Parquet.ColumnBatch {
        let values: ColumnValues =
            switch values {
            case .boolean(let values): .boolean(values)
            case .int32(let values): .int32(values)
            case .int64(let values): .int64(values)
            case .float(let values): .float(values)
            case .double(let values): .double(values)
            case .bytes(let texts): .byteArray(offsets: texts.offsets, bytes: texts.bytes)
            }
        return Parquet.ColumnBatch(values, presence: presence)
    }
}
