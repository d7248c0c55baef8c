internal import AWSClient
internal import AWSModels
public import Time

extension ControlTable {
    /// The answer to a claim.
    public enum Claim: Sendable, Hashable {
        /// The caller holds it until the lease expires; later writes of the caller must have its `attemptCount`.
        case claimed(ControlRecord)
        case alreadyDone(ControlRecord)
        /// Another worker holds it until then, or longer if it renews the lease.
        case held(ControlRecord, until: Timestamp?)
        /// It failed as often as the limit allows; only an explicit replay makes it pending again.
        case exhausted(ControlRecord)
        case notFound
    }

    /// Claims a record to work on: from `pending`; from `error` below the attempt limit; from `running` when the lease has
    /// expired below the limit, or when `owner` itself holds it (the same execution, retried after a crash).
    ///
    /// - Parameter contractHash: the contract that the record pins, if it has not pinned one before.
    public func claim(
        _ id: ControlID, owner: String, leaseSeconds: Int, requestID: String? = nil, contractHash: String? = nil
    ) throws(ControlError) -> Claim {
        let time = now()
        var change = RecordChange()
        let status = change.name(.status)
        let isBelowLimit = "\(change.name(.attemptCount)) < \(change.value(.int(attemptLimit), "limit"))"
        let isExpired = "\(change.name(.leaseExpiresAt)) < \(change.value(time.attribute, "now"))"
        let isOwn = "\(change.name(.leaseOwner)) = \(change.value(.string(owner), "owner"))"
        change.require(
            "\(status) = \(change.value(.pending))"
                + " OR (\(status) = \(change.value(.error)) AND \(isBelowLimit))"
                + " OR (\(status) = \(change.value(.running)) AND (\(isOwn) OR (\(isExpired) AND \(isBelowLimit))))")
        change.set(.status, .string(ControlRecord.Status.running.rawValue))
        change.set(.leaseOwner, .string(owner))
        change.set(.leaseExpiresAt, time.advanced(byMilliseconds: Int64(leaseSeconds) * 1000).attribute)
        change.set(.startedAt, time.attribute)
        change.set(.updatedAt, time.attribute)
        change.set(.requestID, ifKnown: requestID.map(AttributeValue.string))
        if let contractHash { change.setIfAbsent(.contractHash, .string(contractHash)) }
        change.increment(.attemptCount)
        change.remove(.errorType, .errorMessage, .finishedAt, .duration)

        let refused: ControlRecord
        do throws(ControlError) {
            switch try apply(change, to: id) {
            case .changed(let record): return .claimed(record)
            case .refused(let record): refused = record
            }
        } catch {
            if case .notFound = error { return .notFound }
            throw error
        }
        switch refused.status {
        case .success: return .alreadyDone(refused)
        case .error: return .exhausted(refused)
        case .running where refused.isLeaseExpired(at: time): return .exhausted(refused)
        // Another worker held it when this claim arrived. It became pending since, which starts its execution again.
        case .running, .pending: return .held(refused, until: refused.leaseExpiresAt)
        }
    }

    /// Extends the lease of a claimed record to `leaseSeconds` from now.
    /// - Throws: ``ControlError/leaseLost(_:attempt:now:)`` when the caller no longer holds it: stop working.
    public func renewLease(of record: ControlRecord, leaseSeconds: Int) throws(ControlError) -> ControlRecord {
        let time = now()
        var change = RecordChange()
        change.set(.leaseExpiresAt, time.advanced(byMilliseconds: Int64(leaseSeconds) * 1000).attribute)
        change.set(.updatedAt, time.attribute)
        change.require(Self.isHeld(record, &change))
        return try applyAsHolder(change, of: record) { _ in false }
    }

    /// Ends a claimed record in success and, in the same transaction, registers the next layer's record.
    ///
    /// A next record that exists already stays as it is. The holder can safely repeat the call.
    /// - Throws: ``ControlError/leaseLost(_:attempt:now:)`` when another worker has claimed it; nothing is written.
    public func finish(
        _ record: ControlRecord, _ conversion: FinishedConversion, next: ControlRecord? = nil
    ) throws(ControlError) -> ControlRecord {
        let time = now()
        let change = success(record, conversion, at: time)
        let end = TransactWriteItems.Write.update(change.request(table: name, id: record.controlID))
        do throws(AWSError) {
            try transact(end, registering: next.map { .update(registration(of: $0, at: time)) })
        } catch {
            guard case .conditionFailed = error else { throw .aws(error) }
            return try settled(record, at: time, in: .success)
        }
        return try existing(record.controlID)
    }

