internal import AWSClient
internal import AWSModels
internal import CKernels
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import LakeRewrite
internal import Time

/// One table's maintenance: joins files, expires snapshots, removes files.
struct TableMaintenance {
    private let name: TableName
    private let settings: MaintenanceSettings
    private let retentionInDays: Int?
    private let isInterrupted: @Sendable () -> Bool
    private let catalog: LakeCatalog
    private(set) var report: MaintenanceReport

    private var storage: LakeStorage { LakeStorage(settings.objects) }
    private var policy: MaintenancePolicy { settings.policy }

    /// Manifests above this number are joined.
    private static let manifestLimit = 8
    /// - SeeAlso: <https://iceberg.apache.org/docs/latest/configuration/#table-behavior-properties>
    private static let removalProperty = "gc.enabled"
    private static let createdBy = ["engine-name": "cupel", "cupel.maintenance": "true"]

    init(
        _ name: TableName, _ settings: MaintenanceSettings, deletedRetentionInDays: Int?, isDry: Bool,
        isInterrupted: @escaping @Sendable () -> Bool
    ) throws {
        self.name = name
        self.settings = settings
        retentionInDays = deletedRetentionInDays
        self.isInterrupted = isInterrupted
        catalog = try LakeCatalog(settings.aws)
        report = MaintenanceReport(table: name, isDry: isDry)
    }

    mutating func run() throws {
        let stored = try table()
        try compact(stored)
        // Files that another table owns, too: a copy of a table that shares them says so.
        guard stored.metadata.properties[Self.removalProperty]?.lowercased() != "false" else { return }
        try expire()
        try removeOrphans()
    }

    private func table() throws -> LakeCatalog.Table {
        guard let table = try catalog.table(name.table, in: name.namespace) else {
            throw MaintenanceError.usage("the catalog has no table \(name)")
        }
        return table
    }

    private func checkInterruption() throws { if isInterrupted() { throw MaintenanceError.interrupted } }

    // MARK: Joining

    private struct Joined {
        let removed: Set<String>
        let added: DataFile?
    }

    private mutating func compact(_ stored: LakeCatalog.Table) throws {
        let metadata = stored.metadata
        let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        report.manifestsBefore = files.manifests.count
        report.manifestsAfter = files.manifests.count
        report.dataFiles = files.dataFiles.count
        report.dataBytes = files.dataFiles.reduce(0) { $0 + $1.sizeInBytes }
        guard let form = try TableForm(metadata.currentSchema) else { return }
        let filter = tombstones(in: metadata)
        let plan = CompactionPlan(
            Self.joinable(files, metadata), policy.overruled(by: metadata.properties),
            sortedBy: form.sortPlaces.first.map { form.leaves[$0].fieldID },
            form.sortPlaces.first.flatMap { metadata.currentSchema.field(form.leaves[$0].fieldID)?.type },
            dropping: filter, sparing: Self.warm(files, metadata))
        let joinsManifests = files.manifests.count > Self.manifestLimit
        if report.isDry {
            report.joinedFiles = plan.bins.reduce(0) { $0 + $1.files.count }
            report.writtenFiles = plan.bins.count
            report.joinedBytes = plan.bins.reduce(0) { $0 + $1.sizeInBytes }
            report.writtenBytes = report.joinedBytes
            if joinsManifests { report.manifestsAfter = 1 }
            return
        }
        let token = settings.clock.uuid()
        let rewriter = FileRewriter(form, storage, policy.rewriting, dropping: filter) { [isInterrupted] in
            if isInterrupted() { throw MaintenanceError.interrupted }
        }
        var joined: [Joined] = []
        var isOver = false
        for (number, bin) in plan.bins.enumerated() where !isOver {
            do {
                let place = "\(metadata.location)/data/\(token)-\(number).parquet"
                if let made = try join(bin.files, by: rewriter, to: place) { joined.append(made) }
            } catch MaintenanceError.interrupted where !joined.isEmpty {
                // What is done is committed; the next run does the rest.
                isOver = true
            }
        }
        guard !joined.isEmpty || joinsManifests else { return }
        try commit(joined, droppingRows: report.droppedRows > 0)
        if isOver { throw MaintenanceError.interrupted }
    }

    /// The memory of the rows that are sorted at once, which every file needs again. The first join reserves it, so an idle
    /// function stays small.
    private static let heap: Void = ck_prepare_heap(384 << 20, 384 << 20)

