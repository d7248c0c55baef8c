internal import Control
internal import Iceberg
internal import JSON
internal import Lake

/// The snapshots of a table, newest first, and the files that each took in.
struct SnapshotHistory {
    /// A snapshot, and what it did.
    struct Entry {
        let snapshot: Snapshot
        let batch: SnapshotBatch?
        /// Whether the current state was made from it.
        let isInLineage: Bool
        /// The files of its batch that the control table still has; nil if it was not read.
        var sources: [Source]?

        init(_ snapshot: Snapshot, _ metadata: TableMetadata) {
            self.init(snapshot, isInLineage: metadata.lineage.contains { $0.id == snapshot.id })
        }

        init(_ snapshot: Snapshot, isInLineage: Bool) {
            self.snapshot = snapshot
            self.isInLineage = isInLineage
            batch = snapshot.batch
        }
    }

    /// A file that a batch took in.
    struct Source: Hashable {
        /// The raw file; that of bronze where the record is of an older version.
        let key: String
        let bronzeKey: String
        let controlID: String
        let rowCount: Int?
    }

    private(set) var entries: [Entry]

    /// - Parameter limit: how many snapshots.
    init(_ metadata: TableMetadata, limit: Int) {
        let lineage = Set(metadata.lineage.map(\.id))
        entries = metadata.snapshots.sorted { $0.sequenceNumber > $1.sequenceNumber }.prefix(limit).map {
            Entry($0, isInLineage: lineage.contains($0.id))
        }
    }

    /// Adds the files of each batch, of which the records of a table's files tell.
    mutating func add(_ records: (_ body: (ControlRecord) -> Void) throws(CommandFailure) -> Void)
        throws(CommandFailure)
    {
        var places: [String: Int] = [:]
        for (place, entry) in entries.enumerated() { if let batch = entry.batch { places[batch.id] = place } }
        var sources = [[Source]](repeating: [], count: entries.count)
        try records { record in
            guard let place = record.batchID.flatMap({ places[$0] }) else { return }
            sources[place].append(
                Source(
                    key: record.sourceKey ?? record.objectKey, bronzeKey: record.objectKey,
                    controlID: record.controlID.text, rowCount: record.estimatedRecordCount))
        }
        for place in entries.indices { entries[place].sources = sources[place].sorted { $0.key < $1.key } }
    }

    /// Adds the files of each batch of a table, as far as the control table keeps them.
    mutating func add(filesOf name: LakeTables.Name, in pipeline: Pipeline) throws(CommandFailure) {
        guard let layer = name.layer else { return }
        try add { (body) throws(CommandFailure) in
            do throws(ControlError) {
                try pipeline.control.forEachRecord(.table(name.table, in: layer.schema)) {
                    (record) throws(ControlError) in
                    body(record)
                    return true
                }
            } catch { throw pipeline.failure(error) }
        }
    }

    // MARK: Text

    static func table(of entries: [Entry]) -> TextTable {
        var table = TextTable([
            .right("SNAPSHOT"), .left("WHEN"), .left("BATCH"), .right("INSERTED"), .right("UPDATED"),
            .right("DELETED"), .left("FILES"),
        ])
        for entry in entries { table.add(entry.cells) }
        return table
    }

    /// The table, and below each snapshot the files that it came from.
    func lines(fileLimit: Int, width: Int?) -> [String] {
        let table = Self.table(of: entries).lines(width: width)
        var lines = [table[0]]
        for (line, entry) in zip(table.dropFirst(), entries) {
            lines.append(line)
            lines += entry.notes(fileLimit: fileLimit).map { note in
                let text = "          \(note)"
                guard let width, text.count > width, width > 1 else { return text }
                return String(text.prefix(width - 1)) + "…"
            }
        }
        return lines
    }

    var document: JSON { .array(entries.map(\.document)) }
}

extension SnapshotHistory.Entry {
    fileprivate var cells: [String] {
        // Another writer's append says how many rows it added, its other operations do not.
        let isAppend = snapshot.summary["operation"] == "append"
        let inserted = batch.map(\.inserted) ?? (isAppend ? snapshot.count("added-records") : nil)
        let writer = snapshot.summary["engine-name"] ?? snapshot.summary["operation"] ?? "-"
        return [
            "\(snapshot.sequenceNumber)", snapshot.time, batch.map { String($0.id.prefix(8)) } ?? "(\(writer))",
            Quantity.count(inserted), Quantity.count(batch?.updated), Quantity.count(batch?.deleted),
            "+\(snapshot.count("added-data-files") ?? 0) -\(snapshot.count("deleted-data-files") ?? 0)",
        ]
    }

    fileprivate func notes(fileLimit: Int) -> [String] {
        var notes: [String] = []
        if !isInLineage { notes.append("not in the current state: rolled back, or of another branch") }
        guard let sources else { return notes }
        notes += sources.prefix(fileLimit).map(\.key)
        let others = sources.count - fileLimit
        if others > 0 { notes.append("and \(Quantity.count(others)) other files: --files \(sources.count)") }
        let lost = (batch?.fileCount ?? 0) - sources.count
        if lost > 0 {
            let files = lost == 1 ? "1 file whose record has" : "\(Quantity.count(lost)) files whose records have"
            notes.append("\(files) expired, or a later batch")
        }
        return notes
    }

    var document: JSON {
        var object: JSONObject = [
            "snapshot": .int(snapshot.sequenceNumber), "snapshot_id": .string("\(snapshot.id)"),
            "committed_at": .string(snapshot.time), "current": .bool(isInLineage),
        ]
        object["parent_id"] = snapshot.parentID.map { .string("\($0)") }
        object["batch"] = batch.map { .string($0.id) }
        object["inserted"] = batch?.inserted.map { .int($0) }
        object["updated"] = batch?.updated.map { .int($0) }
        object["deleted"] = batch?.deleted.map { .int($0) }
        object["summary"] = .object(
            JSONObject(snapshot.summary.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        guard let batch else { return .object(object) }
        object["batch_files"] = batch.fileCount.map { .int($0) }
        object["sources"] = sources.map { .array($0.map(\.document)) }
        return .object(object)
    }
}

extension SnapshotHistory.Source {
    fileprivate var document: JSON {
        var object: JSONObject = [
            "raw_key": .string(key), "bronze_key": .string(bronzeKey), "control_id": .string(controlID),
        ]
        object["rows"] = rowCount.map { .int($0) }
        return .object(object)
    }
}
