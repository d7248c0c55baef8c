internal import AWSClient
internal import AWSModels
internal import Time

extension ControlTable {
    /// Ends a claimed record in success, makes its version the current one of its key and registers the next layer's
    /// record, if that layer has the table, in one transaction. The same transaction marks every older version as superseded.
    ///
    /// - Parameter known: the key's state as the caller read it: the transaction finds out whether it has changed since.
    /// - Returns: the record: superseded itself if a newer version is current meanwhile.
    /// - Throws: ``ControlError/leaseLost(_:attempt:now:)`` when another worker has claimed it; nothing is written.
    public func finishVersion(
        _ record: ControlRecord, _ conversion: FinishedConversion, next: ControlRecord?, in known: KeyState? = nil
    ) throws(ControlError) -> ControlRecord {
        let time = now()
        var isNextNew = true
        var known = known
        for _ in 1...10 {
            let state: KeyState
            if let seen = known { state = seen } else { state = try keyState(of: record) }
            known = nil
            if let newer = state.newerVersion(than: record) { return try supersede(record, by: newer) }
            var writes = Succession(of: record, at: time, in: self)
            var end = success(record, conversion, at: time)
            end.set(.supersedes, ifKnown: state.previous(of: record)?.attribute)
            end.remove(.identicalTo, .supersededBy)
            writes.add(end, requiringSequencerOf: record)
            let older = try olderVersions(than: record, in: state)
            writes.makeCurrent(state, writtenBy: record.controlID, ended: older.ended)

            var next = next
            let replaced = state.writtenBy.flatMap { $0 == record.controlID ? nil : $0 }
            if let replaced {
                let kept = SupersededKey(state.outputKey, writtenBy: replaced).text
                if var succeeding = next {
                    let former = ControlID(
                        bucket: succeeding.bucket, key: state.outputKey, version: replaced.text,
                        schema: succeeding.schema)
                    (succeeding.supersedes, succeeding.supersededKey) = (former, kept)
                    if try self.record(former) != nil { writes.supersede(former, by: succeeding.controlID) }
                    next = succeeding
                }
                if !older.open.contains(where: { $0.controlID == replaced }), try self.record(replaced) != nil {
                    writes.move(replaced, to: kept)
                }
                for old in older.open { writes.supersede(old, keptAt: old.controlID == replaced ? kept : nil) }
            } else {
                for old in older.open { writes.supersede(old) }
            }
            let nextIndex = writes.items.count
            if isNextNew, let next { writes.items.append(.update(registration(of: next, at: time))) }

            switch try transact(writes) {
            case nil: return record.finished(conversion, at: time, superseding: state.previous(of: record))
            case let reasons? where reasons.first != .some(nil): return try settled(record, at: time, in: .success)
            case let reasons? where reasons.count > nextIndex && reasons[nextIndex] != nil: isNextNew = false
            default: continue
            }
        }
        throw .contended(record.controlID)
    }

    /// Ends a claimed record in success without a conversion, because the bronze file holds its rows already: `current` has
    /// the same bytes. It becomes the key's current version.
    ///
    /// - Parameter state: the state in which `current` was the current version.
    /// - Returns: nil if that no longer holds, or if a worker may be about to replace the bronze file. Then convert it.
    public func finishIdentical(
        _ record: ControlRecord, to current: ControlRecord, in state: KeyState
    ) throws(ControlError) -> ControlRecord? {
        guard let writer = state.writtenBy, state.current?.controlID == current.controlID,
            let conversion = FinishedConversion(current, outputKey: state.outputKey)
        else { return nil }
        let older = try olderVersions(than: record, in: state)
        // A worker of an older version that was claimed may replace the file by what it has, as long as the file's entity tag
        // is the same. Only a new file stops it.
        guard older.open.allSatisfy({ $0.controlID == current.controlID || $0.isUnclaimed }) else { return nil }
        let time = now()
        var writes = Succession(of: record, at: time, in: self)
        var end = success(record, conversion, at: time)
        if current.controlID != record.controlID {
            end.set(.supersedes, current.controlID.attribute)
            end.set(.identicalTo, writer.attribute)
            // The rows are those of the other contract.
            if let hash = current.contractHash {
                end.set(.contractHash, .string(hash))
            } else {
                end.remove(.contractHash)
            }
        }
        end.remove(.supersededBy)
        writes.add(end, requiringSequencerOf: record)
        writes.makeCurrent(state, writtenBy: writer, ended: older.ended, requiringOpenVersions: true)
        for old in older.open { writes.supersede(old) }
        switch try transact(writes) {
        case nil: return try existing(record.controlID)
        case let reasons? where reasons.first != .some(nil): return try settled(record, at: time, in: .success)
        default: return nil
        }
    }

