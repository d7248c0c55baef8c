internal import AWSModels

// Versions that were converted before keys had states: each has a bronze file of its own, and the key's item does not know
// them.

extension ControlTable {
    /// All versions of the record's raw key in its layer but itself, oldest first. An index may be a moment older than the
    /// table, and these are old.
    public func otherVersions(of record: ControlRecord) throws(ControlError) -> [ControlRecord] {
        try records(.objectKey(record.objectKey))
            .filter { $0.bucket == record.bucket && $0.schema == record.schema && $0.controlID != record.controlID }
            .sorted { $0.order < $1.order }
    }

    /// Makes a version the current one of a key that has none, in the place that its file has; counts the versions among the
    /// open ones that have not ended. Safe to repeat.
    public func adopt(
        _ newest: ControlRecord, at outputKey: String, unfinished: [ControlRecord], in state: KeyState
    ) throws(ControlError) -> KeyState {
        var change = RecordChange()
        change.set(.outputKey, .string(outputKey))
        change.set(.currentID, newest.controlID.attribute)
        change.set(.sequencer, ifKnown: newest.sequencer.map(AttributeValue.string))
        change.set(.currentCreatedAt, newest.createdAt.attribute)
        change.set(.writtenBy, newest.controlID.attribute)
        return try apply(change, toUnknown: state, unfinished: unfinished)
    }

    /// Counts versions among the open ones of a key that has no current version, so that the next one ends them.
    public func adopt(unfinished: [ControlRecord], in state: KeyState) throws(ControlError) -> KeyState {
        guard unfinished.contains(where: { !state.openVersions.contains($0.controlID) }) else { return state }
        return try apply(RecordChange(), toUnknown: state, unfinished: unfinished)
    }

    private func apply(
        _ change: RecordChange, toUnknown state: KeyState, unfinished: [ControlRecord]
    ) throws(ControlError) -> KeyState {
        var change = change
        if !unfinished.isEmpty { change.insert(Set(unfinished.map(\.controlID)), into: .openVersions) }
        change.require("attribute_not_exists(\(change.name(.currentID)))")
        switch try apply(change, to: state.id, returning: .allNew) {
        case .changed(let item), .refused(let item): return try KeyState(item: item)
        }
    }

    /// Marks a version that `newer` superseded before such things were recorded, and its record in the next layer. Safe to
    /// repeat.
    /// - Parameters:
    ///   - outputKey: the place that its bronze file had, in the lake's `bucket`.
    ///   - kept: the place where the file is kept.
    public func supersedeEarlier(
        _ old: ControlRecord, by newer: ControlRecord, outputKey: String, bucket: String, keptAt kept: String
    ) throws(ControlError) {
        for _ in 1...5 {
            var writes = Succession(of: newer, at: now(), in: self)
            writes.supersede(try existing(old.controlID), keptAt: kept)
            let former = ControlID(bucket: bucket, key: outputKey, version: old.controlID.text, schema: .silver)
            if try record(former) != nil {
                let place = newer.outputKey ?? outputKey
                writes.supersede(
                    former, by: ControlID(bucket: bucket, key: place, version: newer.controlID.text, schema: .silver))
            }
            if try transact(writes) == nil { return }
        }
        throw .contended(old.controlID)
    }
}
