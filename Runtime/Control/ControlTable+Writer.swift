internal import AWSModels
internal import Time

/// The right to write one table of the lake, which one worker has at a time: one item of the control table for each table.
///
/// Each lease has a higher epoch than the last. A worker whose lease has expired has an old epoch, and its changes are refused.
/// The item also names the batch that was begun last: what it did is known by looking for it in the table's snapshots.
public struct TableLease: Sendable, Hashable {
    public let table: String
    public let layer: ControlRecord.Schema
    public let owner: String
    public let epoch: Int
    /// The batch that was begun and not known to have ended; nil if there is none.
    public fileprivate(set) var batch: Batch?

    /// Some records of a table, which one snapshot takes.
    public struct Batch: Sendable, Hashable {
        public let id: String
        public let records: Set<ControlID>

        public init(id: String, records: Set<ControlID>) {
            self.id = id
            self.records = records
        }
    }

    /// The item's `schema_name`, by which those who read the whole table tell it from the records.
    static let schema = "dm_writer"
}

extension ControlTable {
    /// Takes the right to write a table, if nobody has it.
    /// - Returns: nil while another worker has it.
    public func takeTable(
        _ table: String, in layer: ControlRecord.Schema, owner: String, leaseSeconds: Int
    ) throws(ControlError) -> TableLease? {
        let time = now()
        var change = RecordChange()
        change.set(.schemaName, .string(TableLease.schema))
        change.set(.lakeTable, .string("\(layer.rawValue).\(table)"))
        change.set(.leaseOwner, .string(owner))
        change.set(.leaseExpiresAt, time.advanced(byMilliseconds: Int64(leaseSeconds) * 1000).attribute)
        change.set(.updatedAt, time.attribute)
        change.increment(.writerEpoch)
        let holder = change.name(.leaseOwner)
        change.require(
            "attribute_not_exists(\(holder)) OR \(holder) = \(change.value(.string(owner), "owner"))"
                + " OR \(change.name(.leaseExpiresAt)) < \(change.value(time.attribute, "now"))")
        switch try apply(change, to: ControlID(writerOf: table, in: layer), returning: .allNew) {
        case .refused: return nil
        case .changed(let item):
            let reader = ItemReader(item)
            let records = try reader.optional(.batchRecords) {
                if case .stringSet(let texts) = $0 { Set(texts.compactMap(ControlID.init)) } else { nil }
            }
            return TableLease(
                table: table, layer: layer, owner: owner, epoch: try reader.required(.writerEpoch, \.int),
                batch: try reader.optional(.batchID, \.string).map { TableLease.Batch(id: $0, records: records ?? []) })
        }
    }

    /// The batch that a writer of the table has begun and whose end is not recorded, without taking the right to write.
    public func openBatch(ofTable table: String, in layer: ControlRecord.Schema) throws(ControlError) -> String? {
        guard let item = try item(ControlID(writerOf: table, in: layer)) else { return nil }
        return try ItemReader(item).optional(.batchID, \.string)
    }

    /// Extends the lease to `leaseSeconds` from now.
    /// - Throws: ``ControlError/tableLeaseLost(table:epoch:)`` when another worker has the table: stop working.
    public func renew(_ lease: TableLease, leaseSeconds: Int) throws(ControlError) {
        let time = now()
        var change = RecordChange()
        change.set(.leaseExpiresAt, time.advanced(byMilliseconds: Int64(leaseSeconds) * 1000).attribute)
        change.set(.updatedAt, time.attribute)
        try apply(&change, as: lease)
    }

    /// Notes the batch that is begun, before anything of it is written; nil when its end is recorded.
    public func note(_ batch: TableLease.Batch?, of lease: inout TableLease) throws(ControlError) {
        var change = RecordChange()
        if let batch {
            change.set(.batchID, .string(batch.id))
            change.set(.batchRecords, .stringSet(Set(batch.records.map(\.text))))
        } else {
            change.remove(.batchID, .batchRecords)
        }
        change.set(.updatedAt, now().attribute)
        try apply(&change, as: lease)
        lease.batch = batch
    }

    /// Gives the right back.
    public func leave(_ lease: TableLease) throws(ControlError) {
        var change = RecordChange()
        change.set(.updatedAt, now().attribute)
        change.remove(.leaseOwner, .leaseExpiresAt)
        try apply(&change, as: lease)
    }

    private func apply(_ change: inout RecordChange, as lease: TableLease) throws(ControlError) {
        let epoch = "\(change.name(.writerEpoch)) = \(change.value(.int(lease.epoch), "epoch"))"
        change.require("\(epoch) AND \(change.name(.leaseOwner)) = \(change.value(.string(lease.owner), "owner"))")
        let id = ControlID(writerOf: lease.table, in: lease.layer)
        guard case .changed = try apply(change, to: id, returning: .allNew) else {
            throw .tableLeaseLost(table: lease.table, epoch: lease.epoch)
        }
    }
}
