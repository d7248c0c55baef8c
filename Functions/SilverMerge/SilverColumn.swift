internal import Columns
internal import Contracts
internal import Iceberg
internal import Lake
internal import Parquet

/// A column of a silver table: of the contract, or one that says how the row became what it is.
struct SilverColumn: Sendable {
    let name: String
    let type: IcebergType
    let isKey: Bool
    /// How the values of bronze become those of silver.
    let conversion: Conversion
    let documentation: String?

    /// The types of bronze that Iceberg lacks.
    enum Conversion: Sendable {
        case none
        /// A 32-bit number without a sign, which Iceberg keeps as a long.
        case unsigned
        /// A time in milliseconds, which Iceberg keeps in microseconds.
        case microseconds
        /// The same, as a 32-bit number.
        case timeOfDay
    }

    init(
        name: String, type: IcebergType, isKey: Bool = false, conversion: Conversion = .none,
        documentation: String? = nil
    ) {
        self.name = name
        self.type = type
        self.isKey = isKey
        self.conversion = conversion
        self.documentation = documentation
    }

    init(_ column: Contract.Column) throws(SilverError) {
        guard let (type, conversion) = Self.type(of: column.type, fieldID: column.fieldID) else {
            throw .contract(
                "column \(column.name) is \(column.type), which silver does not keep; give it another physicalType")
        }
        self.init(
            name: column.name, type: type, isKey: column.primaryKeyPosition != nil, conversion: conversion,
            documentation: column.description)
    }

    private static func type(of type: ColumnType, fieldID: Int32) -> (IcebergType, Conversion)? {
        switch type {
        case .boolean: (.boolean, .none)
        case .int8, .int16, .int32, .uint8, .uint16: (.int, .none)
        case .int64: (.long, .none)
        case .uint32: (.long, .unsigned)
        case .float: (.float, .none)
        case .double: (.double, .none)
        case .string, .json: (.string, .none)
        case .uuid: (.uuid, .none)
        case .date: (.date, .none)
        case .time(.microseconds, _): (.time, .none)
        case .time(.milliseconds, _): (.time, .timeOfDay)
        case .timestamp(let unit, let isUTC):
            (isUTC ? .timestamptz : .timestamp, unit == .microseconds ? .none : .microseconds)
        case .decimal(let precision, let scale): (.decimal(precision: precision, scale: scale), .none)
        case .uint64, .structure, .list: nil
        }
    }

    /// The column as Parquet has it.
    func parquet(fieldID: Int32) -> ParquetColumn {
        let (physical, logical): (PhysicalType, LogicalType?) =
            switch type {
            case .boolean: (.boolean, nil)
            case .int: (.int32, nil)
            case .long: (.int64, nil)
            case .float: (.float, nil)
            case .double: (.double, nil)
            case .date: (.int32, .date)
            case .time: (.int64, .time(.microseconds, isAdjustedToUTC: false))
            case .timestamp: (.int64, .timestamp(.microseconds, isAdjustedToUTC: false))
            case .timestamptz: (.int64, .timestamp(.microseconds, isAdjustedToUTC: true))
            case .string: (.byteArray, .string)
            case .uuid: (.fixedLengthByteArray(length: 16), .uuid)
            case .decimal(let precision, let scale):
                (Self.physical(precision), .decimal(precision: precision, scale: scale))
            case .binary, .fixed, .structure, .list, .map: preconditionFailure("no column of silver is \(type)")
            }
        return ParquetColumn(
            name: name, physicalType: physical, logicalType: logical, isRequired: false, fieldID: fieldID)
    }

    private static func physical(_ precision: Int) -> PhysicalType {
        switch precision {
        case ...9: .int32
        case ...18: .int64
        default: .fixedLengthByteArray(length: IcebergType.decimalSize(precision))
        }
    }
}

extension SilverColumn {
    static let system = [
        SilverColumn(
            name: StateColumn.createdAt, type: .timestamptz,
            documentation: "The time of the earliest change of the key."),
        SilverColumn(
            name: StateColumn.updatedAt, type: .timestamptz, documentation: "The time of the last change of the key."),
        SilverColumn(
            name: StateColumn.deletedAt, type: .timestamptz,
            documentation: "The time of the last change, if it deleted the row."),
        SilverColumn(name: StateColumn.order, type: .string, documentation: "The order of the last change."),
        SilverColumn(
            name: StateColumn.columnOrders, type: .string,
            documentation: "For columns that the last change did not carry: the order of the change that did, as JSON."),
    ]
}
