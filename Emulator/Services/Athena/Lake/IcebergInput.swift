internal import DuckDB
internal import EmulatorCore
internal import Iceberg
internal import JSON

/// A state of an Iceberg table that a query reads.
struct IcebergInput {
    private let use: TableUse
    private let metadata: TableMetadata
    private let document: JSON
    private let objects: any ObjectStore

    init(_ use: TableUse, location: String, _ objects: any ObjectStore) throws {
        self.use = use
        self.objects = objects
        document = try JSON(parsing: try Self.read(location, objects))
        metadata = try TableMetadata(document)
    }

    /// A table as it is already read.
    init(_ table: IcebergTable, _ objects: any ObjectStore) {
        use = TableUse(database: table.name.database, table: table.name.table, offset: table.name.offset)
        document = table.document
        metadata = table.metadata
        self.objects = objects
    }

    static func read(_ location: String, _ objects: any ObjectStore) throws -> [UInt8] {
        guard let object = ObjectLocation(s3: location) else {
            throw SQLProblem.semantic(
                "ICEBERG_FILESYSTEM_ERROR", "The location \(location) is not in Amazon S3", at: nil)
        }
        return try objects.contents(of: object)
    }

    /// The columns of a view that say where a row is: the place of its file among the table's, and its own in the file.
    enum Mark {
        static let file = DuckDBText.name("cupel file")
        static let row = DuckDBText.name("cupel row")
    }

    /// The statements that make the view.
    /// - Parameter isMarked: whether each row says where it is (``Mark``).
    func view(
        _ name: String, in folder: String, isMarked: Bool = false, _ limit: inout ScanLimit
    ) throws -> [String] {
        if case .facts(let facts) = use.state {
            let rows = try IcebergFacts(metadata, document: document, offset: use.offset) { try Self.read($0, objects) }
                .rows(of: facts)
            return ["CREATE VIEW \(name) AS \(rows)"]
        }
        let snapshot = try snapshot()
        let schema: IcebergSchema =
            switch use.state {
            case .current: metadata.currentSchema
            default: metadata.schemas.first { $0.id == snapshot?.schemaID } ?? metadata.currentSchema
            }
        let files = try TableFiles(of: snapshot, in: metadata) { try Self.read($0, objects) }
        let columns = try schema.fields.map { field in
            guard let type = field.type.duckDBName else {
                throw SQLProblem.notEmulated("the column \(field.name) of type \(field.type)", at: use.offset)
            }
            return (id: field.id, name: field.name.lowercased(), type: type)
        }
        guard !files.dataFiles.isEmpty else {
            var nulls = columns.map { "CAST(NULL AS \($0.type)) AS \(DuckDBText.name($0.name))" }
            if isMarked { nulls += [Mark.file, Mark.row].map { "CAST(NULL AS BIGINT) AS \($0)" } }
            return ["CREATE VIEW \(name) AS SELECT \(nulls.joined(separator: ", ")) WHERE false"]
        }
        try limit.scan(files.dataFiles.reduce(0) { $0 + Int($1.sizeInBytes) })
        // By field id: a file may be older than a column, or than its name.
        let byID = columns.map { id, name, type in
            "\(id): {name: \(DuckDBText.string(name)), type: \(DuckDBText.string(type)), default_value: NULL}"
        }
        let reading = "schema=MAP{\(byID.joined(separator: ", "))}"
        let marks =
            isMarked
            ? ", CAST(parse_filename(\(Mark.file), true) AS BIGINT) AS \(Mark.file), file_row_number AS \(Mark.row)"
            : ""
        let hidden = isMarked ? "file_row_number, \(Mark.file)" : "file_row_number"
        let options = isMarked ? ", filename='cupel file'" : ""
        let parts = try copies(of: files, into: folder).map { paths, deletes in
            let list = paths.map(DuckDBText.string).joined(separator: ", ")
            guard isMarked || !deletes.isEmpty else { return "SELECT * FROM read_parquet([\(list)], \(reading))" }
            let rows =
                "SELECT * EXCLUDE (\(hidden))\(marks) FROM read_parquet([\(list)], file_row_number=true\(options), "
                + "\(reading))"
            guard !deletes.isEmpty else { return rows }
            return "\(rows) WHERE file_row_number NOT IN (\(deletes.joined(separator: " UNION ALL ")))"
        }
        return ["CREATE VIEW \(name) AS \(parts.joined(separator: " UNION ALL "))"]
    }

    /// Local copies of the data files: those without deleted rows together, each other alone with its deletes.
    private func copies(of files: TableFiles, into folder: String) throws -> [(paths: [String], deletes: [String])] {
        if let other = files.deleteFiles.first(where: { $0.content == .equalityDeletes }) {
            throw SQLProblem.notEmulated("a table with equality deletes (\(other.path))", at: use.offset)
        }
        try LocalFolder.make(folder)
        var deleteFiles: [String: String] = [:]
        let deletes = files.positionDeletes()
        var plain: [String] = []
        var others: [(paths: [String], deletes: [String])] = []
        for (number, file) in files.dataFiles.enumerated() {
            let copy = "\(folder)/\(number).parquet"
            try self.copy(file, to: copy)
            guard let applying = deletes[file.path], !applying.isEmpty else {
                plain.append(copy)
                continue
            }
            var queries: [String] = []
            for delete in applying {
                let path = deleteFiles[delete.path] ?? "\(folder)/deletes-\(deleteFiles.count).parquet"
                if deleteFiles.updateValue(path, forKey: delete.path) == nil { try self.copy(delete, to: path) }
                queries.append(
                    "SELECT pos FROM read_parquet(\(DuckDBText.string(path))) "
                        + "WHERE file_path = \(DuckDBText.string(file.path))")
            }
            others.append(([copy], queries))
        }
        return (plain.isEmpty ? [] : [(plain, [])]) + others
    }

    private func copy(_ file: DataFile, to path: String) throws {
        guard file.format.uppercased() == "PARQUET", let object = ObjectLocation(s3: file.path) else {
            throw SQLProblem.notEmulated("the data file \(file.path), which is no Parquet in S3,", at: use.offset)
        }
        do throws(AWSFault) { try objects.copyObject(object, toFile: path) } catch {
            throw SQLProblem.semantic("ICEBERG_MISSING_DATA", "\(file.path): \(error.message)", at: use.offset)
        }
    }

    private func snapshot() throws -> Iceberg.Snapshot? {
        switch use.state {
        case .current, .facts: return metadata.currentSnapshot
        case .version(let id):
            guard let snapshot = metadata.snapshots.first(where: { $0.id == id }) else {
                throw SQLProblem.semantic(
                    "INVALID_ARGUMENTS", "Iceberg snapshot ID does not exists: \(id)", at: use.offset)
            }
            return snapshot
        case .time(let time):
            // By the log, because a table may have been rolled back.
            let log = (document["snapshot-log"]?.array ?? []).filter { ($0["timestamp-ms"]?.int ?? .max) <= time }
            guard let id = log.last?["snapshot-id"]?.int,
                let snapshot = metadata.snapshots.first(where: { $0.id == id })
            else {
                throw SQLProblem.semantic(
                    "INVALID_ARGUMENTS",
                    "No version history table \"\(use.database)\".\"\(use.table)\" at or before the time",
                    at: use.offset)
            }
            return snapshot
        }
    }
}
