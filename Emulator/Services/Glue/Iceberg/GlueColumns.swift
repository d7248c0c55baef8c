internal import EmulatorCore
internal import Iceberg
internal import JSON

/// An Iceberg table's columns as AWS Glue shows them, so that engines that know only Hive's types see the table.
///
/// Columns of earlier schemas stay, marked as not current, as Iceberg's own Glue catalog writes them.
struct GlueColumns {
    let columns: JSON

    init(_ metadata: TableMetadata) throws(AWSFault) {
        let schemas = try metadata.schemas
        let current = schemas.first { $0.id == metadata.currentSchemaID }
        var columns: [JSON] = []
        var names: Set<String> = []
        for schema in [current].compactMap({ $0 }) + schemas.filter({ $0 != current }) {
            for field in schema.parsed.fields where names.insert(field.name).inserted {
                columns.append(Self.column(field, isCurrent: schema == current))
            }
        }
        self.columns = .array(columns)
    }

    private static func column(_ field: IcebergField, isCurrent: Bool) -> JSON {
        var column: JSONObject = ["Name": .string(field.name), "Type": .string(hiveType(field.type))]
        if let comment = field.documentation, !comment.isEmpty { column["Comment"] = .string(comment) }
        column["Parameters"] = [
            "iceberg.field.id": .string("\(field.id)"),
            "iceberg.field.optional": .string(String(!field.isRequired)),
            "iceberg.field.current": .string(String(isCurrent)),
        ]
        return .object(column)
    }

    /// - SeeAlso: <https://iceberg.apache.org/docs/latest/hive/#type-compatibility>
    private static func hiveType(_ type: IcebergType) -> String {
        switch type {
        case .structure(let fields):
            "struct<\(fields.map { "\($0.name):\(hiveType($0.type))" }.joined(separator: ","))>"
        case .list(_, let element, _): "array<\(hiveType(element))>"
        case .map(_, let key, _, let value, _): "map<\(hiveType(key)),\(hiveType(value))>"
        case .long: "bigint"
        case .time, .uuid: "string"
        case .timestamptz: "timestamp"
        case .fixed: "binary"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .boolean, .int, .float, .double, .date, .string, .binary, .timestamp: type.description
        }
    }
}
