internal import AWSClient
internal import AWSModels
internal import Control
internal import Gzip
internal import Iceberg
internal import JSON
internal import Lake
internal import LakeRewrite
internal import ParquetRead
internal import Time

/// Erases the rows of one key: from a silver table and its history, from bronze, from quarantine, and finds the raw files.
///
/// Each step can be repeated: an erasure that is interrupted is started again.
struct Erasure {
    let pipeline: Pipeline
    let name: LakeTables.Name
    let key: ErasedKey
    let deletesRaw: Bool
    let isDry: Bool
    private let catalog: LakeCatalog
    private(set) var report = ErasureReport()

    private var objects: ObjectStore { ObjectStore(pipeline.client) }
    private var storage: LakeStorage { LakeStorage(objects) }
    private static let leaseSeconds = 900
    private static let attempts = 10

    init(
        _ pipeline: Pipeline, _ name: LakeTables.Name, _ key: ErasedKey, deletesRaw: Bool, isDry: Bool
    ) throws {
        self.pipeline = pipeline
        self.name = name
        self.key = key
        self.deletesRaw = deletesRaw
        self.isDry = isDry
        catalog = try LakeCatalog(pipeline.client)
    }

    /// Silver, bronze, quarantine and raw, while no merge can write the table.
    mutating func run() throws {
        guard !isDry else { return try runHeld() }
        let owner = "erase-\(ClockAndChance.system.uuid())"
        var lease: TableLease?
        for attempt in 1...60 where lease == nil {
            if attempt > 1 { Pause.seconds(1) }
            lease = try pipeline.control.takeTable(
                name.table, in: .silver, owner: owner, leaseSeconds: Self.leaseSeconds)
        }
        guard let lease else {
            throw CommandFailure.failed("a merge of \(name) holds it; start again when it has ended")
        }
        defer { try? pipeline.control.leave(lease) }
        try runHeld()
    }

    private mutating func runHeld() throws {
        try eraseFromSilver()
        if !isDry { try forgetRemovedFiles() }
        try expire(name)
        for layer in ["bronze", "superseded"] { try eraseFromBronze("\(layer)/\(name.table)/") }
        try eraseFromQuarantine()
        try findRaw()
    }

    private func table(_ name: LakeTables.Name) throws -> LakeCatalog.Table {
        guard let table = try catalog.table(name.table, in: name.database) else {
            throw CommandFailure.notFound("there is no table \(name)")
        }
        return table
    }

    // MARK: Silver

    /// The commit that drops the rows also notes the key, so that no later merge brings it back.
    private mutating func eraseFromSilver() throws {
        for _ in 0..<Self.attempts {
            let metadata = try table(name).metadata
            let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
            guard files.deleteFiles.isEmpty else {
                throw CommandFailure.failed(
                    "\(name) has rows that another engine deleted by position: make it anew with cupel reload first")
            }
            guard let form = try TableForm(metadata.currentSchema) else {
                throw CommandFailure.failed("\(name) has a map, which is not written")
            }
            let hit = try files.dataFiles.filter { try key.filter.mayDrop(from: $0) && rowCount(in: $0) > 0 }
            report.silverFiles = hit.count
            report.silverRows = try hit.reduce(0) { try $0 + rowCount(in: $1) }
            guard !isDry else { return }
            let rewriter = FileRewriter(form, storage, RewriteOptions(), dropping: key.filter) {}
            let token = ClockAndChance.system.uuid()
            var added: [DataFile] = []
            for (number, file) in hit.enumerated() {
                let written = try rewriter.write([file], to: "\(metadata.location)/data/\(token)-\(number).parquet")
                guard let written else {
                    throw CommandFailure.failed(
                        "\(file.path) is of an older form of \(name): make the table anew with cupel reload first")
                }
                if let made = written.file { added.append(made) }
            }
            var change = TableChange(of: metadata)
            if hit.isEmpty {
                change.requireCurrent(metadata.currentSnapshot)
            } else {
                let kept = metadata.currentSnapshot?.summary.filter { $0.key == "cupel.model" } ?? [:]
                let draft = try SnapshotDraft(
                    of: metadata, files, adding: added, removing: Set(hit.map(\.path)), schema: metadata.currentSchema,
                    id: Snapshot.newID(from: ClockAndChance.system.uuid()), token: ClockAndChance.system.uuid(),
                    timestamp: ClockAndChance.system.now().milliseconds, operation: "overwrite", joinsManifests: true,
                    summary: kept.merging(["engine-name": "cupel", "cupel.erasure": "true"]) { $1 })
                for file in draft.files {
                    try storage.write(file.bytes, to: file.path, contentType: "application/avro")
                }
                change.advance(to: draft.snapshot)
            }
            var erased = try ErasedKeys(of: metadata.properties)
            erased.insert(key.values)
            change.set([ErasedKeys.property: erased.text])
            if case .committed = try catalog.commit(change, to: name.table, in: name.database) { return }
            // Another writer was faster, or the answer was lost: look again.
        }
        throw CommandFailure.failed("other writers changed \(name) at each attempt; start again")
    }

