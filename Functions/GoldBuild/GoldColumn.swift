internal import Contracts
internal import Iceberg

/// A column of a model's table.
struct GoldColumn: Sendable {
    let name: String
    let type: IcebergType
    let isRequired: Bool
    let isKey: Bool
    let documentation: String?

    init(_ column: Contract.Column, of path: String) throws(GoldError) {
        guard let type = IcebergType(of: column.type) else {
            throw .model(
                place: path, reason: "its contract's column \(column.name) is \(column.type), which no model can have")
        }
        name = column.name
        self.type = type
        isKey = column.primaryKeyPosition != nil
        isRequired = column.isRequired || isKey
        documentation = column.description
    }
}

extension IcebergType {
    /// The type that a column of a contract has in a table that SQL makes.
    fileprivate init?(of type: ColumnType) {
        switch type {
        case .boolean: self = .boolean
        case .int8, .int16, .int32, .uint8, .uint16: self = .int
        case .int64, .uint32: self = .long
        case .float: self = .float
        case .double: self = .double
        case .string, .json: self = .string
        case .date: self = .date
        case .timestamp(_, let isUTC): self = isUTC ? .timestamptz : .timestamp
        case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
        case .uuid, .time, .uint64, .structure, .list: return nil
        }
    }

    /// The type's name in DuckDB; nil for one that it lacks.
    var sqlName: String? {
        switch self {
        case .boolean: "BOOLEAN"
        case .int: "INTEGER"
        case .long: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .string: "VARCHAR"
        case .date: "DATE"
        case .time: "TIME"
        case .timestamp: "TIMESTAMP"
        case .timestamptz: "TIMESTAMP WITH TIME ZONE"
        case .uuid: "UUID"
        case .binary, .fixed: "BLOB"
        case .decimal(let precision, let scale): "DECIMAL(\(precision), \(scale))"
        case .list(_, let element, _): element.sqlName.map { "\($0)[]" }
        case .structure(let fields):
            Self.structure(fields)
        case .map: nil
        }
    }

    private static func structure(_ fields: [IcebergField]) -> String? {
        var members: [String] = []
        for field in fields {
            guard let type = field.type.sqlName else { return nil }
            members.append("\(SQLText.name(field.name)) \(type)")
        }
        return "STRUCT(\(members.joined(separator: ", ")))"
    }
}

/// Names and texts as SQL writes them.
enum SQLText {
    static func name(_ name: String) -> String { "\"\(name.doubling("\""))\"" }

    static func string(_ text: String) -> String { "'\(text.doubling("'"))'" }
}

extension String {
    fileprivate func doubling(_ mark: Character) -> String {
        reduce(into: "") { text, character in
            text.append(character)
            if character == mark { text.append(character) }
        }
    }
}
