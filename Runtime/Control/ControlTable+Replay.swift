internal import AWSModels
public import Time

/// Which records a replay may restart, besides those in error and those whose lease has expired.
public struct ReplayRules: Sendable, Hashable {
    /// Restarts records in success and in pending too.
    public var force: Bool
    /// Skips records with this many attempts, as the scheduled replay does; nil for an explicit replay.
    public var attemptLimit: Int?
    /// Restarts pending records that have not changed for this long: the event that starts them was lost.
    public var stalePendingSeconds: Int?

    public init(force: Bool = false, attemptLimit: Int? = nil, stalePendingSeconds: Int? = nil) {
        self.force = force
        self.attemptLimit = attemptLimit
        self.stalePendingSeconds = stalePendingSeconds
    }

    /// Whether the replay is a retry by schedule: with the contract that the record has pinned.
    var isScheduled: Bool { attemptLimit != nil }
}

/// What a replay does with a record, and why.
public enum ReplayOutcome: Sendable, Hashable {
    /// It is pending again, which starts a new execution.
    case replayed(from: ControlRecord.Status)
    case alreadyPending
    /// A worker holds its lease.
    case running(until: Timestamp?)
    /// It needs force.
    case alreadyDone
    /// A newer version of its object has taken its place.
    case superseded(by: ControlID)
    /// Its error stays until the file or the contract changes; the scheduled replay leaves it alone.
    case permanent
    /// It has as many attempts as the rules allow.
    case exhausted(attempts: Int)
    /// Its workers died as often as the rules allow; the record is now in error.
    case abandoned(attempts: Int)
    case notFound
}

extension ReplayOutcome: CustomStringConvertible {
    public var description: String {
        switch self {
        case .replayed(let status): "replayed from \(status.rawValue)"
        case .alreadyPending: "skipped: already pending"
        case .running(let until): "skipped: running\(until.map { ", leased until \($0)" } ?? "")"
        case .alreadyDone: "skipped: succeeded; replay it with force"
        case .superseded(let id): "skipped: superseded by \(id); replay that"
        case .permanent: "skipped: a retry cannot succeed; fix the cause, then replay it by its ID"
        case .exhausted(let attempts): "skipped: failed \(attempts) times; fix the cause, then replay it by its ID"
        case .abandoned(let attempts): "ended in error: \(attempts) workers stopped without an answer"
        case .notFound: "no such record"
        }
    }
}

extension ControlRecord {
    /// What a replay at `now` does with this record.
    public func replayOutcome(_ rules: ReplayRules, at now: Timestamp) -> ReplayOutcome {
        let isExhausted = rules.attemptLimit.map { attemptCount >= $0 } ?? false
        switch status {
        case .error:
            if rules.attemptLimit != nil, isPermanent { return .permanent }
            return isExhausted ? .exhausted(attempts: attemptCount) : .replayed(from: .error)
        case .running:
            guard isLeaseExpired(at: now) else { return .running(until: leaseExpiresAt) }
            return isExhausted ? .abandoned(attempts: attemptCount) : .replayed(from: .running)
        case .success:
            if let supersededBy { return .superseded(by: supersededBy) }
            return rules.force ? .replayed(from: .success) : .alreadyDone
        case .pending:
            let idle = now.milliseconds(since: updatedAt)
            let isStale = rules.stalePendingSeconds.map { idle > Int64($0) * 1000 } ?? false
            return rules.force || isStale ? .replayed(from: .pending) : .alreadyPending
        }
    }
}

extension ControlTable {
    /// Makes a record pending again, so that the table's stream starts its execution again. The attempts stay counted.
    ///
    /// Of several replays of one failure, at once or one after the other, exactly one takes effect. It takes one call of
    /// DynamoDB, or two where the record has another schema or its worker is given up.
    /// - Parameter schema: the schema that the record probably has.
    public func replay(
        _ id: ControlID, _ rules: ReplayRules = ReplayRules(), expecting schema: ControlRecord.Schema = .bronze
    ) throws(ControlError) -> ReplayResult {
        let time = now()
        var change = Self.restart(id, in: schema, at: time, keepsContract: rules.isScheduled)
        change.require(Self.mayRestart(in: schema, rules, at: time, &change))
        do throws(ControlError) {
            switch try apply(change, to: id, returning: .allOld) {
            case .changed(let item):
                let record = try ControlRecord(item: item)
                return ReplayResult(id: id, record: record, outcome: .replayed(from: record.status))
            case .refused(let item):
                return try replay(id, seen: item, rules, at: time)
            }
        } catch {
            guard case .notFound = error else { throw error }
            return ReplayResult(id: id, record: nil, outcome: .notFound)
        }
    }

