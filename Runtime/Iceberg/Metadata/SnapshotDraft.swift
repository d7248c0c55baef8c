/// A snapshot that replaces some files of the last one by others, with the manifests that say so.
///
/// Copy-on-write: nothing that a reader of an older snapshot needs is changed.
/// - SeeAlso: <https://iceberg.apache.org/spec/#snapshots>
public struct SnapshotDraft: Sendable {
    /// A metadata file that must be there before the snapshot is committed.
    public struct NewFile: Sendable {
        public let path: String
        public let bytes: [UInt8]
    }

    public let snapshot: Snapshot
    public let files: [NewFile]
    /// Manifests of the last snapshot that stay as they are.
    public let keptManifestCount: Int

    /// A manifest of fewer bytes is written again with what is new, so that small commits do not leave one each: every manifest is a
    /// request of each reader and of each later commit.
    private static let smallManifestSize: Int64 = 32 << 10
    /// Manifests above this number are joined whatever their size.
    private static let manifestLimit = 16
    /// Entries that a joined manifest has at most.
    private static let entryLimit = 10_000

    /// - Parameters:
    ///   - files: those of the table's current snapshot.
    ///   - removed: the paths of the files that are no longer in the table.
    ///   - id: of the snapshot, a positive number that no other has.
    ///   - token: in the names of the metadata files, so that no other attempt writes the same.
    ///   - timestamp: milliseconds since 1970; not before the last snapshot's.
    ///   - schema: that of the files that are new.
    ///   - operation: nil for what the files say: `append`, or `overwrite` where some are removed. `replace` is for the same rows in
    ///     other files.
    ///   - joinsManifests: whether small manifests are written again with the others however few they are.
    ///   - stale: the paths of manifests that are written again in any case.
    ///   - summary: what the writer adds to the summary.
    public init(
        of metadata: TableMetadata, _ files: TableFiles, adding added: [DataFile], removing removed: Set<String>,
        schema: IcebergSchema, id: Int64, token: String, timestamp: Int64,
        operation: String? = nil, joinsManifests: Bool = false, rewriting stale: Set<String> = [],
        summary: [String: String]
    ) throws(IcebergError) {
        let parent = metadata.currentSnapshot
        let sequence = metadata.lastSequenceNumber + 1
        let spec = metadata.defaultSpec
        let sync = Self.sync(of: token)
        let folder = "\(metadata.location)/metadata"
        var kept: [ManifestFile] = []
        var rewritten: [ManifestKind: [ManifestEntry]] = [:]
        var totals = Totals()
        let joins = joinsManifests || files.manifests.count >= Self.manifestLimit
        for manifest in files.manifests {
            let isHit =
                stale.contains(manifest.line.path) || manifest.entries.contains { removed.contains($0.file.path) }
            let isJoined =
                manifest.line.content == .data
                && (manifest.line.sizeInBytes < Self.smallManifestSize
                    || joins && manifest.entries.count < Self.entryLimit)
            guard isHit || isJoined else {
                for entry in manifest.entries { totals.keep(entry.file) }
                if !manifest.entries.isEmpty { kept.append(manifest.line) }
                continue
            }
            for var entry in manifest.entries {
                if removed.contains(entry.file.path) {
                    entry.status = .deleted
                    entry.snapshotID = id
                    totals.remove(entry.file)
                } else {
                    entry.status = .existing
                    totals.keep(entry.file)
                }
                rewritten[ManifestKind(manifest.spec, manifest.line.content), default: []].append(entry)
            }
        }
        for file in added {
            totals.add(file)
            rewritten[ManifestKind(spec, .data), default: []].append(
                ManifestEntry(
                    status: .added, snapshotID: id, sequenceNumber: sequence, fileSequenceNumber: sequence, file: file))
        }
        var written: [NewFile] = []
        var lines: [ManifestFile] = []
        for (kind, entries) in rewritten.sorted(by: { $0.key < $1.key }) {
            let spec = kind.spec
            let bytes = try Manifest.bytes(
                entries, spec: spec, schema: metadata.schema(with: spec, besides: schema), content: kind.content,
                sync: sync)
            let path = "\(folder)/\(token)-m\(lines.count).avro"
            written.append(NewFile(path: path, bytes: bytes))
            lines.append(
                ManifestFile(
                    path: path, sizeInBytes: Int64(bytes.count), entries: entries, spec: spec, sequenceNumber: sequence,
                    snapshotID: id, content: kind.content))
        }
        let listPath = "\(folder)/snap-\(id)-\(token).avro"
        let list = try ManifestFile.bytes(
            of: lines + kept, snapshotID: id, parentID: parent?.id, sequenceNumber: sequence, sync: sync)
        written.append(NewFile(path: listPath, bytes: list))
        self.files = written
        keptManifestCount = kept.count
        snapshot = Snapshot(
            id: id, parentID: parent?.id, sequenceNumber: sequence, timestamp: max(timestamp, parent?.timestamp ?? 0),
            manifestList: listPath,
            summary: totals.summary.merging(summary) { $1 }.merging(
                ["operation": operation ?? (removed.isEmpty ? "append" : "overwrite")]) { $1 },
            schemaID: schema.id)
    }

