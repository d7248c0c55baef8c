internal import JSON

/// A column of a result, as Athena describes it.
struct ResultColumn: Sendable, Hashable {
    let name: String
    /// Such as `bigint`.
    let type: String
    var precision = 0
    var scale = 0
    var isCaseSensitive = false

    init(_ name: String, _ type: EngineType) {
        self.name = name
        self.type = type.athenaName ?? "unknown"
        precision = type.precision
        scale = type.scale
        isCaseSensitive = type.isCaseSensitive
    }

    /// A column of a statement that is no query.
    init(text name: String) {
        self.name = name
        type = "string"
    }

    var document: JSON {
        [
            "n": .string(name), "t": .string(type), "p": .int(precision), "s": .int(scale), "c": .bool(isCaseSensitive),
        ]
    }

    init?(_ document: JSON) {
        guard let name = document["n"]?.string, let type = document["t"]?.string else { return nil }
        self.name = name
        self.type = type
        precision = document["p"]?.int ?? 0
        scale = document["s"]?.int ?? 0
        isCaseSensitive = document["c"]?.bool ?? false
    }

    /// AWS's `ColumnInfo`.
    var info: JSON {
        [
            "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": .string(name), "Label": .string(name),
            "Type": .string(type), "Precision": .int(precision), "Scale": .int(scale), "Nullable": "UNKNOWN",
            "CaseSensitive": .bool(isCaseSensitive),
        ]
    }
}
