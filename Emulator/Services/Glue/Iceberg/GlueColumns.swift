internal import JSON

/// An Iceberg table's columns as AWS Glue shows them, so that engines that know only Hive's types see the table.
///
/// Columns of earlier schemas stay, marked as not current, as Iceberg's own Glue catalog writes them.
struct GlueColumns {
    let columns: JSON

    init(_ metadata: TableMetadata) {
        let schemas = metadata.document["schemas"]?.array ?? []
        let current = schemas.first { $0["schema-id"]?.int == metadata.currentSchemaID }
        var columns: [JSON] = []
        var names: Set<String> = []
        for schema in [current].compactMap({ $0 }) + schemas.filter({ $0 != current }) {
            for field in schema["fields"]?.array ?? [] {
                guard let name = field["name"]?.string, names.insert(name).inserted else { continue }
                columns.append(Self.column(field, isCurrent: schema == current))
            }
        }
        self.columns = .array(columns)
    }

    private static func column(_ field: JSON, isCurrent: Bool) -> JSON {
        var column: JSONObject = [
            "Name": field["name"] ?? "", "Type": .string(type(field["type"] ?? "string")),
        ]
        if let comment = field["doc"]?.string, !comment.isEmpty { column["Comment"] = .string(comment) }
        column["Parameters"] = [
            "iceberg.field.id": .string(field["id"]?.text ?? ""),
            "iceberg.field.optional": .string(String(field["required"]?.bool != true)),
            "iceberg.field.current": .string(String(isCurrent)),
        ]
        return .object(column)
    }

    /// The type's name in Hive.
    /// - SeeAlso: <https://iceberg.apache.org/docs/latest/hive/#type-compatibility>
    private static func type(_ type: JSON) -> String {
        switch type["type"]?.string {
        case "struct":
            let fields = (type["fields"]?.array ?? []).map { field in
                "\(field["name"]?.string ?? ""):\(Self.type(field["type"] ?? "string"))"
            }
            return "struct<\(fields.joined(separator: ","))>"
        case "list": return "array<\(Self.type(type["element"] ?? "string"))>"
        case "map": return "map<\(Self.type(type["key"] ?? "string")),\(Self.type(type["value"] ?? "string"))>"
        default: break
        }
        let name = type.string ?? "string"
        switch name {
        case "long": return "bigint"
        case "time", "uuid": return "string"
        case "timestamptz": return "timestamp"
        case _ where name.hasPrefix("fixed"): return "binary"
        case _ where name.hasPrefix("decimal"): return String(name.filter { $0 != " " })
        default: return name
        }
    }
}