    /// The end of a claimed record in success, with what the conversion counted.
    func success(_ record: ControlRecord, _ conversion: FinishedConversion, at time: Timestamp) -> RecordChange {
        var change = Self.ending(record, in: .success, at: time)
        change.set(.recordCount, .int(conversion.recordCount))
        change.set(.writtenCount, .int(conversion.writtenCount))
        change.set(.quarantinedCount, .int(conversion.quarantinedCount))
        change.set(.checksum, .string(conversion.checksum))
        change.set(.outputKey, .string(conversion.outputKey))
        change.set(.contractVersion, .string(conversion.contractVersion))
        change.set(.maskedColumns, .list(conversion.maskedColumns.map(AttributeValue.string)))
        change.set(.quality, .list(conversion.quality.map(\.attribute)))
        change.set(.personalData, .list(conversion.personalData.map(\.attribute)))
        change.set(.rescuedCount, .int(conversion.rescuedCount))
        change.set(.unknownFields, .list(conversion.unknownFields.map(\.attribute)))
        change.set(.batchID, ifKnown: conversion.batchID.map(AttributeValue.string))
        if let key = conversion.quarantineKey {
            change.set(.quarantineKey, .string(key))
        } else {
            change.remove(.quarantineKey)
        }
        change.set(.expiresAt, ifKnown: expiry(from: time))
        if conversion.erasedCount > 0 {
            change.set(.erasedCount, .int(conversion.erasedCount))
            change.set(.erasedAt, time.attribute)
            change.remove(.erasedFrom)
        } else {
            change.remove(.erasedCount, .erasedAt, .erasedFrom)
        }
        change.remove(.errorType, .errorMessage, .openWork)
        return change
    }

    /// When a record that succeeds at `time` may be deleted.
    func expiry(from time: Timestamp) -> AttributeValue? {
        retentionInDays.map { .int(Int(time.seconds) + $0 * 86_400) }
    }

    /// Makes both writes or none, but the first alone if the second fails only because its record exists.
    private func transact(
        _ end: TransactWriteItems.Write, registering next: TransactWriteItems.Write?
    ) throws(AWSError) {
        guard let next else { return try dynamoDB.transact([end]) }
        do throws(AWSError) {
            try dynamoDB.transact([end, next])
        } catch {
            guard case .conditionFailed(_, let reasons, _) = error, reasons.count == 2, reasons[0] == nil else {
                throw error
            }
            try dynamoDB.transact([end])
        }
    }

    /// Ends a claimed record in error, or as superseded if a newer version has taken its place.
    ///
    /// - Parameters:
    ///   - quality: what was measured before the error, if anything.
    ///   - quarantineKey: the file that lists the first rows that broke the contract; nil keeps that of an earlier attempt.
    ///   - isPermanent: whether the scheduled replay leaves the record alone.
    /// - Throws: ``ControlError/leaseLost(_:attempt:now:)`` when another worker has claimed it; nothing is written.
    @discardableResult
    public func fail(
        _ record: ControlRecord, errorType: String, message: String, quality: [MeasuredRule] = [],
        quarantineKey: String? = nil, isPermanent: Bool = false
    ) throws(ControlError) -> ControlRecord {
        let time = now()
        var change = Self.ending(record, in: .error, at: time)
        if isPermanent { change.set(.isPermanent, .bool(true)) } else { change.remove(.isPermanent) }
        change.set(.errorType, .string(errorType))
        change.set(.errorMessage, .string(Self.shortened(message)))
        if quality.isEmpty { change.remove(.quality) } else { change.set(.quality, .list(quality.map(\.attribute))) }
        if let quarantineKey { change.set(.quarantineKey, .string(quarantineKey)) }
        let held = Self.isHeld(record, &change)
        change.require("\(held) AND attribute_not_exists(\(change.name(.supersededBy)))")
        switch try apply(change, to: record.controlID) {
        case .changed(let changed): return changed
        case .refused(let stored) where stored.isEnd(of: record, at: time, in: .error): return stored
        case .refused(let stored):
            guard stored.isHeld(as: record), let newer = stored.supersededBy else {
                throw Self.leaseLost(record, stored)
            }
            return try supersede(record, by: newer)
        }
    }