    /// Does what the rules say about the record as it was seen, if it has not changed since.
    private func replay(
        _ id: ControlID, seen item: Item, _ rules: ReplayRules, at time: Timestamp
    ) throws(ControlError) -> ReplayResult {
        var item = item
        var record = try ControlRecord(item: item)
        // A record that changes between two calls is examined again; it settles soon.
        for _ in 1...3 {
            // Made pending at this very instant: by another replay, or by this one, and its answer was lost.
            let isDone = record.status == .pending && record.updatedAt == time
            let outcome = isDone ? .alreadyPending : record.replayOutcome(rules, at: time)
            let result = ReplayResult(id: id, record: record, outcome: outcome)
            var change: RecordChange
            switch outcome {
            case .replayed:
                change = Self.restart(id, in: record.schema, at: time, keepsContract: rules.isScheduled)
            case .abandoned(let attempts): change = Self.abandonment(attempts: attempts, at: time)
            default: return result
            }
            change.require(Self.isUnchanged(item, &change))
            guard case .refused(let newer) = try apply(change, to: id, returning: .allOld) else { return result }
            item = newer
            record = try ControlRecord(item: item)
        }
        let outcome: ReplayOutcome =
            record.status == .running ? .running(until: record.leaseExpiresAt) : .alreadyPending
        return ReplayResult(id: id, record: record, outcome: outcome)
    }

    /// The rules of ``ControlRecord/replayOutcome(_:at:)`` as a condition. It compares times as texts; where one has another
    /// form than ours, the condition may fail for a record that can be replayed after all.
    private static func mayRestart(
        in schema: ControlRecord.Schema, _ rules: ReplayRules, at time: Timestamp, _ change: inout RecordChange
    ) -> String {
        let status = change.name(.status)
        let lease = change.name(.leaseExpiresAt)
        let isExpired = "(attribute_not_exists(\(lease)) OR \(lease) < \(change.value(time.attribute, "now")))"
        let isBelowLimit =
            rules.attemptLimit.map {
                " AND \(change.name(.attemptCount)) < \(change.value(.int($0), "limit"))"
            } ?? ""
        let isRetryable =
            rules.attemptLimit == nil ? "" : " AND attribute_not_exists(\(change.name(.isPermanent)))"
        // AND binds closer than OR, and DynamoDB refuses parentheses that change nothing.
        var cases = [
            "\(status) = \(change.value(.error))\(isBelowLimit)\(isRetryable)",
            "\(status) = \(change.value(.running)) AND \(isExpired)\(isBelowLimit)",
        ]
        if rules.force {
            let isCurrent = "attribute_not_exists(\(change.name(.supersededBy)))"
            cases.append("\(status) = \(change.value(.success)) AND \(isCurrent)")
        }
        let idleSince =
            rules.force ? time : rules.stalePendingSeconds.map { time.advanced(byMilliseconds: Int64($0) * -1000) }
        if let idleSince {
            // With force too: otherwise a second replay would restart what the first has just made pending.
            let isIdle = "\(change.name(.updatedAt)) < \(change.value(idleSince.attribute, "idle_since"))"
            cases.append("\(status) = \(change.value(.pending)) AND \(isIdle)")
        }
        let isExpected = "\(change.name(.schemaName)) = \(change.value(.string(schema.rawValue), "schema"))"
        return "\(isExpected) AND (\(cases.joined(separator: " OR ")))"
    }

    /// The condition that the record is as it was read. The time is compared as it is stored: the state machine writes it
    /// too, in another form.
    private static func isUnchanged(_ item: Item, _ change: inout RecordChange) -> String {
        [(ControlAttribute.status, "seen"), (.updatedAt, "seen_at")].map { (attribute, label) in
            let name = change.name(attribute)
            guard let value = item[attribute.rawValue] else { return "attribute_not_exists(\(name))" }
            return "\(name) = \(change.value(value, label))"
        }.joined(separator: " AND ")
    }

    /// - Parameter keepsContract: whether the next attempt is a retry with the same contract.
    static func restart(
        _ id: ControlID, in schema: ControlRecord.Schema, at time: Timestamp, keepsContract: Bool
    ) -> RecordChange {
        var change = RecordChange()
        change.set(.status, .string(ControlRecord.Status.pending.rawValue))
        change.set(.openWork, .string(OpenWork.partition(of: id, in: schema)))
        change.set(.updatedAt, time.attribute)
        change.keep(.errorType, else: .status, as: .previousError)
        change.remove(
            .computeTarget, .leaseOwner, .leaseExpiresAt, .errorType, .errorMessage, .isPermanent, .finishedAt,
            .duration,
            .expiresAt)
        if !keepsContract { change.remove(.contractHash) }
        return change
    }

    private static func abandonment(attempts: Int, at time: Timestamp) -> RecordChange {
        var change = RecordChange()
        change.set(.status, .string(ControlRecord.Status.error.rawValue))
        change.set(.errorType, "WorkerDied")
        change.set(
            .errorMessage,
            .string(
                "\(attempts) workers stopped without an answer, and the last lease has expired; look for memory or time "
                    + "limits in the logs, then replay the file by its ID"))
        change.set(.updatedAt, time.attribute)
        change.set(.finishedAt, time.attribute)
        change.remove(.leaseOwner, .leaseExpiresAt)
        return change
    }
}
