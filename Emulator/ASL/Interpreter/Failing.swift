internal import JSON
internal import Time

extension Execution {
    /// A fault as the state fails with it. Faults of the interpreter itself say which state they are about.
    mutating func failure(for fault: ASLFault, in id: BranchID) -> ErrorOutput {
        guard let branch = branches[id], let visit = branch.visit else {
            return ErrorOutput(error: fault.error, cause: fault.message)
        }
        let plainErrors = [
            ErrorName.dataLimitExceeded, ErrorName.itemReaderFailed, ErrorName.exceedToleratedFailureThreshold,
        ]
        let isPlain = testing != nil || plainErrors.contains(fault.error)
        let place =
            "An error occurred while executing the state '\(visit.state.name)' "
            + "(entered at the event id #\(visit.enteredEventID)). "
        let failure = ErrorOutput(error: fault.error, cause: isPlain ? fault.message : place + fault.message)
        if fault.error == ErrorName.queryEvaluationError { recordEvaluationFailed(failure, fault, visit, in: id) }
        return failure
    }

    private mutating func recordEvaluationFailed(
        _ failure: ErrorOutput, _ fault: ASLFault, _ visit: Visit, in id: BranchID
    ) {
        var details = details(of: failure)
        details["location"] = fault.location.map { .string($0) }
        details["state"] = .string(visit.state.name)
        // Evaluation belongs to the way in: its event points back past the entry, except in Wait states.
        var isOnTheWayIn = branches[id]?.lastEventID == visit.enteredEventID
        if case .wait = visit.state.kind { isOnTheWayIn = false }
        emit("EvaluationFailed", details, in: id, previous: isOnTheWayIn ? visit.previousEventID : nil)
    }

    /// Fails the visited state: retries it, or lets a catcher take over, or fails the branch.
    mutating func fail(_ id: BranchID, with failure: ErrorOutput) {
        guard let visit = branches[id]?.visit else { return }
        testing?.failure = failure
        if retry(id, after: failure, in: visit) { return }
        closeFan(of: id, in: visit, after: failure)
        let catchers = visit.state.flow.catchers
        if let position = catchers.firstIndex(where: { $0.errors.match(failure) }) {
            testing?.inspection["errorDetails"] = ["catchIndex": .int(position)]
            caught(id, failure, by: catchers[position], in: visit)
        } else {
            branchFailed(id, with: failure)
        }
    }

    private mutating func retry(_ id: BranchID, after failure: ErrorOutput, in visit: Visit) -> Bool {
        let retriers = visit.state.flow.retriers
        guard let position = retriers.firstIndex(where: { $0.errors.match(failure) }) else { return false }
        let used = visit.retriesUsed[position]
        testing?.inspection["errorDetails"] = ["retryIndex": .int(position)]
        guard used < retriers[position].maxAttempts else { return false }
        branches[id]?.visit?.retriesUsed[position] = used + 1
        branches[id]?.visit?.retryCount += 1
        fans[id] = nil
        let delay = retriers[position].delayInMilliseconds(before: used + 1, random: &random)
        testing?.inspection["errorDetails"] = [
            "retryIndex": .int(position), "retryBackoffIntervalSeconds": .int(delay / 1000),
        ]
        let timer = setTimer(.retry(id), at: now.advanced(byMilliseconds: delay))
        branches[id]?.visit?.pending = .timer(timer)
        return true
    }

    /// A Map or Parallel state that has started its branches records its failure once no retry is left.
    private mutating func closeFan(of id: BranchID, in visit: Visit, after failure: ErrorOutput) {
        var isOpen = fans.removeValue(forKey: id) != nil
        if case .map = visit.state.kind, failure.error == ErrorName.queryEvaluationError { isOpen = true }
        guard isOpen else { return }
        emit("\(visit.state.typeName)StateFailed", in: id)
    }

    private mutating func caught(_ id: BranchID, _ failure: ErrorOutput, by catcher: Catcher, in visit: Visit) {
        guard let branch = branches[id] else { return }
        var scope = scope(of: branch, in: visit)
        defer { sliceWork += scope.budget.stepsUsed }
        let errorOutput = catcher.errorOutput(for: failure)
        scope.errorOutput = errorOutput
        do {
            let output: JSON
            if visit.state.flow.language == .jsonata {
                output = try catcher.output?.evaluate(in: &scope) ?? errorOutput
            } else {
                scope.input = errorOutput
                output = try catcher.resultPath.apply(errorOutput, to: visit.input)
            }
            try depart(id, output: output, assign: catcher.assign, next: .state(catcher.next), scope: &scope)
            random = scope.random
        } catch {
            branchFailed(id, with: self.failure(for: error, in: id))
        }
    }

    mutating func branchFailed(_ id: BranchID, with failure: ErrorOutput) {
        guard let branch = branches[id] else { return }
        if let owner = branch.owner {
            childFailed(id, slot: branch.slot, with: failure, of: owner)
        } else {
            emit("ExecutionFailed", details(of: failure), previous: branch.lastEventID)
            finish(.failed(ErrorOutput(error: failure.error, cause: failure.cause)))
        }
    }
}
