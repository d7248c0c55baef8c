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

    /// Manifests above this number are joined: each is a request of every reader.
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
    ///   - summary: what the writer adds to the summary.
    public init(
        of metadata: TableMetadata, _ files: TableFiles, adding added: [DataFile], removing removed: Set<String>,
        schema: IcebergSchema, id: Int64, token: String, timestamp: Int64, summary: [String: String]
    ) throws(IcebergError) {
        let parent = metadata.currentSnapshot
        let sequence = metadata.lastSequenceNumber + 1
        let spec = metadata.defaultSpec
        let sync = Self.sync(of: token)
        let folder = "\(metadata.location)/metadata"
        var kept: [ManifestFile] = []
        var rewritten: [PartitionSpec: [ManifestEntry]] = [:]
        var totals = Totals()
        let joins = files.manifests.count >= Self.manifestLimit
        for manifest in files.manifests {
            let isHit = manifest.entries.contains { removed.contains($0.file.path) }
            let isJoined = joins && manifest.line.content == .data && manifest.entries.count < Self.entryLimit
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
                rewritten[manifest.spec, default: []].append(entry)
            }
        }
        for file in added {
            totals.add(file)
            rewritten[spec, default: []].append(
                ManifestEntry(
                    status: .added, snapshotID: id, sequenceNumber: sequence, fileSequenceNumber: sequence, file: file))
        }
        var written: [NewFile] = []
        var lines: [ManifestFile] = []
        for (spec, entries) in rewritten.sorted(by: { $0.key.id < $1.key.id }) {
            let bytes = try Manifest.bytes(
                entries, spec: spec, schema: metadata.schema(with: spec, besides: schema), sync: sync)
            let path = "\(folder)/\(token)-m\(lines.count).avro"
            written.append(NewFile(path: path, bytes: bytes))
            lines.append(
                ManifestFile(
                    path: path, sizeInBytes: Int64(bytes.count), entries: entries, spec: spec, sequenceNumber: sequence,
                    snapshotID: id))
        }
        let listPath = "\(folder)/snap-\(id)-\(token).avro"
        let list = try ManifestFile.bytes(
            of: lines + kept, snapshotID: id, parentID: parent?.id, sequenceNumber: sequence, sync: sync)
        written.append(NewFile(path: listPath, bytes: list))
        self.files = written
        snapshot = Snapshot(
            id: id, parentID: parent?.id, sequenceNumber: sequence, timestamp: max(timestamp, parent?.timestamp ?? 0),
            manifestList: listPath,
            summary: totals.summary.merging(summary) { $1 }.merging(
                ["operation": removed.isEmpty ? "append" : "overwrite"]) { $1 },
            schemaID: schema.id)
    }

    /// The mark between the blocks of an Avro file: any 16 bytes, here of the token.
    private static func sync(of token: String) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x9D, count: 16)
        for (place, byte) in token.utf8.enumerated() { bytes[place % 16] = bytes[place % 16] &* 31 &+ byte }
        return bytes
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
    private var deletes: Int64 = 0

    mutating func keep(_ file: DataFile) {
        if file.content == .data { kept.add(file) } else { deletes += 1 }
    }

    mutating func add(_ file: DataFile) { added.add(file) }
    mutating func remove(_ file: DataFile) { removed.add(file) }

    var summary: [String: String] {
        var result = [
            "total-data-files": "\(kept.files + added.files)", "total-records": "\(kept.rows + added.rows)",
            "total-files-size": "\(kept.bytes + added.bytes)", "total-delete-files": "\(deletes)",
            "total-position-deletes": "0", "total-equality-deletes": "0",
        ]
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
