public import Time

/// The records that a replay examines.
public enum ReplaySelection: Sendable, Hashable {
    case ids([ControlID])
    /// Records of a layer with a status, of one table or all, changed at or after an instant.
    case matching(ControlRecord.Status, in: ControlRecord.Schema, table: String?, since: Timestamp?)
    /// Overdue bronze records, as the scheduled replay finds them: expired leases, errors and stale pending records. The
    /// rules decide about each.
    case overdue
}

/// What a replay did with one record, or would do.
public struct ReplayResult: Sendable, Hashable {
    public let id: ControlID
    /// The record as it was before; nil if it does not exist.
    public let record: ControlRecord?
    public let outcome: ReplayOutcome
}

extension ControlTable {
    /// Replays every record of `selection` that `rules` allow, once each.
    ///
    /// - Parameters:
    ///   - dryRun: changes nothing, and reports what would be done.
    ///   - body: is called with each result; replaying stops when it returns false.
    public func replay(
        _ selection: ReplaySelection, _ rules: ReplayRules, dryRun: Bool = false,
        _ body: (ReplayResult) throws(ControlError) -> Bool
    ) throws(ControlError) {
        var seen: Set<ControlID> = []
        /// Returns false to stop.
        func replayOne(_ id: ControlID, _ found: ControlRecord?) throws(ControlError) -> Bool {
            guard seen.insert(id).inserted else { return true }
            if dryRun {
                let record = if let found { found } else { try record(id) }
                let outcome = record?.replayOutcome(rules, at: now()) ?? .notFound
                return try body(ReplayResult(id: id, record: record, outcome: outcome))
            }
            return try body(try replay(id, rules, expecting: found?.schema ?? .bronze))
        }

        switch selection {
        case .ids(let ids):
            for id in ids { guard try replayOne(id, nil) else { return } }
        case .matching(let status, let layer, let table, let since):
            try forEachRecord(.status(status, in: layer)) { (record) throws(ControlError) in
                guard table.map({ $0 == record.table }) ?? true, since.map({ $0 <= record.updatedAt }) ?? true
                else { return true }
                return try replayOne(record.controlID, record)
            }
        case .overdue:
            var continues = true
            for query in [
                ControlQuery.expiredLeases(in: .bronze), .status(.error, in: .bronze), .status(.pending, in: .bronze),
            ]
            where continues {
                try forEachRecord(query) { (record) throws(ControlError) in
                    // Records that the rules skip are not overdue, and are not reported.
                    switch record.replayOutcome(rules, at: now()) {
                    case .replayed, .abandoned: continues = try replayOne(record.controlID, record)
                    default: break
                    }
                    return continues
                }
            }
        }
    }
}
