internal import JSON
internal import JSONata
internal import Time

/// Running the iterations of Map states.
extension Execution {
    mutating func runMap(_ map: MapState, in id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            let limit = try map.maxConcurrency?.integer(in: &scope) ?? 0
            let items = map.reader == nil ? try map.items(in: &scope, language: visit.state.flow.language) : []
            execution.emit("MapStateStarted", ["length": .int(items.count)], in: id)
            let tolerance = try map.tolerance(of: items.count, in: &scope)
            let runARN = map.isDistributed ? execution.startMapRun(map, in: id, scope: &scope) : ""
            let most = map.isDistributed ? Self.distributedConcurrency : Self.inlineConcurrency
            let progress = MapProgress(
                state: map, items: items, concurrency: limit < 1 ? most : min(most, limit),
                tolerance: tolerance ?? 0, runARN: runARN, maxConcurrency: limit,
                toleratedCount: try map.toleratedFailureCount?.integer(in: &scope) ?? 0,
                toleratedShare: try map.toleratedFailurePercentage?.value(in: &scope) ?? 0)
            execution.fans[id] = Fan(results: [], map: progress)
            execution.branches[id]?.visit?.pending = .fan
            execution.report(.running, mapRunOf: id)
            if let reader = map.reader {
                try execution.read(reader, in: id, scope: &scope)
            } else {
                try execution.startIterations(over: items, in: id, scope: &scope)
            }
        }
    }

    /// How many iterations run side by side at most.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>
    private static let inlineConcurrency = 40
    private static let distributedConcurrency = 1000

    private mutating func startMapRun(_ map: MapState, in id: BranchID, scope: inout Scope) -> String {
        let name = "\(identity.stateMachineName)/\(map.label ?? scope.random.uuid()):\(scope.random.uuid())"
        let arn = identity.stateMachineARN.split(separator: ":").prefix(5).joined(separator: ":") + ":mapRun:" + name
        emit("MapRunStarted", ["mapRunArn": .string(arn)], in: id)
        return arn
    }

    /// Starts as many iterations as may run at once.
    mutating func startIterations(over items: [JSON], in id: BranchID, scope: inout Scope) throws(ASLFault) {
        guard let progress = fans[id]?.map else { return }
        let itemCount = items.count
        var items = items
        var isSelected = false
        if let batcher = progress.state.batcher {
            var selected: [JSON] = []
            for (index, item) in items.enumerated() {
                selected.append(try select(item, at: index, for: progress, &scope))
            }
            items = try batcher.batches(of: selected, in: &scope)
            isSelected = true
        }
        var selected = progress
        // Where a reader brings the items, their number is known only now.
        selected.tolerance = progress.tolerance(of: itemCount)
        selected.items = items
        selected.isSelected = isSelected
        fans[id] = Fan(results: Array(repeating: nil, count: items.count), map: selected)
        branches[id]?.visit?.pending = .fan
        guard !items.isEmpty else { return mapCompleted(id) }
        while let fan = fans[id], fan.active.count < progress.concurrency, fan.nextSlot < items.count {
            try startIteration(of: id, scope: &scope)
        }
    }

    /// Starts iterations while more may run side by side.
    mutating func fillUp(_ id: BranchID) {
        while let fan = fans[id], let progress = fan.map, fan.active.count < progress.concurrency,
            fan.nextSlot < progress.items.count
        {
            let isStarted = attempt(id) { (execution, _, scope) throws(ASLFault) in
                try execution.startIteration(of: id, scope: &scope)
            }
            guard isStarted else { return }
        }
        if let fan = fans[id], fan.map != nil, fan.active.isEmpty, fan.isComplete { mapCompleted(id) }
    }

    /// Runs an iteration once more.
    mutating func startIteration(_ slot: Int, of id: BranchID) {
        guard let next = fans[id]?.nextSlot else { return }
        fans[id]?.nextSlot = slot
        attempt(id) { (execution, _, scope) throws(ASLFault) in
            try execution.startIteration(of: id, scope: &scope)
        }
        fans[id]?.nextSlot = next
    }

    /// Changes how many iterations of a run may run side by side, and how many may fail.
    mutating func updateMapRun(_ update: MapRunUpdate) {
        guard let id = fans.first(where: { $0.value.map?.runARN == update.arn })?.key, var progress = fans[id]?.map
        else {
            return
        }
        if let limit = update.maxConcurrency {
            progress.maxConcurrency = limit
            progress.concurrency = limit < 1 ? Self.distributedConcurrency : min(Self.distributedConcurrency, limit)
        }
        if let count = update.toleratedFailureCount { progress.toleratedCount = count }
        if let share = update.toleratedFailurePercentage { progress.toleratedShare = share }
        progress.tolerance = progress.tolerance(
            of: progress.items.indices.reduce(0) { $0 + progress.itemCount(at: $1) })
        fans[id]?.map = progress
        report(.running, mapRunOf: id)
        fillUp(id)
    }

    /// The input of an iteration over the item.
    func select(
        _ item: JSON, at index: Int, for map: MapProgress, _ scope: inout Scope
    ) throws(ASLFault) -> JSON {
        guard let selector = map.state.itemSelector else { return item }
        let outer = scope.context
        defer { scope.context = outer }
        if var context = outer.object {
            context["Map"] = Self.mapContext(item, at: index, of: map)
            scope.context = .object(context)
        }
        return try selector.evaluate(in: &scope)
    }

    /// `$$.Map` for an item.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>
    private static func mapContext(_ item: JSON, at index: Int, of map: MapProgress) -> JSON {
        var about: JSONObject = ["Index": .int(index), "Value": item]
        if map.state.isDistributed { about["Source"] = .string(map.source) }
        return ["Item": .object(about)]
    }

    private mutating func startIteration(of owner: BranchID, scope: inout Scope) throws(ASLFault) {
        guard let fan = fans[owner], let progress = fan.map, let branch = branches[owner] else { return }
        let slot = fan.nextSlot
        let item = progress.items[slot]
        let input = progress.isSelected ? item : try select(item, at: slot, for: progress, &scope)
        fans[owner]?.nextSlot += 1
        let started = emitIteration("Started", slot, of: owner, isPassedBy: true)
        // The items of a distributed Map are executions of their own, which do not see the variables of this one.
        let isDistributed = progress.state.isDistributed
        let variables = isDistributed ? [:] : branch.variables
        let child = addBranch(
            Branch(
                block: progress.state.processor, owner: owner, slot: slot, stateName: progress.state.processor.startAt,
                input: input, variables: variables, variableSizes: isDistributed ? [:] : branch.variableSizes,
                mapContext: Self.mapContext(item, at: slot, of: progress),
                lastEventID: started, isSilent: branch.isSilent || progress.state.isDistributed))
        fans[owner]?.active[child] = slot
    }

    /// Records what happened to an iteration; the history has no iterations of a distributed Map.
    @discardableResult
    mutating func emitIteration(_ what: String, _ slot: Int, of owner: BranchID, isPassedBy: Bool) -> Int {
        guard let progress = fans[owner]?.map, let name = branches[owner]?.visit?.state.name,
            !progress.state.isDistributed
        else { return branches[owner]?.lastEventID ?? 0 }
        return emit(
            "MapIteration\(what)", ["name": .string(name), "index": .int(slot)], in: owner, isPassedBy: isPassedBy)
    }

    /// Starts the next iteration, or ends the Map state after the last one.
    mutating func iterationSucceeded(_ slot: Int, of owner: BranchID) {
        guard let fan = fans[owner] else { return }
        emitIteration("Succeeded", slot, of: owner, isPassedBy: !fan.isComplete)
        iterationEnded(of: owner)
    }

    private mutating func iterationEnded(of owner: BranchID) {
        guard let fan = fans[owner], let progress = fan.map else { return }
        if fan.isComplete { return mapCompleted(owner) }
        guard fan.nextSlot < progress.items.count else { return }
        attempt(owner) { (execution, _, scope) throws(ASLFault) in
            try execution.startIteration(of: owner, scope: &scope)
        }
    }

    /// A failed iteration of a distributed Map that the map tolerates: its result is left out.
    /// - Returns: false when the state fails with it.
    mutating func tolerated(
        _ child: BranchID, slot: Int, after failure: ErrorOutput, in owner: BranchID
    ) -> Bool {
        guard let progress = fans[owner]?.map, progress.state.isDistributed else { return false }
        let failed = (fans[owner]?.failedCount ?? 0) + 1
        fans[owner]?.failedCount = failed
        fans[owner]?.failures[slot] = failure
        let failedItems = fans[owner]?.failures.keys.reduce(0) { $0 + progress.itemCount(at: $1) } ?? failed
        guard failedItems <= progress.tolerance else { return false }
        abandon(child)
        fans[owner]?.active[child] = nil
        fans[owner]?.finishedCount += 1
        iterationEnded(of: owner)
        return true
    }

    /// - Parameter output: what the state gives instead of the results, once these are written elsewhere.
    mutating func mapCompleted(_ owner: BranchID, output: JSON? = nil) {
        guard let progress = fans[owner]?.map else { return }
        if output == nil, progress.state.isDistributed, let writer = progress.state.writer {
            return write(writer, runARN: progress.runARN, in: owner)
        }
        if progress.state.isDistributed {
            emit("MapRunSucceeded", in: owner)
            report(.succeeded, mapRunOf: owner)
        }
        emit("MapStateSucceeded", in: owner, isPassedBy: true)
        fanCompleted(owner, output: output)
    }
}
