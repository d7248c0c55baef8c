/// The files of one snapshot, by the manifests that list them.
public struct TableFiles: Sendable {
    /// A manifest with the entries that are alive.
    public struct Listed: Sendable {
        public let line: ManifestFile
        public let spec: PartitionSpec
        public let entries: [ManifestEntry]
    }

    public let manifests: [Listed]

    public static let none = TableFiles(manifests: [])

    private init(manifests: [Listed]) { self.manifests = manifests }

    /// Reads the manifests of a snapshot.
    /// - Parameter read: returns the bytes of the file at a location of the table.
    public init(
        of snapshot: Snapshot?, in metadata: TableMetadata, read: (String) throws -> [UInt8]
    ) throws {
        guard let snapshot else {
            self = .none
            return
        }
        var manifests: [Listed] = []
        for line in try ManifestFile.list(read(snapshot.manifestList)) {
            guard let spec = metadata.specs.first(where: { $0.id == line.specID }) else {
                throw IcebergError.metadata(place: line.path, reason: "the table has no partition spec \(line.specID)")
            }
            // A partition's source may be a column that the table has no more: its type is that of the newest schema with it.
            let schema = metadata.schema(with: spec)
            let manifest = try Manifest(read(line.path), listed: line, spec: spec, schema: schema)
            manifests.append(
                Listed(line: line, spec: spec, entries: manifest.entries.filter { $0.status != .deleted }))
        }
        self.manifests = manifests
    }

    /// The files of rows.
    public var dataFiles: [DataFile] {
        manifests.flatMap { $0.entries.map(\.file) }.filter { $0.content == .data }
    }

    /// The files of deletes, which other engines write.
    public var deleteFiles: [DataFile] {
        manifests.flatMap { $0.entries.map(\.file) }.filter { $0.content != .data }
    }
}

extension TableMetadata {
    /// The newest schema that has the sources of a spec.
    /// - Parameter newest: one that the table is about to get.
    func schema(with spec: PartitionSpec, besides newest: IcebergSchema? = nil) -> IcebergSchema {
        let candidates = [newest ?? currentSchema] + schemas.sorted { $0.id > $1.id }
        return candidates.first { schema in spec.fields.allSatisfy { schema.field($0.sourceID) != nil } }
            ?? currentSchema
    }
}
