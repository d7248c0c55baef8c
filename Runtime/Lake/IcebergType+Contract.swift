public import Contracts
public import Iceberg

extension IcebergType {
    /// The type that holds all values of a contract's type; nil if there is none.
    public init?(of type: ColumnType) {
        switch type {
        case .boolean: self = .boolean
        case .int8, .int16, .int32, .uint8, .uint16: self = .int
        case .int64, .uint32: self = .long
        case .float: self = .float
        case .double: self = .double
        case .string, .json: self = .string
        case .uuid: self = .uuid
        case .date: self = .date
        case .time: self = .time
        case .timestamp(_, let isUTC): self = isUTC ? .timestamptz : .timestamp
        case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
        case .uint64: return nil
        case .structure(let columns):
            let fields = columns.compactMap { column in
                IcebergType(of: column.type).map {
                    IcebergField(id: 0, name: column.name, isRequired: column.isRequired, type: $0)
                }
            }
            guard fields.count == columns.count else { return nil }
            self = .structure(fields)
        case .list(let element):
            guard let type = IcebergType(of: element.type) else { return nil }
            self = .list(elementID: 0, element: type, isRequired: element.isRequired)
        }
    }

    /// Whether its values have parts.
    public var isNested: Bool {
        switch self {
        case .structure, .list, .map: true
        default: false
        }
    }
}
