internal import Time

/// The work left in one layer, counted once from an index that may be a moment old.
public struct Backlog: Sendable, Hashable {
    public var pendingCount = 0
    public var runningCount = 0
    /// Running records whose worker died or hangs.
    public var expiredLeaseCount = 0
    /// Records in error that the scheduled replay retries.
    public var retriedCount = 0
    /// Records in error that are permanent or at the attempt limit: only an explicit replay retries them.
    public var failedCount = 0
    /// The age of the record that has been pending for the longest time.
    public var oldestPendingAgeInSeconds = 0

    public init() {}
}

extension ControlTable {
    /// Counts all open work of a layer with one query for each partition of the sparse index. Records in success cost nothing.
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
            case .error where record.attemptCount < attemptLimit && !record.isPermanent:
                backlog.retriedCount += 1
            case .error:
                backlog.failedCount += 1
            case .success:
                // It has succeeded since the index was updated.
                break
            }
            return true
        }
        return backlog
    }
}
