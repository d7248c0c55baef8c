internal import Contracts
internal import JSON
internal import Lake
internal import LambdaRuntime
internal import Time

extension SilverMerge {
    /// Makes a table anew from all of its bronze files, in one snapshot: readers never see half, and older snapshots stay.
    ///
    /// It is the remedy where merging once more changes nothing: bronze files that were converted again with the same orders, a
    /// derived column that came later, rows that another engine changed. Files that wait are taken too, and merging them later
    /// changes nothing.
    /// - Returns: the outcome: `done` with what it did, `nothing`, or `heldByAnother`.
    func reload(_ name: String, owner: String, log: Log) throws -> JSON {
        try holding(name, owner: owner, log: log) { contract, held in
            let catalog = try LakeCatalog(settings.aws)
            let stored = try catalog.table(name, in: SilverTable.namespace)
            let table = try SilverTable(contract, stored?.metadata)
            if let stored { try table.checkPartitions(stored.metadata, try table.evolved(stored.metadata)) }
            try settle(stored, contract, held, log)
            let folder = try BronzeFolder(of: table, settings) { try held.goOn() }
            guard !folder.files.isEmpty else {
                // A table without any bronze file is more often a mistake than one without rows.
                for fault in folder.faults { log.error("\(fault)", ["errorType": .string(fault.errorType)]) }
                guard folder.faults.isEmpty else {
                    throw SilverError.table("none of the \(folder.faults.count) bronze files of \(name) can be read")
                }
                return ["outcome": "nothing", "table": .string(name)]
            }
            var changes = BatchChanges(of: folder, table, settings.objects)
            let batch = "reload-\(settings.clock.uuid())"
            let (counts, rowCount) = try commit(
                &changes, as: batch, fileCount: folder.files.count, table, contract, catalog, held, replacesAll: true)
            for fault in changes.faults { log.error("\(fault)", ["errorType": .string(fault.errorType)]) }
            let outcome: JSON = [
                "outcome": "done", "table": .string(name), "batch": .string(batch),
                "files": .int(changes.files.count), "left_out": .int(changes.faults.count),
                "inserted": .int(counts.inserted), "updated": .int(counts.updated), "deleted": .int(counts.deleted),
                "rows": .int(rowCount), "more": .bool(try !waiting(of: name, limit: 1).isEmpty),
            ]
            log.info("reloaded", outcome.object ?? [:])
            return outcome
        }
    }

    /// For the state machine, as the list of tables that have files waiting: the table that is reloaded.
    func reloadAnswer(_ table: String) throws -> JSON {
        let (files, bytes) = try BronzeFolder.size(of: table, settings)
        var waiting = WaitingTables.Waiting()
        (waiting.fileCount, waiting.sizeInBytes) = (files, bytes)
        return WaitingTables.answer([table: waiting], taskBytes: settings.taskBytes, reloads: true)
    }
}
