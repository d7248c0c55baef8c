public import Time

/// The records that one replay looks at.
public enum ReplaySelection: Sendable, Hashable {
    case ids([ControlID])
    /// Bronze records with a status, of one table or all, changed at or after an instant.
    case matching(ControlRecord.Status, table: String?, since: Timestamp?)
    /// What should not wait any longer, as the scheduled replay finds it: expired leases, errors and stale pending
    /// records of bronze. The rules decide about each.
    case overdue
}

/// What a replay did, or would do, with one record.
public struct ReplayResult: Sendable, Hashable {
    public let id: ControlID
    /// As it was before; nil when there is none.
    public let record: ControlRecord?
    public let outcome: ReplayOutcome
}

extension ControlTable {
    /// Replays every record of `selection` that `rules` allow, once each.
    ///
    /// - Parameters:
    ///   - dryRun: changes nothing, and says what would be done.
    ///   - body: takes the result for each record as it comes; replaying stops when it returns false.
    public func replay(
        _ selection: ReplaySelection, _ rules: ReplayRules, dryRun: Bool = false,
        _ body: (ReplayResult) throws(ControlError) -> Bool
    ) throws(ControlError) {
        var seen: Set<ControlID> = []
        /// Whether to go on.
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
        case .matching(let status, let table, let since):
            try forEachRecord(.status(status, in: .bronze)) { (record) throws(ControlError) in
                guard table.map({ $0 == record.table }) ?? true, since.map({ $0 <= record.updatedAt }) ?? true
                else { return true }
                return try replayOne(record.controlID, record)
            }
        case .overdue:
            var goesOn = true
            for query in [
                ControlQuery.expiredLeases(in: .bronze), .status(.error, in: .bronze), .status(.pending, in: .bronze),
            ]
            where goesOn {
                try forEachRecord(query) { (record) throws(ControlError) in
                    // What the rules leave alone is not overdue, and not worth a line.
                    switch record.replayOutcome(rules, at: now()) {
                    case .replayed, .abandoned: goesOn = try replayOne(record.controlID, record)
                    default: break
                    }
                    return goesOn
                }
            }
        }
    }
}