    /// The mark between the blocks of an Avro file: any 16 bytes, here of the token.
    private static func sync(of token: String) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x9D, count: 16)
        for (place, byte) in token.utf8.enumerated() { bytes[place % 16] = bytes[place % 16] &* 31 &+ byte }
        return bytes
    }
}

/// What one manifest lists: files of one spec, of rows or of deletes.
private struct ManifestKind: Hashable, Comparable {
    let spec: PartitionSpec
    let content: ManifestFile.Content

    init(_ spec: PartitionSpec, _ content: ManifestFile.Content) {
        self.spec = spec
        self.content = content
    }

    static func < (left: ManifestKind, right: ManifestKind) -> Bool {
        (left.spec.id, left.content.rawValue) < (right.spec.id, right.content.rawValue)
    }
}

/// The counts of a snapshot's summary.
/// - SeeAlso: <https://iceberg.apache.org/spec/#optional-snapshot-summary-fields>
private struct Totals {
    private struct Count {
        var files: Int64 = 0
        var rows: Int64 = 0
        var bytes: Int64 = 0

        mutating func add(_ file: DataFile) {
            files += 1
            rows += file.recordCount
            bytes += file.sizeInBytes
        }
    }

    private var kept = Count()
    private var added = Count()
    private var removed = Count()
    private var positionDeletes = Count()
    private var equalityDeletes = Count()
    private var removedDeletes = Count()

    mutating func keep(_ file: DataFile) {
        switch file.content {
        case .data: kept.add(file)
        case .positionDeletes: positionDeletes.add(file)
        case .equalityDeletes: equalityDeletes.add(file)
        }
    }

    mutating func add(_ file: DataFile) { added.add(file) }

    mutating func remove(_ file: DataFile) {
        if file.content == .data { removed.add(file) } else { removedDeletes.add(file) }
    }

    var summary: [String: String] {
        var result = [
            "total-data-files": "\(kept.files + added.files)", "total-records": "\(kept.rows + added.rows)",
            "total-files-size": "\(kept.bytes + added.bytes)",
            "total-delete-files": "\(positionDeletes.files + equalityDeletes.files)",
            "total-position-deletes": "\(positionDeletes.rows)", "total-equality-deletes": "\(equalityDeletes.rows)",
        ]
        if removedDeletes.files > 0 {
            result["removed-delete-files"] = "\(removedDeletes.files)"
            result["removed-position-deletes"] = "\(removedDeletes.rows)"
        }
        if added.files > 0 {
            result["added-data-files"] = "\(added.files)"
            result["added-records"] = "\(added.rows)"
            result["added-files-size"] = "\(added.bytes)"
        }
        if removed.files > 0 {
            result["deleted-data-files"] = "\(removed.files)"
            result["deleted-records"] = "\(removed.rows)"
            result["removed-files-size"] = "\(removed.bytes)"
        }
        return result
    }
}
