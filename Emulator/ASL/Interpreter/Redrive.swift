internal import JSON

/// A Map or Parallel state that ended without success: what its branches had done.
struct StoppedFan: Sendable {
    var fan: Fan
    /// The branches that did not end, as they were, by slot.
    let branches: [Int: Branch]
}

/// Continuing an execution that failed, was aborted or took too long.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>
extension Execution {
    /// The branch as it is, with all that runs inside its state.
    func suspended(_ id: BranchID) -> Branch? {
        guard var branch = branches[id] else { return nil }
        if let fan = fans[id] { branch.visit?.stopped = stopped(fan) }
        return branch
    }

    func stopped(_ fan: Fan) -> StoppedFan {
        var stopped: [Int: Branch] = [:]
        for (child, slot) in fan.active { stopped[slot] = suspended(child) }
        return StoppedFan(fan: fan, branches: stopped)
    }

    /// Goes on with the states that did not succeed; what succeeded is not done again.
    mutating func redrive() {
        guard let root = beginRedrive() else { return }
        let event = emit(
            "ExecutionRedriven", ["redriveCount": .int(redriveCount)], previous: root.lastEventID)
        setExecutionTimer()
        continueBranch(root, as: Self.rootID, after: event)
    }

    private mutating func continueBranch(_ stopped: Branch, as id: BranchID, after event: Int) {
        var branch = stopped
        branch.lastEventID = event
        guard var visit = branch.visit else {
            branches[id] = branch
            return makeReady(id)
        }
        visit.retriesUsed = Array(repeating: 0, count: visit.retriesUsed.count)
        visit.retryCount = 0
        let inner = visit.stopped
        visit.stopped = nil
        visit.pending = inner == nil ? .nothing : .fan
        branch.visit = visit
        branches[id] = branch
        guard let inner else { return run(id) }
        continueFan(inner, of: id, after: event)
    }

    private mutating func continueFan(_ stopped: StoppedFan, of id: BranchID, after event: Int) {
        var fan = stopped.fan
        fan.active = [:]
        // Iterations that failed and were tolerated run again, too.
        fan.finishedCount -= fan.failedCount
        fan.failedCount = 0
        let failed = fan.failures.keys.sorted()
        fan.failures = [:]
        fans[id] = fan
        if let map = fan.map, map.state.isDistributed {
            emit("MapRunRedriven", ["mapRunArn": .string(map.runARN), "redriveCount": .int(redriveCount)], in: id)
            report(.running, mapRunOf: id)
        }
        for slot in stopped.branches.keys.sorted() {
            guard let branch = stopped.branches[slot] else { continue }
            let child = addBranch(branch)
            fans[id]?.active[child] = slot
            forgetReady(child)
            continueBranch(branch, as: child, after: branch.isSilent ? branch.lastEventID : event)
        }
        for slot in failed where stopped.branches[slot] == nil { startIteration(slot, of: id) }
        fillUp(id)
    }
}