    /// The manifests of a snapshot that drops files name them still, with bounds that may be values of the row. Those of the next one
    /// do not.
    private func forgetRemovedFiles() throws {
        for _ in 0..<Self.attempts {
            let metadata = try table(name).metadata
            guard let current = metadata.currentSnapshot else { return }
            let files = try TableFiles(of: current, in: metadata) { try storage.read($0) }
            let draft = try SnapshotDraft(
                of: metadata, files, adding: [], removing: [], schema: metadata.currentSchema,
                id: Snapshot.newID(from: ClockAndChance.system.uuid()), token: ClockAndChance.system.uuid(),
                timestamp: ClockAndChance.system.now().milliseconds, operation: "replace", joinsManifests: true,
                summary: ["engine-name": "cupel", "cupel.erasure": "true"])
            for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
            var change = TableChange(of: metadata)
            change.advance(to: draft.snapshot)
            if case .committed = try catalog.commit(change, to: name.table, in: name.database) { return }
        }
        throw CommandFailure.failed("other writers changed \(name) at each attempt; start again")
    }

    private func rowCount(in file: DataFile) throws -> Int {
        guard let object = LakeStorage.object(at: file.path) else { return 0 }
        let parquet = try ParquetFile(reading: ObjectRanges(objects, object, size: Int(file.sizeInBytes)))
        return try key.rows(in: parquet).values.reduce(0) { $0 + $1.count }
    }

    /// Leaves a table its current snapshot alone, and removes all versions of what only others named.
    mutating func expire(_ name: LakeTables.Name) throws {
        for _ in 0..<Self.attempts {
            let metadata = try table(name).metadata
            let old = metadata.snapshots.filter { $0.id != metadata.currentSnapshot?.id }
            guard !old.contains(where: { metadata.referencedIDs.contains($0.id) }) else {
                throw CommandFailure.failed(
                    "a branch or tag of \(name) names an old snapshot, which cannot be erased: drop it")
            }
            report.expiredSnapshots += old.count
            guard !isDry else { return }
            if !old.isEmpty {
                var change = TableChange(of: metadata)
                change.requireCurrent(metadata.currentSnapshot)
                change.expire(old.map(\.id))
                guard case .committed = try catalog.commit(change, to: name.table, in: name.database) else {
                    report.expiredSnapshots -= old.count
                    continue
                }
            }
            var named = NamedFiles(of: metadata, storage)
            let now = try table(name).metadata
            // Every file that the expired ones named, and none that the table names now.
            let gone = try named.files(of: old) {}
            let kept = try named.files(of: now.snapshots) {}
            return try removeVersions(below: now.location, gone: Set(gone.keys), kept: Set(kept.keys))
        }
        throw CommandFailure.failed("other writers changed \(name) at each attempt; start again")
    }

    /// Removes versions of objects below a table: those of files that are gone, what deletions hid, and data files that no
    /// snapshot names and that have the key.
    private mutating func removeVersions(below location: String, gone: Set<String>, kept: Set<String>) throws {
        guard let root = LakeStorage.object(at: location + "/") else { return }
        for version in try objects.versions(bucket: root.bucket, prefix: root.key) {
            let path = "s3://\(version.object.bucket)/\(version.object.key)"
            guard !kept.contains(path) || !version.isLatest else { continue }
            let isUnnamedData = path.hasSuffix(".parquet") && !kept.contains(path)
            let hasKey = isUnnamedData && !version.isDeletion && version.isLatest ? try has(version.object) : false
            if gone.contains(path) || !version.isLatest || version.isDeletion || hasKey {
                try objects.delete(version.object)
                report.removedObjects += 1
            }
        }
    }

