internal import AWSClient
public import Iceberg
public import Lake

/// Reads which files snapshots name: each manifest once, however many snapshots list it.
public struct NamedFiles {
    private let storage: LakeStorage
    private let metadata: TableMetadata
    private let allowsMissing: Bool
    private var manifests: [String: [String: Int64]] = [:]

    /// - Parameter allowsMissing: whether snapshots may have lost their lists and manifests: these name nothing then.
    public init(of metadata: TableMetadata, _ storage: LakeStorage, allowsMissing: Bool = false) {
        self.metadata = metadata
        self.storage = storage
        self.allowsMissing = allowsMissing
    }

    /// The files of some snapshots, by their ``LakeStorage/canonical(_:)`` locations, with their sizes in bytes.
    public mutating func files(
        of snapshots: [Snapshot], checkpoint: () throws -> Void
    ) throws -> [String: Int64] {
        var files: [String: Int64] = [:]
        for snapshot in snapshots {
            try checkpoint()
            guard let list = try read(snapshot.manifestList) else { continue }
            files[LakeStorage.canonical(snapshot.manifestList)] = Int64(list.count)
            for line in try ManifestFile.list(list) {
                files[LakeStorage.canonical(line.path)] = line.sizeInBytes
                if manifests[line.path] == nil { manifests[line.path] = try entries(of: line) }
                for (path, size) in manifests[line.path] ?? [:] { files[path] = size }
            }
        }
        return files
    }

    private func read(_ location: String) throws -> [UInt8]? {
        do throws(LakeError) { return try storage.read(location) } catch {
            if allowsMissing, case .storage(_, let inner) = error, inner.isNotFound { return nil }
            throw error
        }
    }

    private mutating func entries(of line: ManifestFile) throws -> [String: Int64] {
        guard let spec = metadata.specs.first(where: { $0.id == line.specID }) else {
            throw LakeError.unreadable("\(line.path): the table has no partition spec \(line.specID)")
        }
        guard let bytes = try read(line.path) else { return [:] }
        let manifest = try Manifest(bytes, listed: line, spec: spec, schema: metadata.schema(with: spec))
        var files: [String: Int64] = [:]
        for entry in manifest.entries where entry.status != .deleted {
            files[LakeStorage.canonical(entry.file.path)] = entry.file.sizeInBytes
        }
        return files
    }
}
