internal import AWSClient
internal import AWSModels
internal import Control
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
    /// How long conversions that run may take.
    let timeout: Duration
    let catalog: LakeCatalog
    var report = ErasureReport()
    private var hold: TableHold?

    var objects: ObjectStore { ObjectStore(pipeline.client) }
    private var storage: LakeStorage { LakeStorage(objects) }
    static let attempts = 10

    init(
        _ pipeline: Pipeline, _ name: LakeTables.Name, _ key: ErasedKey, deletesRaw: Bool, isDry: Bool,
        timeout: Duration
    ) throws {
        self.pipeline = pipeline
        self.name = name
        self.key = key
        self.deletesRaw = deletesRaw
        self.isDry = isDry
        self.timeout = timeout
        catalog = try LakeCatalog(pipeline.client)
    }

    /// Silver, bronze, quarantine and raw. Conversions that begin leave the key out, and no merge writes the table meanwhile.
    mutating func run() throws {
        guard !isDry else { return try runHeld() }
        try checkReferences(name, try table(name).metadata)
        try pipeline.control.noteErased(key.mark, ofTable: name.table)
        let hold = try TableHold(name.table, "erase-\(key.mark)", pipeline.control)
        self.hold = hold
        defer {
            hold.leave()
            self.hold = nil
        }
        try runHeld()
    }

    private mutating func runHeld() throws {
        try eraseFromSilver()
        try clean(name)
        if !isDry { try awaitConversions() }
        for layer in ["bronze", "superseded"] { try eraseFromBronze("\(layer)/\(name.table)/") }
        try eraseFromQuarantine()
        try findRaw()
    }

    func keepHold() throws { try hold?.renewIfDue() }

    /// In the names of the metadata files that this erasure writes, and wrote before it was killed: they may have bounds of the row.
    private var ownToken: String { "erase-\(key.mark.filter(\.isHexDigit).prefix(96))-" }

    private func table(_ name: LakeTables.Name) throws -> LakeCatalog.Table {
        guard let table = try catalog.table(name.table, in: name.database) else {
            throw CommandFailure.notFound("there is no table \(name)")
        }
        return table
    }

    /// Conversions that began before the key was noted may still write its rows.
    private func awaitConversions() throws {
        // The index by which they are found may be a moment older than the table.
        Pause.seconds(1)
        let end = ContinuousClock.now + timeout
        for (id, attempt) in try pipeline.control.runningConversions(ofTable: name.table) {
            while try pipeline.control.isRunning(id, attempt: attempt) {
                guard ContinuousClock.now < end else {
                    throw CommandFailure.failed("the conversion \(id) still runs; start again when it has ended")
                }
                try keepHold()
                Pause.seconds(1)
            }
        }
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
            var erased = try ErasedKeys(of: metadata.properties)
            if hit.isEmpty, erased.contains(key.values) { return }
            let rewriter = FileRewriter(form, storage, RewriteOptions(), dropping: key.filter) { [hold] in
                try hold?.renewIfDue()
            }
            let token = ClockAndChance.system.uuid()
            var added: [DataFile] = []
            for (number, file) in hit.enumerated() {
                let written = try rewriter.write([file], to: "\(metadata.location)/data/\(token)-\(number).parquet")
                guard case .written(let made, _) = written else {
                    throw CommandFailure.failed(
                        "\(file.path) is of an older form of \(name): make the table anew with cupel reload first")
                }
                if let made { added.append(made) }
            }
            var change = TableChange(of: metadata)
            if hit.isEmpty {
                change.requireCurrent(metadata.currentSnapshot)
            } else {
                change.advance(
                    to: try draft(
                        of: metadata, files, adding: added, removing: Set(hit.map(\.path)), operation: "overwrite"))
            }
            erased.insert(key.values)
            change.set([ErasedKeys.property: erased.text])
            if case .committed = try catalog.commit(change, to: name.table, in: name.database) { return }
            // Another writer was faster, or the answer was lost: look again.
        }
        throw CommandFailure.failed("other writers changed \(name) at each attempt; start again")
    }

    private func rowCount(in file: DataFile) throws -> Int {
        guard let object = LakeStorage.object(at: file.path) else { return 0 }
        let parquet = try ParquetFile(reading: ObjectRanges(objects, object, size: Int(file.sizeInBytes)))
        return try key.rows(in: parquet, of: .silver).values.reduce(0) { $0 + $1.count }
    }

    /// Writes the manifests of a snapshot.
    private func draft(
        of metadata: TableMetadata, _ files: TableFiles, adding added: [DataFile] = [],
        removing removed: Set<String> = [], operation: String, rewriting stale: Set<String> = []
    ) throws -> Snapshot {
        let kept = metadata.currentSnapshot?.summary.filter { $0.key == "cupel.model" } ?? [:]
        let draft = try SnapshotDraft(
            of: metadata, files, adding: added, removing: removed, schema: metadata.currentSchema,
            id: Snapshot.newID(from: ClockAndChance.system.uuid()), token: ownToken + ClockAndChance.system.uuid(),
            timestamp: ClockAndChance.system.now().milliseconds, operation: operation, joinsManifests: true,
            rewriting: stale, summary: kept.merging(["engine-name": "cupel", "cupel.erasure": "true"]) { $1 })
        for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
        return draft.snapshot
    }

    // MARK: What a table was

    /// Leaves a table its current snapshot alone, without what it has dropped, and removes all versions of what only others named.
    mutating func clean(_ name: LakeTables.Name) throws {
        if !isDry { try forgetRemovedFiles(of: name) }
        try expire(name)
    }

    /// The manifests of a snapshot that drops files name them still, with bounds that may be values of the row. Those of the next one
    /// do not.
    private func forgetRemovedFiles(of name: LakeTables.Name) throws {
        for _ in 0..<Self.attempts {
            let metadata = try table(name).metadata
            guard let current = metadata.currentSnapshot else { return }
            let files = try TableFiles(of: current, in: metadata) { try storage.read($0) }
            let stale = files.manifests.filter { $0.line.files.deleted > 0 }.map(\.line.path)
            guard !stale.isEmpty else { return }
            var change = TableChange(of: metadata)
            change.advance(to: try draft(of: metadata, files, operation: "replace", rewriting: Set(stale)))
            if case .committed = try catalog.commit(change, to: name.table, in: name.database) { return }
        }
        throw CommandFailure.failed("other writers changed \(name) at each attempt; start again")
    }

    private func checkReferences(_ name: LakeTables.Name, _ metadata: TableMetadata) throws {
        guard metadata.properties["gc.enabled"]?.lowercased() != "false" else {
            throw CommandFailure.failed(
                "\(name) shares its files with another table (gc.enabled is false), so they cannot be removed")
        }
        let current = metadata.currentSnapshot?.id
        guard metadata.referencedIDs.contains(where: { $0 != current }) else { return }
        throw CommandFailure.failed(
            "a branch or tag of \(name) names an old snapshot, which cannot be erased: drop it")
    }

    private mutating func expire(_ name: LakeTables.Name) throws {
        for _ in 0..<Self.attempts {
            let stored = try table(name)
            let metadata = stored.metadata
            let old = metadata.snapshots.filter { $0.id != metadata.currentSnapshot?.id }
            try checkReferences(name, metadata)
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
            return try removeFormer(of: try table(name).metadata, name == self.name ? .silver : .model)
        }
        throw CommandFailure.failed("other writers changed \(name) at each attempt; start again")
    }

    /// Removes what only snapshots named that the table has no more. Its former metadata documents have them, also those that an
    /// erasure expired which was then killed.
    private mutating func removeFormer(of metadata: TableMetadata, _ files: ErasedKey.Files) throws {
        let present = Set(metadata.snapshots.map(\.id))
        var former: [Int64: Snapshot] = [:]
        for location in metadata.formerLocations {
            try keepHold()
            let document: [UInt8]
            do throws(LakeError) { document = try storage.read(location) } catch {
                if case .storage(_, let inner) = error, inner.isNotFound { continue }
                throw error
            }
            // Other engines may compress it.
            guard let json = try? JSON(parsing: GzipContent.decompressed(document) ?? document),
                let state = try? TableMetadata(json)
            else {
                report.unread.append(location)
                continue
            }
            for snapshot in state.snapshots where !present.contains(snapshot.id) { former[snapshot.id] = snapshot }
        }
        var named = NamedFiles(of: metadata, storage, allowsMissing: true)
        let kept = Set(try named.files(of: metadata.snapshots) { try keepHold() }.keys)
        let gone = Set(try named.files(of: Array(former.values)) { try keepHold() }.keys).subtracting(kept)
        // Lists go last: by them the rest is found again.
        let lists = Set(former.values.map { LakeStorage.canonical($0.manifestList) })
        try removeVersions(below: metadata.location, files, kept: kept) { path in
            gone.contains(path) && !lists.contains(path)
        }
        try removeVersions(below: metadata.location, files, kept: kept) { path in gone.contains(path) }
        try removeLeftLists(below: metadata.location, kept: kept)
    }

    /// Removes versions of objects below a table: those of files that are gone, what deletions hid, and data files that no
    /// snapshot names and that have the key.
    private mutating func removeVersions(
        below location: String, _ files: ErasedKey.Files, kept: Set<String>, _ isGone: (String) -> Bool
    ) throws {
        guard let root = LakeStorage.object(at: location + "/") else { return }
        for version in try objects.versions(bucket: root.bucket, prefix: root.key) {
            try keepHold()
            let path = "s3://\(version.object.bucket)/\(version.object.key)"
            guard !version.isLatest || !kept.contains(path) else { continue }
            let isHidden = !version.isLatest || version.isDeletion
            let isUnnamedData = path.hasSuffix(".parquet") && !isHidden
            // Of silver alone, which nobody else writes: a commit of another run may be about to name its own.
            let isOwn = hold != nil && path.contains(ownToken)
            if try isHidden || isGone(path) || isOwn || isUnnamedData && has(version.object, files) {
                try objects.delete(version.object)
                report.removedObjects += 1
            }
        }
    }

    private func has(_ object: S3Object, _ files: ErasedKey.Files) throws -> Bool {
        let bytes: [UInt8]
        do { bytes = try objects.get(object).bytes } catch  where error.isNotFound { return false }
        // One that cannot be read has nobody's rows: a writer is about to finish it, or never will.
        guard let file = try? ParquetFile(reading: MemoryRanges(bytes)) else { return false }
        return try !key.rows(in: file, of: files).isEmpty
    }
}
