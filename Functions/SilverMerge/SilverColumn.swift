internal import Columns
internal import Contracts
internal import Iceberg
internal import Lake
internal import Parquet

/// A column of a silver table: of the contract, or one that says how the row became what it is.
struct SilverColumn: Sendable, Hashable {
    let name: String
    let type: IcebergType
    let isKey: Bool
    /// The column's id in contracts and bronze, if the contract sets one: then it is the same column under another name.
    let contractID: Int32?
    /// How the column is computed from another; nil for one that bronze has.
    let derivation: Derivation?
    let documentation: String?

    init(
        name: String, type: IcebergType, isKey: Bool = false, contractID: Int32? = nil, derivation: Derivation? = nil,
        documentation: String? = nil
    ) {
        self.name = name
        self.type = type
        self.isKey = isKey
        self.contractID = contractID
        self.derivation = derivation
        self.documentation = documentation
    }

    init(_ column: Contract.Column) throws(SilverError) {
        guard let type = Self.type(of: column.type) else {
            throw .contract(
                "column \(column.name) is \(column.type), which silver does not keep; give it another physicalType")
        }
        self.init(
            name: column.name, type: type, isKey: column.primaryKeyPosition != nil,
            contractID: column.hasOwnFieldID ? column.fieldID : nil, documentation: column.description)
    }

    /// The type of Iceberg that holds all values; see ``ValueConversion``.
    private static func type(of type: ColumnType) -> IcebergType? {
        switch type {
        case .boolean: .boolean
        case .int8, .int16, .int32, .uint8, .uint16: .int
        case .int64, .uint32: .long
        case .float: .float
        case .double: .double
        case .string, .json: .string
        case .uuid: .uuid
        case .date: .date
        case .time: .time
        case .timestamp(_, let isUTC): isUTC ? .timestamptz : .timestamp
        case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
        case .uint64, .structure, .list: nil
        }
    }

    /// Whether silver can write values of the type: those of a column that a contract had, or of one that another engine added.
    static func keeps(_ type: IcebergType) -> Bool {
        switch type {
        case .structure, .list, .map: false
        default: true
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
                (Self.physicalType(ofDecimal: precision), .decimal(precision: precision, scale: scale))
            case .binary: (.byteArray, nil)
            case .fixed(let length): (.fixedLengthByteArray(length: length), nil)
            case .structure, .list, .map: preconditionFailure("no column of silver is \(type)")
            }
        return ParquetColumn(
            name: name, physicalType: physical, logicalType: logical, isRequired: false, fieldID: fieldID)
    }

    static func physicalType(ofDecimal precision: Int) -> PhysicalType {
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
