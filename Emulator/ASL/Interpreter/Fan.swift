internal import JSON

/// The branches or iterations of one Parallel or Map state, while they run.
struct Fan: Sendable {
    /// By slot; nil until the branch has ended.
    var results: [JSON?]
    /// The slots of the branches that run.
    var active: [BranchID: Int] = [:]
    /// The slot to start next.
    var nextSlot = 0
    var finishedCount = 0
    var isComplete: Bool { finishedCount == results.count }
    let map: MapProgress?
}

/// What a Map state needs to start its next iterations.
struct MapProgress: Sendable {
    let state: MapState
    let items: [JSON]
    /// How many iterations may run side by side.
    let concurrency: Int
    /// How many failed iterations the state survives.
    let tolerance: Int
}

extension Execution {
    mutating func childSucceeded(_ id: BranchID, slot: Int, output: JSON, of owner: BranchID) {
        guard let child = branches.removeValue(forKey: id), fans[owner] != nil else { return }
        fans[owner]?.active[id] = nil
        fans[owner]?.results[slot] = output
        fans[owner]?.finishedCount += 1
        branches[owner]?.lastEventID = child.lastEventID
        if fans[owner]?.map != nil {
            iterationSucceeded(slot, of: owner)
        } else if fans[owner]?.isComplete == true {
            emit("ParallelStateSucceeded", in: owner, isPassedBy: true)
            fanCompleted(owner)
        }
    }

    mutating func childFailed(_ id: BranchID, slot: Int, with failure: ErrorOutput, of owner: BranchID) {
        guard let child = branches[id], let fan = fans[owner] else { return }
        branches[owner]?.lastEventID = child.lastEventID
        if fan.map != nil { emitIteration("Failed", slot, of: owner, isPassedBy: true) }
        emitAborted(child, of: owner)
        abandon(id)
        for sibling in fan.active.keys.sorted() where sibling != id {
            if fan.map != nil, let slot = fan.active[sibling] {
                emitIteration("Aborted", slot, of: owner, isPassedBy: true)
            }
            if let branch = branches[sibling] { emitAborted(branch, of: owner) }
            abandon(sibling)
        }
        fans[owner]?.active = [:]
        fail(owner, with: failure)
    }

    /// Records that a state of a branch is cut short, where states of its type can be.
    private mutating func emitAborted(_ branch: Branch, of owner: BranchID) {
        switch branch.visit?.state.kind {
        case .task where !branch.isSilent: emit("TaskStateAborted", in: owner, isPassedBy: true)
        case .wait where !branch.isSilent: emit("WaitStateAborted", in: owner, isPassedBy: true)
        default: break
        }
    }

    /// Leaves the Map or Parallel state with the results of its branches in the order of their slots.
    mutating func fanCompleted(_ owner: BranchID) {
        guard let fan = fans.removeValue(forKey: owner) else { return }
        branches[owner]?.visit?.pending = .nothing
        let results = JSON.array(fan.results.map { $0 ?? .null })
        attempt(owner) { (execution, _, scope) throws(ASLFault) in
            try execution.leave(owner, with: .result(results), scope: &scope)
        }
    }
}
