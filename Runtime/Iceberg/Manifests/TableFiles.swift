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
    /// - Parameters:
    ///   - known: another snapshot of the table: manifests never change, so those that both have are not read again.
    ///   - statistics: those that the files have; `known` has the same.
    ///   - read: returns the bytes of the file at a location of the table.
    public init(
        of snapshot: Snapshot?, in metadata: TableMetadata, known: TableFiles = .none,
        keeping statistics: KeptStatistics = .all, read: (String) throws -> [UInt8]
    ) throws {
        guard let snapshot else {
            self = .none
            return
        }
        let knownManifests = Dictionary(
            known.manifests.map { ($0.line.path, $0) }, uniquingKeysWith: { first, _ in first })
        var manifests: [Listed] = []
        for line in try ManifestFile.list(read(snapshot.manifestList)) {
            if let known = knownManifests[line.path], known.line == line {
                manifests.append(known)
                continue
            }
            guard let spec = metadata.specs.first(where: { $0.id == line.specID }) else {
                throw IcebergError.metadata(place: line.path, reason: "the table has no partition spec \(line.specID)")
            }
            // A partition's source may be a column that the table has no more: its type is that of the newest schema with it.
            let schema = metadata.schema(with: spec)
            let manifest = try Manifest(
                read(line.path), listed: line, spec: spec, schema: schema, keeping: statistics)
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

    /// The id of the column of position deletes that names the data file; that of the row's place in it.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#position-delete-files>
    public static let deletedPathID: Int32 = 2_147_483_546
    public static let deletedPositionID: Int32 = 2_147_483_545

    /// For each data file with rows that may be deleted by their positions: the files that say so.
    public func positionDeletes() -> [String: [DataFile]] {
        let deletes = manifests.flatMap { manifest in
            manifest.entries.filter { $0.file.content == .positionDeletes }.map { (manifest.spec.id, $0) }
        }
        guard !deletes.isEmpty else { return [:] }
        var result: [String: [DataFile]] = [:]
        for manifest in manifests {
            for entry in manifest.entries where entry.file.content == .data {
                let applying = deletes.filter { spec, delete in
                    spec == manifest.spec.id && delete.file.partition == entry.file.partition
                        && delete.sequenceNumber >= entry.sequenceNumber && delete.file.mayName(entry.file.path)
                }
                if !applying.isEmpty { result[entry.file.path] = applying.map(\.1.file) }
            }
        }
        return result
    }
}

extension DataFile {
    /// Whether a file of position deletes may have some of a data file.
    fileprivate func mayName(_ path: String) -> Bool {
        if let referencedPath { return referencedPath == path }
        let bytes = Array(path.utf8)
        // Bounds of text may be cut.
        if let lower = lowerBounds[TableFiles.deletedPathID], bytes.lexicographicallyPrecedes(lower) { return false }
        if let upper = upperBounds[TableFiles.deletedPathID],
            upper.lexicographicallyPrecedes(bytes.prefix(upper.count))
        {
            return false
        }
        return true
    }

    /// The only data file whose rows a file of position deletes deletes; nil if there may be several.
    public var onlyDeletesFrom: String? {
        guard content == .positionDeletes else { return nil }
        if let referencedPath { return referencedPath }
        guard let lower = lowerBounds[TableFiles.deletedPathID], lower == upperBounds[TableFiles.deletedPathID],
            // A bound that is cut names no file.
            lower.suffix(8) == Array(".parquet".utf8)[...]
        else { return nil }
        return String(decoding: lower, as: UTF8.self)
    }
}

extension TableMetadata {
    /// The newest schema that has the sources of a spec.
    /// - Parameter newest: one that the table is about to get.
    public func schema(with spec: PartitionSpec, besides newest: IcebergSchema? = nil) -> IcebergSchema {
        let candidates = [newest ?? currentSchema] + schemas.sorted { $0.id > $1.id }
        return candidates.first { schema in spec.fields.allSatisfy { schema.field($0.sourceID) != nil } }
            ?? currentSchema
    }
}
