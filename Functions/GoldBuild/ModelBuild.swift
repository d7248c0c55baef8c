internal import AWSClient
internal import AWSModels
internal import Contracts
internal import Iceberg
internal import JSON
internal import Lake
internal import ParquetRead
internal import Time

/// One build of a model: its tables are copied here, the engine runs its statement, and the result replaces the rows of its
/// table in one commit.
struct ModelBuild {
    let model: Model
    let inputs: [InputTable]
    let columns: [GoldColumn]
    let settings: Settings
    let deadline: ContinuousClock.Instant

    init(_ model: Model, inputs: [InputTable], _ settings: Settings, deadline: ContinuousClock.Instant)
        throws(GoldError)
    {
        self.model = model
        self.inputs = inputs
        self.settings = settings
        self.deadline = deadline
        var columns: [GoldColumn] = []
        for column in model.contract.columns { columns.append(try GoldColumn(column, of: model.path)) }
        self.columns = columns
    }

    private var script: ModelScript { ModelScript(model: model, columns: columns) }

    // MARK: What the build is made from

    static let sourceProperty = "cupel.model"

    /// The model's text and the snapshots that it reads: a table that was built from the same needs no build.
    var source: String {
        let snapshots = inputs.map { ("\($0.name)", JSON.string("\($0.snapshot.id)")) }
        return JSON.object(["model": .string(model.hash), "inputs": .object(JSONObject(snapshots))]).text
    }

    private var properties: [String: String] {
        var properties = ["write.format.default": "parquet", "write.metadata.previous-versions-max": "100"]
        let ranking = model.contract.modelLayout.ranking.map { $0.name + ($0.isDescending ? " desc" : "") }
        if !ranking.isEmpty { properties["cupel.ranking"] = ranking.joined(separator: ", ") }
        return properties
    }

    private var schema: IcebergSchema {
        let fields = columns.enumerated().map { place, column in
            IcebergField(
                id: Int32(place + 1), name: column.name, isRequired: column.isRequired, type: column.type,
                documentation: column.documentation)
        }
        return IcebergSchema(
            id: 0, fields: fields, identifierIDs: zip(fields, columns).filter { $1.isKey }.map(\.0.id))
    }

    // MARK: Steps

    /// - Returns: the number of rows; nil if the table has been built from the same before.
    func run(in catalog: LakeCatalog) throws -> Int64? {
        let storage = LakeStorage(settings.objects)
        var table = try catalog.table(model.name.table, in: model.name.namespace)
        if let table, table.metadata.currentSnapshot?.summary[Self.sourceProperty] == source { return nil }
        let folder = try WorkFolder(in: settings.temporaryFolder)
        let result = try query(in: folder, storage)
        if table == nil {
            table = try catalog.createTable(
                model.name.table, in: model.name.namespace,
                location: "s3://\(settings.lakeBucket)/\(model.name.namespace.dropFirst(3))/\(model.name.table)",
                schema: schema, spec: PartitionSpec(id: 0, fields: []),
                properties: properties)
        }
        guard let table else { throw GoldError.table("table \(model.name) is not there") }
        try check(table.metadata)
        let token = settings.clock.uuid()
        let file = try upload(result, to: "\(table.metadata.location)/data/\(token).parquet", table.metadata, storage)
        let old = try TableFiles(of: table.metadata.currentSnapshot, in: table.metadata) { try storage.read($0) }
        let draft = try SnapshotDraft(
            of: table.metadata, old, adding: file.recordCount > 0 ? [file] : [],
            removing: Set(old.dataFiles.map(\.path)),
            schema: table.metadata.currentSchema, id: Snapshot.newID(from: settings.clock.uuid()), token: token,
            timestamp: settings.clock.now().milliseconds,
            summary: ["engine-name": "cupel", Self.sourceProperty: source])
        for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
        var change = TableChange(of: table.metadata)
        change.advance(to: draft.snapshot)
        let changed = properties.filter { table.metadata.properties[$0.key] != $0.value }
        if !changed.isEmpty { change.set(changed) }
        switch try catalog.commit(change, to: model.name.table, in: model.name.namespace) {
        case .committed: return file.recordCount
        case .conflict(let reason): throw GoldError.conflict(reason)
        case .unknown(let error):
            // The answer was lost. The commit is in the table or it is not.
            guard let now = try catalog.table(model.name.table, in: model.name.namespace),
                now.metadata.snapshots.contains(where: { $0.id == draft.snapshot.id })
            else { throw error }
            return file.recordCount
        }
    }

    /// - Returns: the path of the file with the rows.
    private func query(in folder: borrowing WorkFolder, _ storage: LakeStorage) throws -> String {
        var statements: [String] = []
        for (number, input) in inputs.enumerated() {
            statements.append(
                try input.fetch(into: folder.makeFolder("input-\(number)"), storage) { () throws(GoldError) in
                    guard ContinuousClock.now < deadline else { throw timeout }
                })
        }
        let result = "\(folder.path)/result.parquet"
        let outcome = try settings.engine.run(
            script.statements(writing: result), after: script.preparation(making: statements), in: folder.path,
            until: deadline)
        guard let outcome else { throw timeout }
        guard outcome.succeeded else { throw script.failure(outcome.errors) }
        return result
    }

    private var timeout: GoldError { .time(place: model.path) }

    /// The table has the contract's columns; another form of it is another table.
    private func check(_ metadata: TableMetadata) throws(GoldError) {
        let stored = metadata.currentSchema.fields.map { "\($0.name) \($0.type)" }
        let wanted = columns.map { "\($0.name) \($0.type)" }
        guard stored == wanted else {
            throw .table(
                "table \(model.name) has the columns \(stored.joined(separator: ", ")), and its contract has "
                    + "\(wanted.joined(separator: ", ")); delete the table to have it made anew")
        }
    }

    private func upload(
        _ path: String, to location: String, _ metadata: TableMetadata, _ storage: LakeStorage
    ) throws -> DataFile {
        let local = try LocalFile(reading: path)
        let file = try LakeFileWriter(storage, to: location)
        do {
            while true {
                let piece = try local.next(upTo: 1 << 20)
                guard !piece.isEmpty else { break }
                try piece.withUnsafeBytes { (bytes) throws in try file.write(bytes) }
            }
            try file.finish()
        } catch {
            file.abort()
            throw error
        }
        guard let object = LakeStorage.object(at: location) else {
            throw GoldError.table("table \(model.name): its location \(metadata.location) is not in S3")
        }
        let footer = try ParquetFile(reading: ObjectRanges(storage.objects, object, size: file.sizeInBytes)).metadata
        return try DataFile(footer, at: location, sizeInBytes: file.sizeInBytes, metadata.currentSchema)
    }
}
