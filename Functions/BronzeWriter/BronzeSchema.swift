internal import Contracts
internal import Parquet

extension BronzeColumn {
    /// The column of the table as a Parquet file has it.
    ///
    /// A change may lack what the contract requires of a whole row, so every column but the operation is optional.
    var parquet: ParquetField { parquet(isRequired: name == BronzeColumn.operation) }

    private func parquet(isRequired: Bool) -> ParquetField {
        switch type {
        case .structure(let fields):
            return .structure(
                name: name, isRequired: isRequired, fieldID: fieldID,
                fields: fields.map { $0.parquet(isRequired: $0.isRequired) })
        case .list(let element):
            return .list(
                name: name, isRequired: isRequired, fieldID: fieldID,
                element: element.parquet(isRequired: element.isRequired))
        default:
            let (physical, logical) = type.parquet
            return .column(
                ParquetColumn(
                    name: name, physicalType: physical, logicalType: logical, isRequired: isRequired, fieldID: fieldID))
        }
    }
}

extension ColumnType {
    fileprivate var parquet: (PhysicalType, LogicalType?) {
        switch self {
        case .boolean: (.boolean, nil)
        case .int8: (.int32, .integer(bitWidth: 8, isSigned: true))
        case .int16: (.int32, .integer(bitWidth: 16, isSigned: true))
        case .int32: (.int32, nil)
        case .int64: (.int64, nil)
        case .uint8: (.int32, .integer(bitWidth: 8, isSigned: false))
        case .uint16: (.int32, .integer(bitWidth: 16, isSigned: false))
        case .uint32: (.int32, .integer(bitWidth: 32, isSigned: false))
        case .uint64: (.int64, .integer(bitWidth: 64, isSigned: false))
        case .float: (.float, nil)
        case .double: (.double, nil)
        case .string: (.byteArray, .string)
        // As text: some readers take a column that is annotated as JSON for binary.
        case .json: (.byteArray, .string)
        case .uuid: (.fixedLengthByteArray(length: 16), .uuid)
        case .date: (.int32, .date)
        case .time(let unit, let isUTC):
            (unit == .milliseconds ? .int32 : .int64, .time(unit.parquet, isAdjustedToUTC: isUTC))
        case .timestamp(let unit, let isUTC): (.int64, .timestamp(unit.parquet, isAdjustedToUTC: isUTC))
        case .decimal(let precision, let scale):
            (
                fixedLength.map { .fixedLengthByteArray(length: $0) } ?? (precision <= 9 ? .int32 : .int64),
                .decimal(precision: precision, scale: scale)
            )
        case .structure, .list: preconditionFailure("a nested type has no leaf of its own")
        }
    }
}

extension ColumnType.TimeUnit {
    fileprivate var parquet: LogicalType.TimeUnit { self == .milliseconds ? .milliseconds : .microseconds }
}