    private func has(_ object: S3Object) throws -> Bool {
        let bytes: [UInt8]
        do { bytes = try objects.get(object).bytes } catch  where error.isNotFound { return false }
        return try !key.rows(in: ParquetFile(reading: MemoryRanges(bytes))).isEmpty
    }

    // MARK: Bronze and quarantine

    private mutating func eraseFromBronze(_ prefix: String) throws {
        for version in try objects.versions(bucket: pipeline.lakeBucket, prefix: prefix) where !version.isDeletion {
            let (head, bytes) = try objects.get(version.object)
            let file = try ParquetFile(reading: MemoryRanges(bytes))
            let gone = try key.rows(in: file)
            guard !gone.isEmpty else { continue }
            let count = gone.values.reduce(0) { $0 + $1.count }
            report.files.append(.init(key: version.object.key, version: version.object.versionID, rows: count))
            guard !isDry else { continue }
            if version.isLatest {
                guard let rewrite = BronzeRewrite(file) else {
                    throw CommandFailure.failed("\(version.object) has columns that cannot be written as they are")
                }
                try objects.put(
                    rewrite.bytes(without: gone), to: S3Object(bucket: version.object.bucket, key: version.object.key),
                    contentType: head.contentType ?? "application/vnd.apache.parquet", metadata: head.metadata)
            }
            // The version that had the rows; a bucket without versions has it no more.
            if version.object.versionID != nil { try objects.delete(version.object) }
        }
    }

    private mutating func eraseFromQuarantine() throws {
        let prefix = "quarantine/\(name.table)/"
        for version in try objects.versions(bucket: pipeline.lakeBucket, prefix: prefix) where !version.isDeletion {
            let (head, bytes) = try objects.get(version.object)
            guard let text = GzipContent.decompressed(bytes) else {
                report.unread.append("\(version.object)")
                continue
            }
            let lines = text.split(separator: UInt8(ascii: "\n"))
            let staying = lines.filter { !key.mayBe(in: $0) }
            guard staying.count < lines.count else { continue }
            report.files.append(
                .init(key: version.object.key, version: version.object.versionID, rows: lines.count - staying.count))
            guard !isDry else { continue }
            if version.isLatest {
                var writer = GzipWriter()
                for line in staying { writer.append(Array(line) + [UInt8(ascii: "\n")]) }
                try objects.put(
                    writer.finish(), to: S3Object(bucket: version.object.bucket, key: version.object.key),
                    contentType: head.contentType ?? "application/gzip", metadata: head.metadata)
            }
            if version.object.versionID != nil { try objects.delete(version.object) }
        }
        guard !isDry, !report.files.isEmpty else { return }
        // The records of the files say so.
        var rows: [String: Int] = [:]
        for file in report.files { rows[file.key, default: 0] += file.rows }
        var records: [(ControlID, Int)] = []
        try pipeline.control.forEachRecord(.table(name.table, in: Layer.bronze.schema)) {
            (record) throws(ControlError) in
            let keys = [record.outputKey, record.quarantineKey, record.supersededKey].compactMap(\.self)
            let count = keys.reduce(0) { $0 + (rows[$1] ?? 0) }
            if count > 0 { records.append((record.controlID, count)) }
            return true
        }
        for (id, count) in records { try pipeline.control.noteErasure(of: id, rows: count) }
        report.records = records.map(\.0.text)
    }

    // MARK: Raw

    private mutating func findRaw() throws {
        for version in try objects.versions(bucket: pipeline.stageBucket, prefix: "raw/\(name.table)/")
        where !version.isDeletion {
            let bytes = try objects.get(version.object).bytes
            let isGzip = bytes.starts(with: [0x1F, 0x8B])
            // Zstandard is not read here.
            guard !bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]),
                let text = isGzip ? GzipContent.decompressed(bytes) : bytes
            else {
                report.unread.append("\(version.object)")
                continue
            }
            guard text.split(separator: UInt8(ascii: "\n")).contains(where: key.mayBe) else { continue }
            report.raw.append("\(version.object)")
            if deletesRaw, !isDry { try objects.delete(version.object) }
        }
        guard deletesRaw, !isDry else { return }
        // A deletion without a version has left a mark, which says that there was something.
        for version in try objects.versions(bucket: pipeline.stageBucket, prefix: "raw/\(name.table)/")
        where version.isDeletion {
            try objects.delete(version.object)
        }
    }
}
