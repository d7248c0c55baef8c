public import Iceberg
public import Lake

/// Reads which files snapshots name: each manifest once, however many snapshots list it.
public struct NamedFiles {
    private let storage: LakeStorage
    private let metadata: TableMetadata
    private var manifests: [String: [String: Int64]] = [:]

    public init(of metadata: TableMetadata, _ storage: LakeStorage) {
        self.metadata = metadata
        self.storage = storage
    }

    /// The files of some snapshots with their sizes in bytes; 0 where that is not known.
    public mutating func files(
        of snapshots: [Snapshot], checkpoint: () throws -> Void
    ) throws -> [String: Int64] {
        var files: [String: Int64] = [:]
        for snapshot in snapshots {
            try checkpoint()
            let list = try storage.read(snapshot.manifestList)
            files[snapshot.manifestList] = Int64(list.count)
            for line in try ManifestFile.list(list) {
                files[line.path] = line.sizeInBytes
                if manifests[line.path] == nil { manifests[line.path] = try entries(of: line) }
                for (path, size) in manifests[line.path] ?? [:] { files[path] = size }
            }
        }
        return files
    }

    private mutating func entries(of line: ManifestFile) throws -> [String: Int64] {
        guard let spec = metadata.specs.first(where: { $0.id == line.specID }) else {
            throw LakeError.unreadable("\(line.path): the table has no partition spec \(line.specID)")
        }
        let manifest = try Manifest(
            storage.read(line.path), listed: line, spec: spec, schema: metadata.schema(with: spec))
        var files: [String: Int64] = [:]
        for entry in manifest.entries where entry.status != .deleted { files[entry.file.path] = entry.file.sizeInBytes }
        return files
    }
}