    /// Ends a claimed record as superseded: a newer version of its key has taken its place, or will.
    /// - Throws: ``ControlError/leaseLost(_:attempt:now:)`` when another worker has claimed it; nothing is written.
    public func supersede(_ record: ControlRecord, by newer: ControlID) throws(ControlError) -> ControlRecord {
        let time = now()
        var end = Self.ending(record, in: .success, at: time)
        end.set(.supersededBy, newer.attribute)
        end.set(.expiresAt, ifKnown: expiry(from: time))
        end.remove(.errorType, .errorMessage, .openWork)
        var writes = Succession(of: record, at: time, in: self)
        writes.add(end, requiringSequencerOf: record)
        writes.forget(record)
        guard try transact(writes) != nil else { return try existing(record.controlID) }
        return try settled(record, at: time, in: .success)
    }

    // MARK: Parts

    /// - Returns: the reason for each write where a condition does not hold, nil if all writes were made.
    func transact(_ writes: Succession) throws(ControlError) -> [String?]? {
        do throws(AWSError) {
            try dynamoDB.transact(writes.items)
            return nil
        } catch {
            guard case .conditionFailed(_, let reasons, _) = error else { throw .aws(error) }
            return reasons
        }
    }

    /// The older versions that have not been superseded yet, and those that have. A transaction has at most 100 writes: a
    /// later version deals with the rest.
    private func olderVersions(
        than record: ControlRecord, in state: KeyState
    ) throws(ControlError) -> (open: [ControlRecord], ended: Set<ControlID>) {
        var open: [ControlRecord] = []
        var ended: Set<ControlID> = []
        var ids = state.openVersions
        if let current = state.current { ids.insert(current.controlID) }
        ids.remove(record.controlID)
        // The current version first: its place is taken.
        let sorted = ids.sorted {
            ($0 == state.current?.controlID ? 0 : 1, $0.text) < ($1 == state.current?.controlID ? 0 : 1, $1.text)
        }
        for id in sorted.prefix(90) {
            guard let old = try self.record(id), old.order < record.order else { continue }
            if old.status == .success, old.supersededBy != nil { ended.insert(id) } else { open.append(old) }
        }
        return (open, ended)
    }
}

extension KeyState {
    /// The version whose place `record` takes.
    fileprivate func previous(of record: ControlRecord) -> ControlID? {
        current.flatMap { $0.controlID == record.controlID ? nil : $0.controlID }
    }
}

extension ControlRecord {
    fileprivate var isUnclaimed: Bool { status == .pending && attemptCount == 0 }
}

extension FinishedConversion {
    /// What a record in success says of its conversion; nil for any other record.
    fileprivate init?(_ record: ControlRecord, outputKey: String) {
        guard let written = record.writtenCount, let quarantined = record.quarantinedCount,
            let checksum = record.checksum, let contract = record.contractVersion
        else { return nil }
        self.init(
            writtenCount: written, quarantinedCount: quarantined, checksum: checksum, outputKey: outputKey,
            contractVersion: contract, maskedColumns: record.maskedColumns, quality: record.quality,
            personalData: record.personalData, quarantineKey: record.quarantineKey,
            rescuedCount: record.rescuedCount ?? 0, unknownFields: record.unknownFields)
    }
}
