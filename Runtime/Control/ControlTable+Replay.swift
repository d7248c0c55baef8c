internal import AWSModels
public import Time

/// Which records a replay may take, beside those in error and those whose lease has expired.
public struct ReplayRules: Sendable, Hashable {
    /// Takes records in success and in pending too.
    public var force: Bool
    /// Leaves records alone that were tried as often, as the scheduled replay does; nil for an explicit one.
    public var attemptLimit: Int?
    /// Takes pending records that nothing has happened to for so long: what should have started them is gone.
    public var stalePendingSeconds: Int?

    public init(force: Bool = false, attemptLimit: Int? = nil, stalePendingSeconds: Int? = nil) {
        self.force = force
        self.attemptLimit = attemptLimit
        self.stalePendingSeconds = stalePendingSeconds
    }
}

/// What a replay does with a record, and why.
public enum ReplayOutcome: Sendable, Hashable {
    /// It is pending again, so that its execution starts anew.
    case replayed(from: ControlRecord.Status)
    case alreadyPending
    /// A worker holds its lease.
    case running(until: Timestamp?)
    /// It needs force.
    case alreadyDone
    /// It was tried as often as the rules allow.
    case exhausted(attempts: Int)
    /// Its worker died as often as the rules allow; the record now says so as an error.
    case abandoned(attempts: Int)
    case notFound
}

extension ReplayOutcome: CustomStringConvertible {
    public var description: String {
        switch self {
        case .replayed(let status): "replayed from \(status.rawValue)"
        case .alreadyPending: "left: it is pending"
        case .running(let until): "left: it is running\(until.map { ", leased until \($0)" } ?? "")"
        case .alreadyDone: "left: it succeeded; force replays it"
        case .exhausted(let attempts): "left: it failed \(attempts) times; replay it by id when the cause is gone"
        case .abandoned(let attempts): "ended in error: its worker died \(attempts) times"
        case .notFound: "there is no such record"
        }
    }
}

extension ControlRecord {
    /// What a replay at `now` would do with this record.
    public func replayOutcome(_ rules: ReplayRules, at now: Timestamp) -> ReplayOutcome {
        let isExhausted = rules.attemptLimit.map { attemptCount >= $0 } ?? false
        switch status {
        case .error:
            return isExhausted ? .exhausted(attempts: attemptCount) : .replayed(from: .error)
        case .running:
            guard isLeaseExpired(at: now) else { return .running(until: leaseExpiresAt) }
            return isExhausted ? .abandoned(attempts: attemptCount) : .replayed(from: .running)
        case .success:
            return rules.force ? .replayed(from: .success) : .alreadyDone
        case .pending:
            let idle = now.milliseconds(since: updatedAt)
            let isStale = rules.stalePendingSeconds.map { idle > Int64($0) * 1000 } ?? false
            return rules.force || isStale ? .replayed(from: .pending) : .alreadyPending
        }
    }
}

extension ControlTable {
    /// Makes a record pending again, so that the table's stream starts its execution anew. The attempts stay counted.
    ///
    /// Of several replays of one failure, at once or one after the other, exactly one takes effect.
    public func replay(_ id: ControlID, _ rules: ReplayRules = ReplayRules()) throws(ControlError) -> ReplayOutcome {
        // A record that changed between reading and writing is looked at again; it settles soon.
        var record: ControlRecord
        var tries = 3
        repeat {
            guard let item = try item(id) else { return .notFound }
            record = try ControlRecord(item: item)
            let time = now()
            let outcome = record.replayOutcome(rules, at: time)
            var change: RecordChange
            switch outcome {
            case .replayed: change = Self.restart(record, at: time)
            case .abandoned(let attempts): change = Self.abandonment(attempts: attempts, at: time)
            default: return outcome
            }
            change.require(Self.isUnchanged(item, &change))
            if case .changed = try apply(change, to: id) { return outcome }
            tries -= 1
        } while tries > 0
        return record.status == .running ? .running(until: record.leaseExpiresAt) : .alreadyPending
    }

    /// As it was read. The time is compared as it is stored: the state machine writes it too, in its own form.
    private static func isUnchanged(_ item: Item, _ change: inout RecordChange) -> String {
        [(ControlAttribute.status, "seen"), (.updatedAt, "seen_at")].map { (attribute, label) in
            let name = change.name(attribute)
            guard let value = item[attribute.rawValue] else { return "attribute_not_exists(\(name))" }
            return "\(name) = \(change.value(value, label))"
        }.joined(separator: " AND ")
    }

    private static func restart(_ record: ControlRecord, at time: Timestamp) -> RecordChange {
        var change = RecordChange()
        change.set(.status, .string(ControlRecord.Status.pending.rawValue))
        change.set(.openWork, .string(OpenWork.partition(of: record.controlID, in: record.schema)))
        change.set(.updatedAt, time.attribute)
        change.remove(
            .computeTarget, .leaseOwner, .leaseExpiresAt, .errorType, .errorMessage, .finishedAt, .duration,
            .expiresAt)
        return change
    }

    private static func abandonment(attempts: Int, at time: Timestamp) -> RecordChange {
        var change = RecordChange()
        change.set(.status, .string(ControlRecord.Status.error.rawValue))
        change.set(.errorType, "WorkerDied")
        change.set(
            .errorMessage,
            .string(
                "\(attempts) workers stopped without an answer, the last one's lease has expired: look for memory or "
                    + "time limits in the logs, then replay the file by its id"))
        change.set(.updatedAt, time.attribute)
        change.set(.finishedAt, time.attribute)
        change.remove(.leaseOwner, .leaseExpiresAt)
        return change
    }
}
