internal import Time

/// What is left to do in one layer, counted once. The index that is counted may be a moment old.
public struct Backlog: Sendable, Hashable {
    public var pendingCount = 0
    public var runningCount = 0
    /// Of those running: the worker has died, or hangs.
    public var expiredLeaseCount = 0
    /// In error, and tried again by the scheduled replay.
    public var retriedCount = 0
    /// In error, and tried as often as allowed: only an explicit replay takes them up again.
    public var failedCount = 0
    /// How long the record has stood that has been pending for the longest.
    public var oldestPendingAgeInSeconds = 0

    public init() {}
}

extension ControlTable {
    /// Counts all open work of a layer: one query a partition of the sparse index, however many records are done.
    public func backlog(in schema: ControlRecord.Schema) throws(ControlError) -> Backlog {
        var backlog = Backlog()
        let time = now()
        try forEachRecord(.open(in: schema)) { (record) throws(ControlError) in
            switch record.status {
            case .pending:
                backlog.pendingCount += 1
                let age = Int(max(0, time.milliseconds(since: record.updatedAt)) / 1000)
                backlog.oldestPendingAgeInSeconds = max(backlog.oldestPendingAgeInSeconds, age)
            case .running:
                backlog.runningCount += 1
                if record.isLeaseExpired(at: time) { backlog.expiredLeaseCount += 1 }
            case .error where record.attemptCount < attemptLimit:
                backlog.retriedCount += 1
            case .error:
                backlog.failedCount += 1
            case .success:
                // It ended between the index's state and the item's.
                break
            }
            return true
        }
        return backlog
    }
}
