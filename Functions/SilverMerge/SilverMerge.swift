internal import AWSClient
internal import AWSModels
internal import CKernels
internal import Contracts
internal import Control
internal import Digest
internal import Iceberg
internal import JSON
internal import Lake
internal import LambdaRuntime
internal import Parquet
internal import PublishedContracts
internal import Time

/// Takes the pending bronze files of one table to silver: lease, batch, merge, commit, finish. Without a table it lists those
/// that have files waiting. A reload makes a table anew from all of its bronze files.
///
/// The function records a batch's name before it writes data, and the snapshot has the same name. After a crash the next run
/// looks for it: if a snapshot has the name, the run finishes the batch's records; if not, it takes the files again.
struct SilverMerge: JSONHandler {
    private(set) var settings: Settings
    private(set) var isInterrupted: @Sendable () -> Bool = { false }

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let name = event["table"] else {
            guard let reloaded = event["reload"] else { return try listTables(context) }
            return try reloadAnswer(try Self.table(reloaded, "reload"))
        }
        let table = try Self.table(name, "table")
        let owner = event["lease_owner"]?.string ?? context.requestID
        if event["prepare"] == true {
            return try limited(to: context.deadline).prepare(table, owner: owner, log: context.log)
        }
        let merge = limited(to: context.deadline)
        let outcome = try merge.reportedMerge(table, owner: owner, reloads: event["reload"] == true, log: context.log)
        return try merge.total(outcome, after: event)
    }

    private static func table(_ name: JSON, _ member: String) throws(SilverError) -> String {
        guard let table = name.string, Contract.isTableName(table) else {
            throw .usage("the event's \(member) is \(name), which is no name of a table")
        }
        return table
    }

    /// Merges a batch, or reloads the table, and writes the metrics of that.
    func reportedMerge(_ table: String, owner: String, reloads: Bool, log: Log) throws -> JSON {
        let start = ContinuousClock.now
        do {
            let outcome =
                reloads ? try reload(table, owner: owner, log: log) : try merge(table, owner: owner, log: log)
            report(.ended(outcome, after: ContinuousClock.now - start), of: table, to: log)
            return outcome
        } catch {
            report(.failed(FailureType(error)), of: table, to: log)
            throw error
        }
    }

    private func listTables(_ context: InvocationContext) throws(ControlError) -> JSON {
        let waiting = try WaitingTables(settings.control.limited(to: context.deadline), at: settings.clock.now())
        if !waiting.isComplete {
            context.log.warning(
                "more records wait than one run reads; the next runs find the others",
                ["records": .int(WaitingTables.recordLimit)])
        }
        if let pipeline = settings.pipeline {
            context.log.write(EmbeddedMetrics(waiting.metrics, by: [[.init("Pipeline", pipeline)]]))
        }
        return waiting.answer(taskBytes: settings.taskBytes, sparkBytes: settings.sparkBytes)
    }

    private func report(_ metrics: MergeMetrics, of table: String, to log: Log) {
        if let line = settings.pipeline.flatMap({ metrics.embedded(in: $0, table: table) }) { log.write(line) }
    }

    /// A copy that stops early enough to give its lease back before the process is killed at `deadline`.
    func limited(to deadline: ContinuousClock.Instant) -> SilverMerge {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        let step = min(left / 10, .seconds(6)) / 3
        var merge = self
        merge.isInterrupted = { [isInterrupted] in isInterrupted() || ContinuousClock.now >= deadline - step * 3 }
        merge.settings.objects = settings.objects.limited(to: deadline - step * 2)
        merge.settings.control = settings.control.limited(to: deadline - step)
        return merge
    }

    /// The memory that most merges need. The first merge reserves it, so an idle function stays small.
    private static let heap: Void = ck_prepare_heap(128 << 20, 32 << 20)

    /// - Returns: the outcome: `done` with what it did, `nothing`, or `heldByAnother`.
    func merge(_ table: String, owner: String, log: Log) throws -> JSON {
        try holding(table, owner: owner, log: log) { contract, held in try merge(contract, held, log) }
    }

    /// Takes the right to write a table.
    func holding(
        _ table: String, owner: String, log: Log, _ body: (Contract, HeldTable) throws -> JSON
    ) throws -> JSON {
        Self.heap
        let contract = try settings.contracts.inForce(settings.objects, log).contract(forTable: table, pinned: nil)
        guard let held = try HeldTable(table, owner: owner, settings, isInterrupted: isInterrupted) else {
            return ["outcome": "heldByAnother", "table": .string(table)]
        }
        defer { held.leave() }
        return try body(contract, held)
    }

    private func merge(_ contract: Contract, _ held: HeldTable, _ log: Log) throws -> JSON {
        let catalog = try LakeCatalog(settings.aws)
        // Former snapshots are of use only to find a batch in them.
        let stored = try catalog.table(
            contract.table, in: SilverTable.namespace, history: held.batch == nil ? .referenced : .all)
        let table = try SilverTable(contract, stored?.metadata)
        // A change that the table cannot follow fails the run before it claims a file.
        if let stored { try table.checkPartitions(stored.metadata, try table.evolved(stored.metadata)) }
        try settle(stored, contract, held, log)
        var reader = BatchReader(table: table, objects: settings.objects, memoryLimit: settings.batchMemory)
        let (records, more) = try claim(held, into: &reader, log)
        guard !records.isEmpty else {
            var outcome: JSONObject = ["outcome": "nothing", "table": .string(table.name)]
            // A task may have merged what waited.
            outcome["rows"] = (stored?.metadata.currentSnapshot?.rowCount).map { .int($0) }
            return .object(outcome)
        }
        do {
            let batch = TableLease.Batch(id: Self.batchID(of: records), records: Set(records.map(\.controlID)))
            try held.note(batch)
            var changes = try BatchChanges(
                consume reader, records.map(BronzeFile.init), table, settings.objects)
            let (counts, rowCount) = try commit(
                &changes, as: batch.id, fileCount: records.count, table, contract, catalog, held)
            for record in records { try finish(record, contract, in: batch) }
            try held.note(nil)
            let outcome: JSON = [
                "outcome": "done", "table": .string(table.name), "batch": .string(batch.id),
                "files": .int(records.count), "inserted": .int(counts.inserted), "updated": .int(counts.updated),
                "deleted": .int(counts.deleted), "rows": .int(rowCount),
                // Another run finds the table held, so this one also takes what has come meanwhile.
                "more": .bool(try more || !waiting(of: table.name, limit: 1).isEmpty),
            ]
            log.info("merged", outcome.object ?? [:])
            return outcome
        } catch {
            // A record that is not given back is claimed again all the same: the table has one writer.
            for record in records { _ = try? settings.control.release(record) }
            throw error
        }
    }

    private static let properties = [
        "write.format.default": "parquet", "write.delete.mode": "copy-on-write", "write.update.mode": "copy-on-write",
        "write.merge.mode": "copy-on-write", "write.metadata.previous-versions-max": "100",
        "write.metadata.delete-after-commit.enabled": "true",
    ]

    /// A batch is named by what is in it. A file that is replayed is another attempt, and so another batch.
    private static func batchID(of records: [ControlRecord]) -> String {
        let ids = records.map { "\($0.controlID.text) \($0.attemptCount)" }.sorted().joined(separator: "\n")
        return Digest.sha256(ids).prefix(16).hexadecimal
    }

    /// The owner of a record's lease. It is the same for all writers of a table, because a table has one at a time.
    private static func recordOwner(_ table: String) -> String { "silver-merge/\(table)" }

    /// So many records at least are read to find the oldest.
    private static let leastListed = 1000

    /// Claims and reads the oldest files of a table that wait. A file that is at fault fails alone.
    /// - Returns: the files, and whether the batch is full and others wait.
    private func claim(
        _ held: HeldTable, into reader: inout BatchReader, _ log: Log
    ) throws -> (records: [ControlRecord], more: Bool) {
        let table = held.table
        // Any batching gives the same rows, so the oldest of some records will do. Files in about the order in which they came
        // change neighbouring rows.
        let limit = max(2 * settings.batchFiles, Self.leastListed)
        var waiting = try waiting(of: table, limit: limit)
        let isComplete = waiting.count < limit
        waiting.sort { ($0.createdAt, $0.controlID.text) < ($1.createdAt, $1.controlID.text) }
        var claimed: [ControlRecord] = []
        var size = 0
        for record in waiting {
            guard claimed.count < settings.batchFiles, size < settings.batchBytes, !reader.isFull else {
                return (claimed, true)
            }
            try held.goOn()
            let claim = try settings.control.claim(
                record.controlID, owner: Self.recordOwner(table), leaseSeconds: settings.leaseSeconds)
            guard case .claimed(let taken) = claim else { continue }
            do {
                guard try reader.add(BronzeFile(record: taken)) else {
                    _ = try? settings.control.release(taken)
                    return (claimed, true)
                }
                claimed.append(taken)
                size += taken.fileSizeInBytes
            } catch let error as SilverError where error.isOfFile {
                try settings.control.fail(taken, errorType: error.errorType, message: "\(error)", isPermanent: true)
                log.error(
                    "\(error)", ["control_id": .string(taken.controlID.text), "errorType": .string(error.errorType)])
            } catch {
                _ = try? settings.control.release(taken)
                for record in claimed { _ = try? settings.control.release(record) }
                throw error
            }
        }
        return (claimed, !isComplete)
    }

    /// The records of a table whose files wait, at most `limit`.
    func waiting(of table: String, limit: Int) throws(ControlError) -> [ControlRecord] {
        var waiting: [ControlRecord] = []
        try settings.control.forEachRecord(.open(in: .silver)) { (record) throws(ControlError) in
            if record.table == table, record.status != .error { waiting.append(record) }
            return waiting.count < limit
        }
        return waiting
    }

    /// Merges the changes into the table and commits; again, if another writer was faster.
    /// - Parameters:
    ///   - batch: the name that the snapshot has.
    ///   - replacesAll: whether the changes are all that the table has, so that its files give way to new ones.
    func commit(
        _ changes: inout BatchChanges, as batch: String, fileCount: Int, _ table: SilverTable, _ contract: Contract,
        _ catalog: LakeCatalog, _ held: HeldTable, replacesAll: Bool = false
    ) throws -> (Merge.Counts, rowCount: Int64) {
        let storage = LakeStorage(settings.objects)
        var conflict = ""
        for attempt in 1...3 {
            let stored =
                try catalog.table(
                    table.name, in: SilverTable.namespace, history: attempt == 1 ? .referenced : .all)
                ?? create(table, in: catalog)
            // A commit whose answer was lost.
            if Self.has(batch, stored) { return (Merge.Counts(), stored.metadata.currentSnapshot?.rowCount ?? 0) }
            let metadata = stored.metadata
            guard try SilverTable(contract, metadata) == table else {
                throw SilverError.conflict("its columns are others now")
            }
            let schema = try table.evolved(metadata)
            let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
            let deleted = try DeletedRows(replacesAll ? .none : files, of: table.name, storage)
            let former = Self.truncate(of: metadata)
            let formers = replacesAll ? [] : Self.truncates(of: metadata)
            guard
                replacesAll
                    || files.manifests.allSatisfy({ $0.spec.id == metadata.defaultSpec.id || $0.entries.isEmpty })
            else {
                throw SilverError.table(
                    "table \(table.name) has files of an older partition spec; let another engine rewrite its data files, "
                        + "or make the table anew: cupel reload")
            }
            let token = settings.clock.uuid()
            let merge = try MergeInParts(
                table, schema, truncated: replacesAll ? nil : former, truncates: formers, storage, deleted,
                settings.merging,
                prefix: "\(metadata.location)/data/\(token)"
            ) {
                try held.goOn()
            }.run(&changes, over: replacesAll ? [] : files.dataFiles)
            let removed =
                replacesAll
                ? Set((files.dataFiles + files.deleteFiles).map(\.path))
                : merge.removed.union(deleted.obsolete(without: merge.removed, among: files))
            let draft = try SnapshotDraft(
                of: metadata, files, adding: merge.added, removing: removed,
                schema: schema, id: Snapshot.newID(from: settings.clock.uuid()),
                token: token,
                timestamp: settings.clock.now().milliseconds,
                summary: SnapshotBatch(
                    id: batch, fileCount: fileCount, inserted: merge.counts.inserted,
                    updated: merge.counts.updated, deleted: merge.counts.deleted
                ).summary.merging(["engine-name": "cupel"]) { $1 })
            for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
            // Another worker may be the table's writer by now; then this commit must not happen.
            try held.renew()
            var change = TableChange(of: metadata)
            change.evolve(metadata, to: schema)
            change.advance(to: draft.snapshot)
            if let ids = TableFields(metadata).property(of: table.columns, in: schema) {
                change.set([TableFields.property: ids])
            }
            if let truncate = merge.truncate, truncate != former {
                change.set([
                    Self.truncateOrder: String(decoding: truncate.order, as: UTF8.self),
                    Self.truncateTime: "\(truncate.time)",
                ])
            } else if merge.truncate == nil, former != nil {
                change.remove([Self.truncateOrder, Self.truncateTime])
            }
            if table.mode == .history, merge.truncates != Self.truncates(of: metadata) {
                change.set([Self.allTruncates: Self.text(of: merge.truncates)])
            }
            switch try catalog.commit(change, to: table.name, in: SilverTable.namespace) {
            case .committed: return (merge.counts, draft.snapshot.rowCount ?? 0)
            case .conflict(let reason): conflict = reason
            case .unknown(let error): conflict = "\(error)"
            }
        }
        throw SilverError.conflict(conflict)
    }

    func create(_ table: SilverTable, in catalog: LakeCatalog) throws(LakeError) -> LakeCatalog.Table {
        try catalog.createTable(
            table.name, in: SilverTable.namespace, location: "s3://\(settings.lakeBucket)/silver/\(table.name)",
            schema: table.schema, spec: table.spec,
            properties: Self.properties.merging(table.properties) { $1 })
    }

    /// The properties that keep the table's last truncate: a change from before it that comes later is deleted by it too.
    private static let truncateOrder = "cupel.truncate-order"
    private static let truncateTime = "cupel.truncate-time"

    private static func truncate(of metadata: TableMetadata) -> Changes.Truncate? {
        guard let order = metadata.properties[truncateOrder],
            let time = metadata.properties[truncateTime].flatMap({ Int64($0) })
        else { return nil }
        return Changes.Truncate(order: Array(order.utf8), time: time)
    }

    /// All truncates, of a table that keeps versions: each ends those that came before it.
    private static let allTruncates = "cupel.truncates"

    private static func truncates(of metadata: TableMetadata) -> Set<Changes.Truncate> {
        let members = metadata.properties[allTruncates].flatMap { try? JSON(parsing: Array($0.utf8)) }?.object ?? [:]
        return Set(
            members.compactMap { order, time in
                time.int.map { Changes.Truncate(order: Array(order.utf8), time: Int64($0)) }
            })
    }

    private static func text(of truncates: Set<Changes.Truncate>) -> String {
        let members = truncates.map { (String(decoding: $0.order, as: UTF8.self), JSON.int(Int($0.time))) }
        return JSON.object(JSONObject(members.sorted { $0.0 < $1.0 })).text
    }

    private static func has(_ batch: String, _ table: LakeCatalog.Table) -> Bool {
        table.metadata.snapshots.contains { $0.batch?.id == batch }
    }

    /// Ends the batch of a writer that crashed: its records are finished if their snapshot is there, else they are taken
    /// again. A change that is applied twice has no effect the second time.
    func settle(
        _ stored: LakeCatalog.Table?, _ contract: Contract, _ held: HeldTable, _ log: Log
    ) throws {
        guard let batch = held.batch else { return }
        if let stored, Self.has(batch.id, stored) {
            for id in batch.records {
                let claim = try settings.control.claim(
                    id, owner: Self.recordOwner(held.table), leaseSeconds: settings.leaseSeconds)
                if case .claimed(let record) = claim { try finish(record, contract, in: batch) }
            }
            log.warning("finished the records of a batch that was committed", ["batch": .string(batch.id)])
        }
        try held.note(nil)
    }

    private func finish(
        _ record: ControlRecord, _ contract: Contract, in batch: TableLease.Batch
    ) throws(ControlError) {
        _ = try settings.control.finish(
            record,
            FinishedConversion(
                writtenCount: record.estimatedRecordCount ?? 0, quarantinedCount: 0,
                checksum: record.objectVersion.text, outputKey: "silver/\(record.table)",
                contractVersion: contract.version, batchID: batch.id))
    }
}
