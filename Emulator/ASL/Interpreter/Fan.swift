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
    /// Iterations that failed and were tolerated.
    var failedCount = 0
    /// How they failed, by slot.
    var failures: [Int: ErrorOutput] = [:]
    var isComplete: Bool { finishedCount == results.count }
    var map: MapProgress?
}

/// What a Map state needs to start its next iterations.
struct MapProgress: Sendable {
    let state: MapState
    var items: [JSON]
    /// How many iterations may run side by side.
    var concurrency: Int
    /// How many failed iterations the state tolerates.
    var tolerance: Int
    /// Of a distributed Map.
    var runARN = ""
    /// The values of the definition, for reports; 0 where it has none.
    var maxConcurrency = 0
    var toleratedCount = 0
    var toleratedShare = 0.0
    /// Whether the items have been through the item selector.
    var isSelected = false
    /// Where the items of a distributed Map come from, as the context object names it.
    var source = "STATE_DATA"

    /// How many of so many items may fail.
    func tolerance(of count: Int) -> Int { max(toleratedCount, Int(clamping: Double(count) * toleratedShare / 100)) }

    /// The items of an iteration: several where they are batched.
    func itemCount(at slot: Int) -> Int { state.batcher == nil ? 1 : items[slot]["Items"]?.array?.count ?? 1 }
}

extension Execution {
    mutating func childSucceeded(_ id: BranchID, slot: Int, output: JSON, of owner: BranchID) {
        guard let child = branches.removeValue(forKey: id), fans[owner] != nil else { return }
        fans[owner]?.active[id] = nil
        fans[owner]?.results[slot] = output
        fans[owner]?.finishedCount += 1
        if !child.isSilent || branches[owner]?.isSilent == true { branches[owner]?.lastEventID = child.lastEventID }
        if fans[owner]?.map != nil {
            iterationSucceeded(slot, of: owner)
        } else if fans[owner]?.isComplete == true {
            emit("ParallelStateSucceeded", in: owner, isPassedBy: true)
            fanCompleted(owner)
        }
    }

    mutating func childFailed(_ id: BranchID, slot: Int, with failure: ErrorOutput, of owner: BranchID) {
        guard let child = branches[id], !tolerated(id, slot: slot, after: failure, in: owner), let fan = fans[owner]
        else { return }
        let stopped = stopped(fan)
        branches[owner]?.visit?.stopped = stopped
        if !child.isSilent { branches[owner]?.lastEventID = child.lastEventID }
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
        guard fan.map?.state.isDistributed == true else { return fail(owner, with: failure) }
        let exceeded = ErrorOutput(error: ASLFault.thresholdExceeded.error, cause: ASLFault.thresholdExceeded.message)
        emit("MapRunFailed", details(of: exceeded), in: owner)
        report(.failed, mapRunOf: owner)
        fail(owner, with: exceeded)
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
    mutating func fanCompleted(_ owner: BranchID, output: JSON? = nil) {
        guard let fan = fans.removeValue(forKey: owner) else { return }
        branches[owner]?.visit?.pending = .nothing
        let results = output ?? .array(fan.results.compactMap { $0 })
        attempt(owner) { (execution, _, scope) throws(ASLFault) in
            try execution.leave(owner, with: .result(results), scope: &scope)
        }
    }
}
