internal import AWSModels
internal import Iceberg
internal import Lake

/// A table that a model reads, as one snapshot of it.
struct InputTable {
    let name: TableName
    let metadata: TableMetadata
    let snapshot: Snapshot

    /// - Returns: nil if the table is not there, or has no snapshot yet.
    init?(_ name: TableName, in catalog: LakeCatalog) throws(LakeError) {
        guard let table = try catalog.table(name.table, in: name.namespace),
            let snapshot = table.metadata.currentSnapshot
        else { return nil }
        self.name = name
        metadata = table.metadata
        self.snapshot = snapshot
    }

    /// Copies the data files to a folder.
    /// - Returns: the statement that makes the table of them.
    func fetch(into folder: String, _ storage: LakeStorage, goOn: () throws(GoldError) -> Void) throws -> String {
        let files = try TableFiles(of: snapshot, in: metadata) { try storage.read($0) }
        guard files.deleteFiles.isEmpty else {
            throw GoldError.table(
                "table \(name) has delete files of another engine, which are not applied; "
                    + "let that engine rewrite its data files first")
        }
        let fields = try metadata.currentSchema.fields.map { field in
            guard let type = field.type.sqlName else {
                throw GoldError.table(
                    "table \(name): its column \(field.name) is \(field.type), which models cannot read")
            }
            return (field, type)
        }
        guard !files.dataFiles.isEmpty else {
            let columns = fields.map { field, type in "CAST(NULL AS \(type)) AS \(SQLText.name(field.name))" }
            return "CREATE VIEW \(name) AS SELECT \(columns.joined(separator: ", ")) WHERE false;"
        }
        for (number, file) in files.dataFiles.enumerated() {
            guard let object = LakeStorage.object(at: file.path) else {
                throw GoldError.table("table \(name): the data file \(file.path) is not in S3")
            }
            let ranges = ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes))
            let copy = try LocalFile(creating: "\(folder)/\(number).parquet")
            for start in stride(from: 0, to: ranges.size, by: Self.pieceSize) {
                try goOn()
                try copy.append(ranges.read(start..<min(start + Self.pieceSize, ranges.size)))
            }
        }
        // By field id: a file may be older than a column, or than its name.
        let schema = fields.map { field, type in
            "\(field.id): {name: \(SQLText.string(field.name)), type: \(SQLText.string(type)), default_value: NULL}"
        }
        return "CREATE VIEW \(name) AS SELECT * FROM read_parquet(\(SQLText.string("\(folder)/*.parquet")), "
            + "schema=MAP{\(schema.joined(separator: ", "))});"
    }

    private static let pieceSize = 8 << 20
}