    /// - Returns: nil if the files stay as they are.
    private mutating func join(
        _ files: [DataFile], by rewriter: FileRewriter, to location: String
    ) throws -> Joined? {
        Self.heap
        switch try rewriter.write(files, to: location) {
        case .futile: return nil
        case .written(let file, let droppedRows):
            report.droppedRows += droppedRows
            return Joined(removed: Set(files.map(\.path)), added: file)
        case .unfit(let paths):
            // The others need not wait until a merge has written these again.
            let fit = files.filter { !paths.contains($0.path) }
            return fit.count > 1 ? try join(fit, by: rewriter, to: location) : nil
        }
    }

    /// The files that may be written again: those without rows that another engine has deleted, of the partitions as they are now.
    private static func joinable(_ files: TableFiles, _ metadata: TableMetadata) -> [DataFile] {
        guard !files.deleteFiles.contains(where: { $0.content == .equalityDeletes }) else { return [] }
        let deleted = files.positionDeletes()
        return files.manifests.filter { $0.spec.id == metadata.defaultSpec.id }.flatMap { $0.entries.map(\.file) }
            .filter { $0.content == .data && $0.format.uppercased() == "PARQUET" && deleted[$0.path] == nil }
    }

    /// The paths of files that the last commit wrote in place of others: the next one often changes the same rows.
    private static func warm(_ files: TableFiles, _ metadata: TableMetadata) -> Set<String> {
        guard let last = metadata.currentSnapshot, last.summary["operation"] == "overwrite" else { return [] }
        return Set(
            files.manifests.flatMap(\.entries).filter { $0.snapshotID == last.id }.map(\.file.path))
    }

    /// The rows that the contract's `deletedRetention` lets go.
    private func tombstones(in metadata: TableMetadata) -> RowFilter? {
        guard let retentionInDays, let field = metadata.currentSchema.field(named: StateColumn.deletedAt),
            field.type == .timestamptz
        else { return nil }
        let end = settings.clock.now().milliseconds - Int64(retentionInDays) * 86_400_000
        return RowFilter(conditions: [
            .init(fieldID: field.id, type: field.type, lower: nil, upper: .long(end * 1000))
        ])
    }

    /// Commits what of the joined files still holds; again, if another writer was faster.
    private mutating func commit(_ all: [Joined], droppingRows: Bool) throws {
        var conflict = ""
        for attempt in 0..<policy.attempts {
            // Where the time was over while files were joined, there is enough left for one attempt.
            if attempt > 0 { try checkInterruption() }
            let metadata = try table().metadata
            let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
            let present = Set(Self.joinable(files, metadata).map(\.path))
            let joined = all.filter { $0.removed.isSubset(of: present) }
            report.overtaken = all.count - joined.count
            guard !joined.isEmpty || files.manifests.count > Self.manifestLimit else { return }
            let id = Snapshot.newID(from: settings.clock.uuid())
            let removed = joined.reduce(into: Set<String>()) { $0.formUnion($1.removed) }
            // What a model's snapshot says of its inputs is true of the same rows in other files.
            let kept = metadata.currentSnapshot?.summary.filter { $0.key == "cupel.model" } ?? [:]
            let draft = try SnapshotDraft(
                of: metadata, files, adding: joined.compactMap(\.added), removing: removed,
                schema: metadata.currentSchema, id: id, token: settings.clock.uuid(),
                timestamp: settings.clock.now().milliseconds, operation: droppingRows ? "overwrite" : "replace",
                joinsManifests: true, summary: kept.merging(Self.createdBy) { $1 })
            for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
            var change = TableChange(of: metadata)
            change.advance(to: draft.snapshot)
            switch try catalog.commit(change, to: name.table, in: name.namespace) {
            case .committed: return note(joined, of: files, draft)
            case .conflict(let reason): conflict = reason
            case .unknown(let error):
                // The answer was lost. The commit is in the table or it is not.
                if try table().metadata.snapshots.contains(where: { $0.id == id }) {
                    return note(joined, of: files, draft)
                }
                conflict = "\(error)"
            }
        }
        throw MaintenanceError.conflict(conflict)
    }

    private mutating func note(_ joined: [Joined], of files: TableFiles, _ draft: SnapshotDraft) {
        let removed = joined.reduce(into: Set<String>()) { $0.formUnion($1.removed) }
        report.joinedFiles = removed.count
        report.joinedBytes = files.dataFiles.filter { removed.contains($0.path) }.reduce(0) { $0 + $1.sizeInBytes }
        report.writtenFiles = joined.count { $0.added != nil }
        report.writtenBytes = joined.reduce(0) { $0 + ($1.added?.sizeInBytes ?? 0) }
        // All but the list of manifests are manifests.
        report.manifestsAfter = draft.files.count - 1 + draft.keptManifestCount
    }