    /// Returns a claimed record to pending, so that it can be claimed again at once. The attempt stays counted.
    /// - Throws: ``ControlError/leaseLost(_:attempt:now:)`` when another worker has claimed it; nothing is written.
    @discardableResult
    public func release(_ record: ControlRecord) throws(ControlError) -> ControlRecord {
        var change = RecordChange()
        change.set(.status, .string(ControlRecord.Status.pending.rawValue))
        change.set(.updatedAt, now().attribute)
        change.remove(.leaseOwner, .leaseExpiresAt)
        change.require(Self.isHeld(record, &change))
        return try applyAsHolder(change, of: record) {
            $0.status == .pending && $0.attemptCount == record.attemptCount
        }
    }

    // MARK: Parts

    /// The condition that the record is running, with the owner and the attempt of the claim.
    static func isHeld(_ record: ControlRecord, _ change: inout RecordChange) -> String {
        let status = "\(change.name(.status)) = \(change.value(.running))"
        let owner = change.value(.string(record.leaseOwner ?? ""), "owner")
        let attempt = change.value(.int(record.attemptCount), "attempt")
        return "\(status) AND \(change.name(.leaseOwner)) = \(owner) AND \(change.name(.attemptCount)) = \(attempt)"
    }

    static func ending(
        _ record: ControlRecord, in status: ControlRecord.Status, at time: Timestamp
    ) -> RecordChange {
        var change = RecordChange()
        change.set(.status, .string(status.rawValue))
        change.set(.updatedAt, time.attribute)
        change.set(.finishedAt, time.attribute)
        change.set(.duration, .int(max(0, time.milliseconds(since: record.startedAt ?? time))))
        change.remove(.leaseOwner, .leaseExpiresAt)
        change.require(isHeld(record, &change))
        return change
    }

    /// Creates the record, if it does not exist.
    func registration(of record: ControlRecord, at time: Timestamp) -> UpdateItem {
        var change = RecordChange()
        var record = record
        record.updatedAt = time
        for (attribute, value) in record.attributes where attribute != .controlID {
            change.set(attribute, value)
        }
        change.require("attribute_not_exists(\(change.name(.controlID)))")
        return change.request(table: name, id: record.controlID)
    }

    private func applyAsHolder(
        _ change: RecordChange, of record: ControlRecord, isDone: (ControlRecord) -> Bool
    ) throws(ControlError) -> ControlRecord {
        switch try apply(change, to: record.controlID) {
        case .changed(let changed): return changed
        case .refused(let stored) where isDone(stored): return stored
        case .refused(let stored): throw Self.leaseLost(record, stored)
        }
    }

    /// The stored record, if the condition failed because the same write took effect before and its answer was lost.
    func settled(
        _ record: ControlRecord, at time: Timestamp, in status: ControlRecord.Status
    ) throws(ControlError) -> ControlRecord {
        let stored = try existing(record.controlID)
        if stored.isEnd(of: record, at: time, in: status) { return stored }
        throw stored.isHeld(as: record) ? .versionChanged(record.controlID) : Self.leaseLost(record, stored)
    }

    private static func leaseLost(_ record: ControlRecord, _ stored: ControlRecord) -> ControlError {
        .leaseLost(
            record.controlID, attempt: record.attemptCount,
            now: "\(stored.status.rawValue), attempt \(stored.attemptCount)")
    }
}

extension ControlRecord {
    /// Whether it is running under the same claim.
    fileprivate func isHeld(as claimed: ControlRecord) -> Bool {
        status == .running && leaseOwner == claimed.leaseOwner && attemptCount == claimed.attemptCount
    }

    fileprivate func isEnd(of claimed: ControlRecord, at time: Timestamp, in status: Status) -> Bool {
        self.status == status && attemptCount == claimed.attemptCount && finishedAt == time
    }
}
