internal import Iceberg
internal import JSON

/// The form of a new Iceberg table, as a statement has it.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html>
struct IcebergDefinition {
    let name: CatalogStatement.Name
    let location: String
    let schema: IcebergSchema
    let spec: PartitionSpec
    let properties: [String: String]

    /// - Parameters:
    ///   - columns: names with Hive's types, and comments.
    ///   - partitioning: transforms as a statement has them, such as `bucket(16, id)`.
    ///   - settings: the table's properties, by Athena's names.
    init(
        _ name: CatalogStatement.Name, location: String, columns: [CatalogStatement.Column], partitioning: [String],
        settings: [String: String]
    ) throws(SQLProblem) {
        var types: [(name: String, type: EngineType, comment: String?)] = []
        for column in columns {
            guard let type = HiveType.engineName(of: column.type).flatMap({ EngineType($0) }) else {
                throw Self.noType(column.type, of: column.name)
            }
            types.append((column.name, type, column.comment))
        }
        try self.init(name, location: location, types: types, partitioning: partitioning, settings: settings)
    }

    /// - Parameter types: the columns with the types of the engine.
    init(
        _ name: CatalogStatement.Name, location: String, types: [(name: String, type: EngineType, comment: String?)],
        partitioning: [String], settings: [String: String]
    ) throws(SQLProblem) {
        self.name = name
        self.location = location
        var lastID: Int32 = Int32(types.count)
        var fields: [IcebergField] = []
        for (place, column) in types.enumerated() {
            guard let type = IcebergType(column.type, numberedAfter: &lastID) else {
                throw Self.noType(column.type.athenaName ?? "unknown", of: column.name)
            }
            guard !fields.contains(where: { $0.name == column.name }) else {
                throw .semantic(
                    "DUPLICATE_COLUMN_NAME", "Column name '\(column.name)' specified more than once", at: name.offset)
            }
            fields.append(
                IcebergField(id: Int32(place + 1), name: column.name, type: type, documentation: column.comment))
        }
        schema = IcebergSchema(id: 0, fields: fields)
        spec = try Self.spec(partitioning, schema, at: name.offset)
        properties = try Self.properties(settings, at: name.offset)
    }

    private static func noType(_ type: String, of column: String) -> SQLProblem {
        .semantic("NOT_SUPPORTED", "Type not supported for Iceberg: \(type) of the column \(column)", at: nil)
    }

    // MARK: Partitions

    private static func spec(
        _ partitioning: [String], _ schema: IcebergSchema, at offset: Int
    ) throws(SQLProblem) -> PartitionSpec {
        var fields: [PartitionSpec.Field] = []
        for text in partitioning {
            let field = try field(text, schema, at: offset)
            guard !fields.contains(where: { $0.name == field.name }) else {
                throw .semantic(
                    "INVALID_TABLE_PROPERTY", "The partition field \(field.name) is specified more than once",
                    at: offset)
            }
            fields.append(
                PartitionSpec.Field(
                    sourceID: field.source.id, fieldID: PartitionSpec.firstFieldID + Int32(fields.count),
                    name: field.name, transform: field.transform))
        }
        return PartitionSpec(id: 0, fields: fields)
    }

    /// Reads `c`, `day(c)`, and `bucket(16, c)`, in which the number may also come last.
    private static func field(
        _ text: String, _ schema: IcebergSchema, at offset: Int
    ) throws(SQLProblem) -> (name: String, source: IcebergField, transform: PartitionTransform) {
        let parts = text.lowercased().split { "(), \"`".contains($0) }.map(String.init)
        let number = parts.dropFirst().compactMap { Int32($0) }.first
        let names = parts.count == 1 ? parts : parts.dropFirst().filter { Int32($0) == nil }
        let function = parts.count == 1 ? "identity" : parts.first ?? ""
        let transform = PartitionTransform(number.map { "\(function)[\($0)]" } ?? String(function.trimmingPlural))
        guard let transform, names.count == 1, transform != .void else {
            throw .semantic("INVALID_TABLE_PROPERTY", "Invalid partition field declaration: \(text)", at: offset)
        }
        guard let source = schema.field(named: names[0]) else {
            throw .semantic(
                "COLUMN_NOT_FOUND", "Column '\(names[0])' of the partitioning is not in the table", at: offset)
        }
        // What cannot be written is refused before the table is there.
        _ = try PartitionExpression.text(of: transform, "c", source.type)
        guard transform.resultType(of: source.type) != nil else {
            throw .semantic(
                "INVALID_TABLE_PROPERTY",
                "The partition transform \(text) does not take a column of type \(source.type)",
                at: offset)
        }
        return (transform.fieldName(of: source.name), source, transform)
    }

    // MARK: Properties

    private static let compressions = ["zstd", "gzip", "snappy", "uncompressed"]

