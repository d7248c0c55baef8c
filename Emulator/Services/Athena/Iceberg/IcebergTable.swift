internal import DuckDB
internal import EmulatorCore
internal import Iceberg
internal import JSON
internal import Time

/// An Iceberg table as a statement has found it.
struct IcebergTable: Sendable {
    let name: CatalogStatement.Name
    let document: JSON
    let metadata: TableMetadata
    let files: TableFiles

    /// - Parameter document: the table's metadata.
    init(_ name: CatalogStatement.Name, _ document: JSON, _ objects: any ObjectStore) throws {
        self.name = name
        self.document = document
        metadata = try TableMetadata(document)
        files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try IcebergInput.read($0, objects) }
    }

    /// The files of deletes that delete rows of none but the data files at these paths.
    func deletes(onlyFrom paths: Set<String>) -> Set<String> {
        var targets: [String: Set<String>] = [:]
        for (path, deletes) in files.positionDeletes() {
            for delete in deletes { targets[delete.path, default: []].insert(path) }
        }
        return Set(targets.filter { $0.value.isSubset(of: paths) }.keys)
    }

    /// The paths of all files that a snapshot needs.
    func allFiles(of snapshot: Iceberg.Snapshot, _ objects: any ObjectStore) throws -> Set<String> {
        let files = try TableFiles(of: snapshot, in: metadata) { try IcebergInput.read($0, objects) }
        var paths: Set<String> = [snapshot.manifestList]
        for manifest in files.manifests {
            paths.insert(manifest.line.path)
            paths.formUnion(manifest.entries.map(\.file.path))
        }
        return paths
    }

    /// The columns as the engine has them.
    /// - Throws: ``SQLProblem`` for a type that the engine lacks.
    func columns() throws(SQLProblem) -> [(field: IcebergField, type: String)] {
        var columns: [(field: IcebergField, type: String)] = []
        for field in metadata.currentSchema.fields {
            guard let type = field.type.duckDBName else {
                throw .notEmulated("the column \(field.name) of type \(field.type)", at: name.offset)
            }
            columns.append((field, type))
        }
        return columns
    }
}

/// Makes files a table's, by commits that succeed only if the table is still as it was read.
struct IcebergCommit: Sendable {
    let peers: Peers
    let catalog: any TableCatalog
    let objects: any ObjectStore
    let clock: ClockAndChance

    init(_ peers: Peers, _ clock: ClockAndChance) throws(AWSFault) {
        guard let catalog = peers.tables, let objects = peers.objects else {
            throw .notEmulated("Athena's Iceberg tables without Glue and S3")
        }
        (self.peers, self.catalog, self.objects, self.clock) = (peers, catalog, objects, clock)
    }

    func load(_ name: CatalogStatement.Name) throws -> IcebergTable {
        try IcebergTable(name, try catalog.loadTable(name.table, in: name.database), objects)
    }

    /// How often a commit that only adds files is tried again. Each time, another commit has succeeded.
    private static let attempts = 20

    /// Adds files: another writer's commit meanwhile is no conflict.
    func append(_ added: [DataFile], to table: IcebergTable) async throws {
        guard !added.isEmpty else { return }
        var table = table
        let form = (table.metadata.uuid, table.metadata.defaultSpec.id)
        for _ in 1..<Self.attempts {
            if try await commit(adding: added, removing: [], to: table) { return }
            table = try load(table.name)
            // Files belong to the table and the partitions that they were written for.
            guard form == (table.metadata.uuid, table.metadata.defaultSpec.id) else { break }
        }
        await discard(added.map(\.path))
        throw Self.conflict(table.name)
    }

    /// Replaces files by others.
    /// - Throws: ``SQLProblem`` `ICEBERG_COMMIT_ERROR` if another commit was faster: the new files may lack its rows.
    func replace(_ removed: Set<String>, by added: [DataFile], in table: IcebergTable) async throws {
        guard !removed.isEmpty || !added.isEmpty else { return }
        let removed = removed.union(table.deletes(onlyFrom: removed))
        guard try await commit(adding: added, removing: removed, to: table) else {
            await discard(added.map(\.path))
            throw Self.conflict(table.name)
        }
    }

    static func conflict(_ name: CatalogStatement.Name) -> SQLProblem {
        .semantic(
            "ICEBERG_COMMIT_ERROR", "Failed to commit Iceberg update to table: \(name.database).\(name.table)", at: nil)
    }

    /// - Returns: false if another commit was faster. Then nothing of this one is in the table.
    private func commit(
        adding added: [DataFile], removing removed: Set<String>, to table: IcebergTable
    ) async throws -> Bool {
        let draft = try draft(adding: added, removing: removed, to: table.metadata, table.files)
        try await write(draft)
        var change = TableChange(of: table.metadata)
        change.advance(to: draft.snapshot)
        guard try await commit(change, to: table.name) else {
            await discard(draft.files.map(\.path))
            return false
        }
        return true
    }

    /// - Returns: false if the table has changed since it was read.
    func commit(_ change: TableChange, to name: CatalogStatement.Name) async throws -> Bool {
        do throws(AWSFault) {
            try await catalog.commit(change.json, to: name.table, in: name.database)
            return true
        } catch {
            guard error.code == "CommitFailedException" else { throw error }
            return false
        }
    }

    private func draft(
        adding added: [DataFile], removing removed: Set<String>, to metadata: TableMetadata, _ files: TableFiles
    ) throws -> SnapshotDraft {
        try SnapshotDraft(
            of: metadata, files, adding: added, removing: removed, schema: metadata.currentSchema,
            id: Iceberg.Snapshot.newID(from: clock.uuid()), token: clock.uuid(), timestamp: clock.now().milliseconds,
            summary: ["engine-name": "athena"])
    }

    private func write(_ draft: SnapshotDraft) async throws {
        for file in draft.files { try await put(RequestBody(file.bytes), to: file.path) }
    }

    /// The updates that give a table that is about to be created its first files.
    func firstUpdates(adding added: [DataFile], to metadata: TableMetadata) async throws -> [JSON] {
        guard !added.isEmpty else { return [] }
        let draft = try draft(adding: added, removing: [], to: metadata, .none)
        try await write(draft)
        var change = TableChange(of: metadata)
        change.advance(to: draft.snapshot)
        return change.updates
    }

    func put(_ contents: RequestBody, to location: String) async throws {
        guard let object = ObjectLocation(s3: location) else {
            throw SQLProblem.semantic(
                "ICEBERG_FILESYSTEM_ERROR", "The location \(location) is not in Amazon S3", at: nil)
        }
        _ = try await objects.putObject(contents, to: object)
    }

    /// Deletes files that no table has. One that stays is an orphan, as after a crash.
    func discard(_ locations: [String]) async {
        for location in locations {
            guard let object = ObjectLocation(s3: location) else { continue }
            try? await objects.deleteObject(object)
        }
    }
}
