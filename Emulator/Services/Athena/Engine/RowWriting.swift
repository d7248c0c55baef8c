internal import DuckDB
internal import EmulatorCore
internal import JSON
internal import URLCoding

/// Writes the rows of a query as files of a table, or of a folder.
struct RowWriting {
    let lake: LakeReader
    let objects: any ObjectStore
    let job: QueryRunner.Job

    /// Where rows go.
    struct Target {
        /// With a slash at its end.
        var location: String
        var format = "PARQUET"
        var compression: String?
        /// The names of the last columns, by whose values the rows are parted into folders.
        var partitionedBy: [String] = []
        /// The columns of the table that is there, in its order; nil where the query's own count.
        var columns: [(name: String, type: String)]?
        /// The columns that the query's are for, in its order; empty for the table's own order.
        var order: [String] = []
        /// The table that is made of the files, or gets partitions of them.
        var table: CatalogStatement.Name?
        var isNew = false
        var hasRows = true
    }

    struct Written {
        var files: [String]
        var rowCount: Int
    }

    /// What a statement writes to.
    /// - Returns: nil if there is nothing to do: the table exists already.
    func target(of statement: WriteStatement) async throws -> Target? {
        switch statement {
        case .unload(let location, let options):
            let folder = location.hasSuffix("/") ? location : location + "/"
            try checkEmpty(folder)
            return Target(
                location: folder, format: options.format, compression: options.compression,
                partitionedBy: options.partitionedBy)
        case .createTable(let name, let options, let ifNotExists, let hasRows):
            if try await lake.find(name) != nil {
                guard !ifNotExists else { return nil }
                throw SQLProblem.semantic(
                    "TABLE_ALREADY_EXISTS", "Table 'awsdatacatalog.\(name.database).\(name.table)' already exists",
                    at: name.offset)
            }
            let output = job.execution.outputLocation
            let folder = output.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
                separator: "/")
            let location = options.location ?? "\(folder)/tables/\(job.execution.id)/"
            try checkEmpty(location)
            return Target(
                location: location, format: options.format, compression: options.compression,
                partitionedBy: options.partitionedBy, table: name, isNew: true, hasRows: hasRows)
        case .insert(let name, let columns): return try await insertTarget(name, columns)
        }
    }

    private func insertTarget(_ name: CatalogStatement.Name, _ order: [String]) async throws -> Target {
        guard let table = try await lake.find(name) else {
            throw SQLProblem.semantic(
                "TABLE_NOT_FOUND", "Table 'awsdatacatalog.\(name.database).\(name.table)' does not exist",
                at: name.offset)
        }
        guard (table["StorageDescriptor"]?["InputFormat"]?.string ?? "").lowercased().contains("parquet") else {
            throw SQLProblem.notEmulated("INSERT INTO a table of another format than Parquet", at: name.offset)
        }
        let keys = table["PartitionKeys"]?.array ?? []
        let columns = try ((table["StorageDescriptor"]?["Columns"]?.array ?? []) + keys).map { column in
            let (column, text) = (column["Name"]?.string?.lowercased() ?? "", column["Type"]?.string ?? "string")
            guard let type = HiveType.engineName(of: text) else {
                throw SQLProblem.notEmulated("the column \(column) of type \(text)", at: name.offset)
            }
            return (name: column, type: type)
        }
        let location = table["StorageDescriptor"]?["Location"]?.string ?? ""
        return Target(
            location: location.hasSuffix("/") ? location : location + "/",
            partitionedBy: keys.compactMap { $0["Name"]?.string?.lowercased() }, columns: columns, order: order,
            table: name)
    }

    private func checkEmpty(_ location: String) throws {
        try lake.checkEmpty(
            location, "HIVE_PATH_ALREADY_EXISTS", "Target directory for table already exists:")
    }

    // MARK: Writing

    func write(
        _ query: ParsedQuery, after preparation: [String], to target: Target, in engine: QueryEngine
    ) async throws -> Written {
        guard target.format == "PARQUET" else {
            throw SQLProblem.notEmulated("the format \(target.format)", at: nil)
        }
        try await QueryResult.prepare(preparation, in: engine)
        let columns = try await QueryResult.columns(of: query, in: engine)
        let source = columns.indices.map { "c\($0)" }
        let (names, values) = try selection(columns, target)
        let folder = "\(engine.folder)/written"
        try LocalFolder.make(folder)
        let list = zip(values, names).map { "\($0) AS \(DuckDBText.name($1))" }.joined(separator: ", ")
        var options = "FORMAT parquet, COMPRESSION \(try compression(target))"
        var path = "\(folder)/\(job.execution.id).parquet"
        if !target.partitionedBy.isEmpty {
            guard Array(names.suffix(target.partitionedBy.count)) == target.partitionedBy else {
                throw SQLProblem.semantic(
                    "HIVE_COLUMN_ORDER_MISMATCH",
                    "Partition keys must be the last columns in the table and in the same order as the table properties: "
                        + "[\(target.partitionedBy.joined(separator: ", "))]", at: nil)
            }
            options +=
                ", PARTITION_BY (\(target.partitionedBy.map(DuckDBText.name).joined(separator: ", "))), "
                + "FILENAME_PATTERN \(DuckDBText.string("\(job.execution.id)-{i}")), OVERWRITE_OR_IGNORE"
            path = folder
        }
        let start = "COPY (SELECT \(list) FROM ("
        let limit = target.hasRows ? "" : " WHERE false"
        var rowCount = 0
        do throws(QueryEngine.Failure) {
            let answer = try await engine.run(
                "\(start)\(query.fragment.text)) AS t(\(source.joined(separator: ", ")))\(limit)) TO \(DuckDBText.string(path)) "
                    + "(\(options), RETURN_FILES)")
            for line in answer { rowCount += (try? JSON(parsing: Array(line.utf8)))?["Count"]?.looseInt ?? 0 }
        } catch {
            throw QueryResult.problem(error) { query.fragment.origin(of: max(0, $0 - start.utf8.count)) }
        }
        let files = target.hasRows ? try await upload(folder, to: target.location) : []
        if let table = target.table {
            if target.isNew { try await create(table, columns, target) }
            try await addPartitions(of: files, to: table, target)
        }
        return Written(files: files, rowCount: rowCount)
    }

    /// The names of the columns that are written, and what is written to each.
    private func selection(
        _ columns: [(column: ResultColumn, type: EngineType)], _ target: Target
    ) throws -> ([String], [String]) {
        guard let wanted = target.columns else {
            return (
                columns.map(\.column.name),
                columns.enumerated().map { place, column in
                    column.type == .scalar("HUGEINT") ? "CAST(c\(place) AS BIGINT)" : "c\(place)"
                }
            )
        }
        let values = try InsertColumns(
            names: wanted.map(\.name), types: wanted.map(\.type), order: target.order
        ).values(of: columns)
        return (wanted.map(\.name), values)
    }

    private func compression(_ target: Target) throws(SQLProblem) -> String {
        switch target.compression ?? "GZIP" {
        case "GZIP": return "gzip"
        case "SNAPPY": return "snappy"
        case "ZSTD": return "zstd"
        case "NONE", "UNCOMPRESSED": return "uncompressed"
        case let other: throw .notEmulated("the compression \(other)", at: nil)
        }
    }

    /// The locations of the uploaded files.
    private func upload(_ folder: String, to location: String, _ path: String = "") async throws -> [String] {
        var files: [String] = []
        for name in FolderEntries.names(in: "\(folder)/\(path)").sorted() {
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            guard name.hasSuffix(".parquet") else {
                files += try await upload(folder, to: location, inner)
                continue
            }
            guard let object = ObjectLocation(s3: location + inner) else { continue }
            _ = try await objects.putObject(try FileBytes.pieces(of: "\(folder)/\(inner)"), to: object)
            files.append(location + inner)
        }
        return files
    }

    private func create(
        _ name: CatalogStatement.Name, _ columns: [(column: ResultColumn, type: EngineType)], _ target: Target
    ) async throws {
        var table = CatalogStatement.NewTable(name: name)
        let all = try columns.map { column, type in
            guard let hive = type.hiveName else {
                throw SQLProblem.semantic("NOT_SUPPORTED", "Unsupported Hive type: \(column.type)", at: nil)
            }
            return CatalogStatement.Column(name: column.name, type: hive, comment: nil)
        }
        table.columns = all.dropLast(target.partitionedBy.count)
        table.partitionKeys = Array(all.suffix(target.partitionedBy.count))
        (table.format, table.location) = (.named("PARQUET"), target.location)
        _ = try await lake.glue(
            "CreateTable", ["DatabaseName": .string(name.database), "TableInput": .object(table.glue)])
    }

    /// Adds the partitions of new files that the catalog does not know yet.
    private func addPartitions(of files: [String], to name: CatalogStatement.Name, _ target: Target) async throws {
        guard !target.partitionedBy.isEmpty, let table = try await lake.find(name) else { return }
        if table["Parameters"]?["projection.enabled"]?.string?.lowercased() == "true" { return }
        let folders = Set(
            files.map { $0.dropFirst(target.location.count).split(separator: "/").dropLast().joined(separator: "/") })
        for folder in folders.sorted() {
            let values: [String] = folder.split(separator: "/").map { part in
                let value = String(part.drop { $0 != "=" }.dropFirst())
                return String(percentDecoding: value) ?? value
            }
            var storage = table["StorageDescriptor"]?.object ?? [:]
            storage["Location"] = .string(target.location + folder + "/")
            do {
                _ = try await lake.glue(
                    "CreatePartition",
                    [
                        "DatabaseName": .string(name.database), "TableName": .string(name.table),
                        "PartitionInput": [
                            "Values": .array(values.map(JSON.string)), "StorageDescriptor": .object(storage),
                        ],
                    ])
            } catch let fault as AWSFault where fault.code == "AlreadyExistsException" {
                continue
            }
        }
    }
}

extension EngineType {
    /// The type of a table's column in Glue; nil for one that it lacks.
    var hiveName: String? {
        switch self {
        case .decimal(let precision, let scale): return "decimal(\(precision),\(scale))"
        case .list(let element): return element.hiveName.map { "array<\($0)>" }
        case .map(let key, let value):
            guard let key = key.hiveName, let value = value.hiveName else { return nil }
            return "map<\(key),\(value)>"
        case .structure(let fields):
            var members: [String] = []
            for field in fields {
                guard let type = field.type.hiveName else { return nil }
                members.append("\(field.name):\(type)")
            }
            return "struct<\(members.joined(separator: ","))>"
        case .scalar:
            switch athenaName {
            case "varchar", "json": return "string"
            case "varbinary": return "binary"
            case "integer": return "int"
            case "boolean", "tinyint", "smallint", "bigint", "float", "double", "date", "timestamp": return athenaName
            default: return nil
            }
        }
    }
}
