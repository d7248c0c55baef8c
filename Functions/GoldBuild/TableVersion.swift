internal import AWSModels
internal import Iceberg
internal import Lake

/// A table as one snapshot of it.
struct TableVersion {
    let name: TableName
    let metadata: TableMetadata
    let snapshot: Snapshot

    init(_ name: TableName, _ metadata: TableMetadata, _ snapshot: Snapshot) {
        self.name = name
        self.metadata = metadata
        self.snapshot = snapshot
    }

    /// The table's current snapshot.
    /// - Returns: nil if the table is not there, or has no snapshot yet.
    init?(_ name: TableName, in catalog: LakeCatalog) throws(LakeError) {
        guard let table = try catalog.table(name.table, in: name.namespace),
            let snapshot = table.metadata.currentSnapshot
        else { return nil }
        self.init(name, table.metadata, snapshot)
    }

    /// The table as it was; nil if that snapshot is there no more.
    func earlier(_ id: String) -> TableVersion? {
        metadata.snapshots.first { "\($0.id)" == id }.map { TableVersion(name, metadata, $0) }
    }

    /// Reads the manifests.
    /// - Parameters:
    ///   - statistics: those of columns that are asked for.
    ///   - known: another version of the table, whose manifests are not read again.
    func files(
        _ storage: LakeStorage, keeping statistics: KeptStatistics, known: TableFiles = .none
    ) throws -> VersionFiles {
        let listed = try TableFiles(of: snapshot, in: metadata, known: known, keeping: statistics) {
            try storage.read($0)
        }
        return try files(storage, listed: listed)
    }

    /// - Parameter listed: what the manifests of the snapshot list.
    func files(_ storage: LakeStorage, listed: TableFiles) throws -> VersionFiles {
        VersionFiles(
            manifests: listed,
            files: listed.manifests.flatMap { manifest in
                manifest.entries.filter { $0.file.content == .data }.map { .init(file: $0.file, spec: manifest.spec) }
            },
            deleted: try DeletedRows(listed, of: "\(name)", storage), deletes: listed.positionDeletes())
    }
}

/// The data files of a snapshot, and what other engines have deleted from them.
struct VersionFiles {
    struct Listed: Sendable {
        let file: DataFile
        let spec: PartitionSpec
    }

    let manifests: TableFiles
    let files: [Listed]
    let deleted: DeletedRows
    fileprivate let deletes: [String: [DataFile]]

    init(manifests: TableFiles, files: [Listed], deleted: DeletedRows, deletes: [String: [DataFile]]) {
        self.manifests = manifests
        self.files = files
        self.deleted = deleted
        self.deletes = deletes
    }

    /// The files whose rows are not, or not the same, in another snapshot.
    func unlike(_ other: VersionFiles) -> [Listed] {
        let paths = Set(other.files.map(\.file.path))
        return files.filter { listed in
            let path = listed.file.path
            func names(_ files: VersionFiles) -> Set<String> { Set((files.deletes[path] ?? []).map(\.path)) }
            return !paths.contains(path) || names(self) != names(other)
        }
    }
}