    /// The table's properties by Iceberg's names.
    private static func properties(
        _ settings: [String: String], at offset: Int
    ) throws(SQLProblem) -> [String: String] {
        ["write.format.default": "parquet", "write.parquet.compression-codec": "zstd"].merging(
            try given(settings, at: offset)
        ) { $1 }
    }

    /// Those that a statement gives, by Iceberg's names.
    static func given(_ settings: [String: String], at offset: Int) throws(SQLProblem) -> [String: String] {
        var properties: [String: String] = [:]
        for (key, value) in settings {
            switch key.lowercased() {
            case "table_type": continue
            case "format":
                guard value.lowercased() == "parquet" else {
                    throw .notEmulated("an Iceberg table of the format \(value)", at: offset)
                }
            case "write_compression":
                let codec = ["none": "uncompressed"][value.lowercased()] ?? value.lowercased()
                guard compressions.contains(codec) else { throw .notEmulated("the compression \(value)", at: offset) }
                properties["write.parquet.compression-codec"] = codec
            case let key where names[key] != nil:
                guard let number = Int64(value), number > 0 else {
                    throw .semantic(
                        "INVALID_TABLE_PROPERTY", "\(key) is '\(value)'; expected a whole number from 1", at: offset)
                }
                let (name, factor) = names[key] ?? (key, 1)
                let (product, overflows) = number.multipliedReportingOverflow(by: factor)
                properties[name] = "\(overflows ? Int64.max : product)"
            default:
                throw .semantic(
                    "INVALID_TABLE_PROPERTY", "Unsupported table property key: \(key)", at: offset)
            }
        }
        return properties
    }

    /// Athena's names of settings that Iceberg has too, and how many of Iceberg's units one of Athena's is.
    private static let names: [String: (String, Int64)] = [
        "vacuum_max_snapshot_age_seconds": ("history.expire.max-snapshot-age-ms", 1000),
        "vacuum_min_snapshots_to_keep": ("history.expire.min-snapshots-to-keep", 1),
        "vacuum_max_metadata_files_to_keep": ("write.metadata.previous-versions-max", 1),
        "write_target_data_file_size_bytes": ("write.target-file-size-bytes", 1),
        "optimize_rewrite_min_data_file_size_bytes": ("optimize_rewrite_min_data_file_size_bytes", 1),
        "optimize_rewrite_max_data_file_size_bytes": ("optimize_rewrite_max_data_file_size_bytes", 1),
        "optimize_rewrite_data_file_threshold": ("optimize_rewrite_data_file_threshold", 1),
        "optimize_rewrite_delete_file_threshold": ("optimize_rewrite_delete_file_threshold", 1),
    ]

    /// The catalog's `CreateTableRequest`.
    func request(comment: String? = nil) -> JSON {
        var properties = properties
        properties["comment"] = comment
        let values = JSONObject(properties.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) })
        return [
            "name": .string(name.table), "location": .string(location), "schema": schema.json,
            "partition-spec": spec.json, "stage-create": false, "properties": .object(values),
        ]
    }
}

extension String {
    /// Trino also has `days(c)`.
    fileprivate var trimmingPlural: Substring {
        ["years", "months", "days", "hours"].contains(self) ? dropLast() : self[...]
    }
}

extension IcebergType {
    /// The type of a column with values of the engine's; nil for one that Iceberg lacks.
    /// - Parameter lastID: the highest id that is taken.
    init?(_ type: EngineType, numberedAfter lastID: inout Int32) {
        func next() -> Int32 {
            lastID += 1
            return lastID
        }
        switch type {
        case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
        case .list(let element):
            let id = next()
            guard let element = IcebergType(element, numberedAfter: &lastID) else { return nil }
            self = .list(elementID: id, element: element, isRequired: false)
        case .map(let key, let value):
            let ids = (next(), next())
            guard let key = IcebergType(key, numberedAfter: &lastID),
                let value = IcebergType(value, numberedAfter: &lastID)
            else { return nil }
            self = .map(keyID: ids.0, key: key, valueID: ids.1, value: value, isRequired: false)
        case .structure(let members):
            let ids = members.map { _ in next() }
            var fields: [IcebergField] = []
            for (id, member) in zip(ids, members) {
                guard let type = IcebergType(member.type, numberedAfter: &lastID) else { return nil }
                fields.append(IcebergField(id: id, name: member.name, type: type))
            }
            self = .structure(fields)
        case .scalar(let name):
            guard let type = Self.ofEngine[name] else { return nil }
            self = type
        }
    }

    private static let ofEngine: [String: IcebergType] = [
        "BOOLEAN": .boolean, "INTEGER": .int, "BIGINT": .long, "HUGEINT": .long, "FLOAT": .float, "DOUBLE": .double,
        "VARCHAR": .string, "BLOB": .binary, "DATE": .date, "TIME": .time, "TIMESTAMP": .timestamp,
        "TIMESTAMP WITH TIME ZONE": .timestamptz, "UUID": .uuid,
    ]
}
