public import Iceberg

extension IcebergType {
    /// The type's name in DuckDB; nil for one that it lacks.
    public var duckDBName: String? {
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
        case .list(_, let element, _): element.duckDBName.map { "\($0)[]" }
        case .map(_, let key, _, let value, _):
            if let key = key.duckDBName, let value = value.duckDBName { "MAP(\(key), \(value))" } else { nil }
        case .structure(let fields): Self.structure(fields)
        }
    }

    private static func structure(_ fields: [IcebergField]) -> String? {
        var members: [String] = []
        for field in fields {
            guard let type = field.type.duckDBName else { return nil }
            members.append("\(DuckDBText.name(field.name)) \(type)")
        }
        return "STRUCT(\(members.joined(separator: ", ")))"
    }
}
