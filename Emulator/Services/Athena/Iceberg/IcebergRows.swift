internal import DuckDB
internal import EmulatorCore
internal import Iceberg
internal import JSON
internal import Lake
internal import ParquetRead

/// Writes rows as data files of an Iceberg table, each of one partition: first into the engine's folder, then to S3.
struct IcebergRows {
    let table: CatalogStatement.Name
    let metadata: TableMetadata
    let commit: IcebergCommit
    /// Begins the names of the files; no other statement has it.
    let token: String

    private static let partition = DuckDBText.name("cupel partition")

    struct Written {
        var files: [DataFile]
        var rowCount: Int
    }

    /// - Parameters:
    ///   - rows: a query of the engine, with the columns of the table in their order.
    ///   - folder: of the engine, which must not exist yet.
    func write(_ rows: SQLFragment, in engine: QueryEngine, _ folder: String) async throws -> Written {
        try LocalFolder.make(folder)
        let schema = metadata.currentSchema
        let fields = metadata.defaultSpec.fields
        let parts = try fields.map { try text(of: $0, schema) }
        if parts.contains(where: { $0.contains("iceberg_") }) {
            try await QueryResult.prepare(PartitionExpression.macros, in: engine)
        }
        var (list, options) = ("*", "")
        if !parts.isEmpty {
            // A name of the same length for every partition.
            let all = parts.map { "coalesce('v' || \($0), 'n')" }.joined(separator: " || ',' || ")
            list = "*, md5(\(all)) AS \(Self.partition)"
            options = ", PARTITION_BY (\(Self.partition))"
        }
        let ids = schema.fields.map { "\(DuckDBText.name($0.name)): \(Self.ids($0.id, $0.type))" }
        let columns = schema.fields.indices.map { "c\($0)" }.joined(separator: ", ")
        let path = parts.isEmpty ? "\(folder)/0.parquet" : folder
        let statement =
            "COPY (SELECT \(list) FROM (SELECT \(try selection(schema)) FROM (" + rows
            + ") AS t(\(columns)))) TO \(DuckDBText.string(path)) (FORMAT parquet, COMPRESSION \(try compression), "
            + "FIELD_IDS {\(ids.joined(separator: ", "))}\(options), RETURN_FILES)"
        var rowCount = 0
        var paths: [String] = []
        for line in try await engine.run(statement) {
            let answer = try JSON(parsing: Array(line.utf8))
            rowCount += answer["Count"]?.looseInt ?? 0
            paths += (answer["Files"]?.array ?? []).compactMap(\.string)
        }
        guard rowCount > 0 else { return Written(files: [], rowCount: 0) }
        let values = try await values(of: paths, parts, in: engine)
        return Written(files: try await upload(paths.sorted(), values), rowCount: rowCount)
    }

    private func text(of field: PartitionSpec.Field, _ schema: IcebergSchema) throws(SQLProblem) -> String {
        guard let source = schema.field(field.sourceID) else {
            throw .notEmulated("a partition by a column inside of another", at: table.offset)
        }
        return try PartitionExpression.text(of: field.transform, DuckDBText.name(source.name), source.type)
    }

    private func selection(_ schema: IcebergSchema) throws(SQLProblem) -> String {
        var columns: [String] = []
        for (place, field) in schema.fields.enumerated() {
            guard let type = field.type.duckDBName else {
                throw .notEmulated("the column \(field.name) of type \(field.type)", at: table.offset)
            }
            var value = "CAST(c\(place) AS \(type))"
            if field.isRequired {
                let reason = DuckDBText.string("NULL value not allowed for NOT NULL column: \(field.name)")
                value = "CASE WHEN c\(place) IS NULL THEN error(\(reason)) ELSE \(value) END"
            }
            columns.append("\(value) AS \(DuckDBText.name(field.name))")
        }
        return columns.joined(separator: ", ")
    }

    private static func ids(_ id: Int32, _ type: IcebergType) -> String {
        switch type {
        case .structure(let fields):
            let members = fields.map { "\(DuckDBText.name($0.name)): \(ids($0.id, $0.type))" }
            return "{__duckdb_field_id: \(id), \(members.joined(separator: ", "))}"
        case .list(let elementID, let element, _):
            return "{__duckdb_field_id: \(id), element: \(ids(elementID, element))}"
        case .map(let keyID, let key, let valueID, let value, _):
            return "{__duckdb_field_id: \(id), key: \(ids(keyID, key)), value: \(ids(valueID, value))}"
        default: return "\(id)"
        }
    }

    private var compression: String {
        get throws(SQLProblem) {
            let codec = metadata.properties["write.parquet.compression-codec"]?.lowercased() ?? "zstd"
            guard ["zstd", "gzip", "snappy", "uncompressed"].contains(codec) else {
                throw .notEmulated("the compression \(codec)", at: table.offset)
            }
            return codec
        }
    }

    /// The values of each file's partition, by the file's path.
    private func values(
        of paths: [String], _ parts: [String], in engine: QueryEngine
    ) async throws -> [String: [IcebergValue?]] {
        guard !parts.isEmpty else { return [:] }
        let types = try metadata.defaultSpec.types(in: metadata.currentSchema)
        let list = paths.map(DuckDBText.string).joined(separator: ", ")
        let file = DuckDBText.name("cupel file")
        let firsts = parts.enumerated().map { "first(\($1)) AS v\($0)" }.joined(separator: ", ")
        var values: [String: [IcebergValue?]] = [:]
        let lines = try await engine.run(
            SQLFragment(
                "SELECT \(file) AS f, \(firsts) FROM read_parquet([\(list)], filename='cupel file', "
                    + "hive_partitioning=false) GROUP BY ALL", from: 0))
        for line in lines {
            let answer = try JSON(parsing: Array(line.utf8))
            values[answer["f"]?.string ?? ""] = try types.enumerated().map { place, type in
                guard let text = answer["v\(place)"]?.string else { return nil }
                guard let value = PartitionExpression.value(text, of: type) else {
                    throw SQLProblem.semantic(
                        "GENERIC_INTERNAL_ERROR", "'\(text)' is no value of the partition's type \(type)", at: nil)
                }
                return value
            }
        }
        return values
    }

    private func upload(_ paths: [String], _ values: [String: [IcebergValue?]]) async throws -> [DataFile] {
        var files: [DataFile] = []
        let folder = metadata.properties["write.data.path"] ?? "\(metadata.location)/data"
        do {
            for (number, path) in paths.enumerated() {
                let source = try FileRanges(path: path)
                let location = "\(folder)/\(token)-\(number).parquet"
                var file = try DataFile(
                    try ParquetFile(reading: source).metadata, at: location, sizeInBytes: source.size,
                    metadata.currentSchema)
                file.partition = values[path] ?? []
                guard file.partition.count == metadata.defaultSpec.fields.count else {
                    throw SQLProblem.semantic("GENERIC_INTERNAL_ERROR", "the file \(path) has no partition", at: nil)
                }
                try await commit.put(try FileBytes.pieces(of: path), to: location)
                files.append(file)
            }
        } catch {
            await commit.discard(files.map(\.path))
            throw error
        }
        return files
    }
}
