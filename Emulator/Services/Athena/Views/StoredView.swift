internal import EmulatorCore
internal import JSON

/// A view as Glue has it: what Presto writes into a table's description.
/// - SeeAlso: <https://github.com/trinodb/trino/blob/master/plugin/trino-hive/src/main/java/io/trino/plugin/hive/ViewReaderUtil.java>
struct StoredView: Sendable {
    struct Column: Sendable {
        let name: String
        /// Trino's, such as `array(bigint)`.
        let type: String
        /// Hive's; nil for one that Hive lacks.
        var hiveType: String?
    }

    let sql: String
    /// Of tables that the query names without one.
    let database: String
    let columns: [Column]

    private static let start = "/* Presto View: "
    private static let end = " */"
    static let tableType = "VIRTUAL_VIEW"

    init(sql: String, database: String, columns: [Column]) {
        self.sql = sql
        self.database = database
        self.columns = columns
    }

    /// Nil for a table that is none, and for a view in another dialect.
    init?(_ table: JSON) {
        guard let text = table["ViewOriginalText"]?.string, text.hasPrefix(Self.start), text.hasSuffix(Self.end),
            let bytes = [UInt8](base64: String(text.dropFirst(Self.start.count).dropLast(Self.end.count))),
            let document = try? JSON(parsing: bytes), let sql = document["originalSql"]?.string
        else { return nil }
        self.sql = sql
        database = document["schema"]?.string?.lowercased() ?? table["DatabaseName"]?.string ?? "default"
        columns = (document["columns"]?.array ?? []).map {
            Column(name: $0["name"]?.string ?? "", type: $0["type"]?.string ?? "")
        }
    }

    private var document: JSON {
        [
            "originalSql": .string(sql), "catalog": "awsdatacatalog", "schema": .string(database),
            "columns": .array(columns.map { ["name": .string($0.name), "type": .string($0.type)] }),
        ]
    }

    /// Glue's `TableInput`.
    func glue(_ name: String, comment: String?) -> JSON {
        var input: JSONObject = [
            "Name": .string(name), "TableType": .string(Self.tableType),
            "Parameters": ["presto_view": "true", "comment": "Presto View"],
            "ViewOriginalText": .string(Self.start + document.bytes.base64 + Self.end),
            "ViewExpandedText": "/* Presto View */", "PartitionKeys": [],
            "StorageDescriptor": [
                "Columns": .array(
                    columns.map { ["Name": .string($0.name), "Type": .string($0.hiveType ?? "string")] }),
                "Location": "", "SerdeInfo": [:],
            ],
        ]
        input["Description"] = comment.map(JSON.string)
        return .object(input)
    }
}

extension EngineType {
    /// Trino's name of the type; nil for one that it lacks.
    var trinoName: String? {
        switch self {
        case .decimal(let precision, let scale): return "decimal(\(precision),\(scale))"
        case .list(let element): return element.trinoName.map { "array(\($0))" }
        case .map(let key, let value):
            guard let key = key.trinoName, let value = value.trinoName else { return nil }
            return "map(\(key), \(value))"
        case .structure(let fields):
            var members: [String] = []
            for field in fields {
                guard let type = field.type.trinoName else { return nil }
                members.append("\"\(field.name)\" \(type)")
            }
            return "row(\(members.joined(separator: ", ")))"
        case .scalar:
            switch athenaName {
            case "float": return "real"
            case "timestamp": return "timestamp(3)"
            case "timestamp with time zone": return "timestamp(3) with time zone"
            case "time": return "time(3)"
            default: return athenaName
            }
        }
    }
}
