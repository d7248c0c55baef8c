internal import AWSModels
internal import Time

/// The writes of one transaction in which a version ends and takes the place of older ones.
struct Succession {
    var items: [TransactWriteItems.Write] = []
    private let record: ControlRecord
    private let time: Timestamp
    private let table: ControlTable

    init(of record: ControlRecord, at time: Timestamp, in table: ControlTable) {
        self.record = record
        self.time = time
        self.table = table
    }

    private mutating func add(_ change: RecordChange, to id: ControlID) {
        items.append(.update(change.request(table: table.name, id: id)))
    }

    /// Ends the record, if it is held and no later upload of its bytes has been announced.
    mutating func add(_ end: RecordChange, requiringSequencerOf record: ControlRecord) {
        var end = end
        let held = ControlTable.isHeld(record, &end)
        let sequencer = end.name(.sequencer)
        let isSame =
            record.sequencer.map { "\(sequencer) = \(end.value(.string($0), "sequencer"))" }
            ?? "attribute_not_exists(\(sequencer))"
        end.require("\(held) AND \(isSame)")
        add(end, to: record.controlID)
    }

    /// Makes the record the current version of its key, if the state is unchanged.
    mutating func makeCurrent(
        _ state: KeyState, writtenBy writer: ControlID, ended: Set<ControlID>, requiringOpenVersions: Bool = false
    ) {
        var change = RecordChange()
        change.set(.currentID, record.controlID.attribute)
        if let sequencer = record.sequencer {
            change.set(.sequencer, .string(sequencer))
        } else {
            change.remove(.sequencer)
        }
        change.set(.currentCreatedAt, record.createdAt.attribute)
        change.set(.writtenBy, writer.attribute)
        change.delete(ended.union([record.controlID]), from: .openVersions)
        var condition = state.isUnchanged(&change)
        if requiringOpenVersions {
            let name = change.name(.openVersions)
            let texts = Set(state.openVersions.map(\.text))
            condition +=
                texts.isEmpty
                ? " AND attribute_not_exists(\(name))"
                : " AND \(name) = \(change.value(.stringSet(texts), "seen_open"))"
        }
        change.require(condition)
        add(change, to: state.id)
    }

    /// Takes the record out of its key's open versions.
    mutating func forget(_ record: ControlRecord) {
        var change = RecordChange()
        change.delete([record.controlID], from: .openVersions)
        add(change, to: ControlID(rawKey: record.objectKey, bucket: record.bucket))
    }

    /// Marks an older version, if it has not changed since it was read. One that nobody works on ends with it.
    /// - Parameter key: where its bronze file is kept from now on.
    mutating func supersede(_ old: ControlRecord, keptAt key: String? = nil) {
        var change = RecordChange()
        change.set(.supersededBy, record.controlID.attribute)
        change.set(.updatedAt, time.attribute)
        if let key {
            change.set(.outputKey, .string(key))
        } else if old.identicalTo != nil {
            // Its rows are in the file of another version.
            change.remove(.outputKey)
        }
        if old.status == .pending || old.status == .error {
            change.set(.status, .string(ControlRecord.Status.success.rawValue))
            change.set(.finishedAt, time.attribute)
            change.set(.expiresAt, ifKnown: table.expiry(from: time))
            change.remove(.openWork, .leaseOwner, .leaseExpiresAt, .errorType, .errorMessage)
        }
        let status = "\(change.name(.status)) = \(change.value(.string(old.status.rawValue), "seen"))"
        let attempt = "\(change.name(.attemptCount)) = \(change.value(.int(old.attemptCount), "attempt"))"
        change.require("\(status) AND \(attempt)")
        add(change, to: old.controlID)
    }

    /// Marks the next layer's record of the version whose bronze file is replaced.
    mutating func supersede(_ id: ControlID, by newer: ControlID) {
        var change = RecordChange()
        change.set(.supersededBy, newer.attribute)
        change.set(.updatedAt, time.attribute)
        change.require("attribute_exists(\(change.name(.controlID)))")
        add(change, to: id)
    }

    /// Says where the bronze file of a version is kept that was superseded by one with the same bytes.
    mutating func move(_ id: ControlID, to key: String) {
        var change = RecordChange()
        change.set(.outputKey, .string(key))
        change.require("attribute_exists(\(change.name(.controlID)))")
        add(change, to: id)
    }
}