    // MARK: Expiry

    private mutating func expire() throws {
        var conflict = ""
        for _ in 0..<policy.attempts {
            try checkInterruption()
            let metadata = try table().metadata
            // After the snapshots: a batch that is begun later has none of them.
            let open = try openBatch()
            let now = settings.clock.now().milliseconds
            var plan = ExpiryPlan(metadata, policy, openBatch: open, read: [], now: now)
            if !plan.expired.isEmpty {
                let read = try ReadSnapshots(of: name, in: catalog)
                plan = ExpiryPlan(metadata, policy, openBatch: open, read: read.ids, now: now)
            }
            report.keptSnapshots = metadata.snapshots.count - plan.expired.count
            guard !plan.expired.isEmpty else { return }
            let ids = Set(plan.expired.map(\.id))
            var named = NamedFiles(of: metadata, storage)
            let inUse = try named.files(of: plan.inUse) { try checkInterruption() }
            let gone = try named.files(of: plan.expired) { try checkInterruption() }.filter { inUse[$0.key] == nil }
            if report.isDry {
                let kept = try named.files(of: metadata.snapshots.filter { !ids.contains($0.id) }) {
                    try checkInterruption()
                }
                return noteExpiry(plan, gone.filter { kept[$0.key] == nil })
            }
            var change = TableChange(of: metadata)
            change.requireCurrent(metadata.currentSnapshot)
            change.expire(plan.expired.map(\.id))
            switch try catalog.commit(change, to: name.table, in: name.namespace) {
            case .committed: break
            case .conflict(let reason):
                conflict = reason
                continue
            case .unknown(let error):
                conflict = "\(error)"
                continue
            }
            // What the table names now, not what it named before: others may have committed since.
            let later = try table().metadata
            let kept = try named.files(of: later.snapshots) { try checkInterruption() }
            let statistics = Set(later.statisticsLocations.map(LakeStorage.canonical))
            let unnamed = gone.filter { kept[$0.key] == nil && !statistics.contains($0.key) && isOwn($0.key, later) }
            for path in unnamed.keys.sorted() {
                try checkInterruption()
                try storage.delete(path)
            }
            return noteExpiry(plan, unnamed)
        }
        throw MaintenanceError.conflict(conflict)
    }

    private mutating func noteExpiry(_ plan: ExpiryPlan, _ unnamed: [String: Int64]) {
        report.expiredSnapshots = plan.expired.count
        report.removedObjects += unnamed.count
        report.freedBytes += unnamed.values.reduce(0, +)
    }

    private func openBatch() throws -> String? {
        guard name.namespace == "dm_silver" else { return nil }
        return try settings.control.openBatch(ofTable: name.table, in: .silver)
    }

    /// Whether a file is below the table's own location: others may be another table's too.
    private func isOwn(_ path: String, _ metadata: TableMetadata) -> Bool {
        path.hasPrefix(LakeStorage.canonical(metadata.location) + "/")
    }

    // MARK: Orphans

    /// Removes objects below the table that nothing names and that are older than any writer's work: what runs that died have
    /// left, and metadata documents that the table lists no more.
    private mutating func removeOrphans() throws {
        let location = try table().metadata.location
        // The list comes first: what is in it and old is in a snapshot that is read afterwards, or in none ever.
        let listed = try storage.list(below: "\(location)/data/") + storage.list(below: "\(location)/metadata/")
        let end = settings.clock.now().advanced(byMilliseconds: -Int64(policy.orphanAgeInHours) * 3_600_000)
        let old = listed.filter { $0.object.lastModified.map { $0 < end } ?? false }
        guard !old.isEmpty else { return }
        let stored = try table()
        guard stored.metadata.location == location else { return }
        var named = NamedFiles(of: stored.metadata, storage)
        let files = try named.files(of: stored.metadata.snapshots) { try checkInterruption() }
        let others = Set(
            (stored.metadata.formerLocations + stored.metadata.statisticsLocations + [stored.metadataLocation])
                .map(LakeStorage.canonical))
        for (path, object) in old where files[path] == nil && !others.contains(path) {
            try checkInterruption()
            if !report.isDry { try storage.delete(path) }
            report.orphans += 1
            report.removedObjects += 1
            report.freedBytes += Int64(object.sizeInBytes)
        }
    }
}
