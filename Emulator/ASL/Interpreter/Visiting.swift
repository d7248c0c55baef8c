internal import JSON

extension Execution {
    /// Enters the branch's next state.
    mutating func enter(_ id: BranchID) {
        guard let branch = branches[id], let state = branch.block.states[branch.stateName] else { return }
        let previous = branch.lastEventID
        let event = emit(
            "\(state.typeName)StateEntered",
            [
                "name": .string(state.name), "input": .string(branch.input.text),
                "inputDetails": ["truncated": false],
            ], in: id)
        branches[id]?.visit = Visit(
            state: state, enteredEventID: event, previousEventID: previous, enteredAt: now, input: branch.input,
            effectiveInput: branch.input,
            retriesUsed: Array(repeating: testing?.conditions.retryCount ?? 0, count: state.flow.retriers.count))
        run(id)
    }

    /// Does what the state does, for the first time or once more.
    mutating func run(_ id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            let effective = try visit.state.flow.inputPath.apply(to: visit.input, in: scope)
            execution.branches[id]?.visit?.effectiveInput = effective
            switch visit.state.kind {
            case .parallel: return
            // A fixed result has nothing to do with the input.
            case .pass(let pass) where pass.result != nil: return
            default: break
            }
            if visit.state.flow.language == .jsonPath { execution.note("afterInputPath", effective) }
        }
        guard let visit = branches[id]?.visit, outcome == nil, branches[id]?.stateName == visit.state.name else {
            return
        }
        branches[id]?.visit?.pending = .nothing
        switch visit.state.kind {
        case .pass(let pass): runPass(pass, in: id)
        case .task(let task): runTask(task, in: id)
        case .choice(let choice): runChoice(choice, in: id)
        case .wait(let wait): runWait(wait, in: id)
        case .succeed: runSucceed(in: id)
        case .fail(let fail): runFail(fail, in: id)
        case .parallel(let parallel): if !runMocked(id) { runParallel(parallel, in: id) }
        case .map(let map): if !runMocked(id) { runMap(map, in: id) }
        }
    }

    /// Runs `body` with what the visited state can read; a fault in it becomes the failure of the state.
    @discardableResult
    mutating func attempt(
        _ id: BranchID, _ body: (inout Execution, Visit, inout Scope) throws(ASLFault) -> Void
    ) -> Bool {
        guard let branch = branches[id], let visit = branch.visit else { return false }
        var scope = scope(of: branch, in: visit)
        do {
            try body(&self, visit, &scope)
            random = scope.random
            sliceWork += scope.budget.stepsUsed
            return true
        } catch {
            random = scope.random
            sliceWork += scope.budget.stepsUsed
            fail(id, with: failure(for: error, in: id))
            return false
        }
    }

    func scope(of branch: Branch, in visit: Visit) -> Scope {
        Scope(
            input: visit.effectiveInput, context: context(of: branch, in: visit), variables: branch.variables,
            random: random, now: now, budget: EvaluationBudget())
    }

    /// What leaves a state: the result of its work, or its input for states that make none.
    enum Departure: Sendable {
        /// Goes through `ResultSelector`, `ResultPath`, `OutputPath`.
        case result(JSON)
        /// Goes through `OutputPath` only.
        case input(JSON)
    }

    /// Computes output and variables, records the exit and continues with the next state.
    ///
    /// - Parameter next: the next state, where it is not the one of the state's own `Next`.
    mutating func leave(
        _ id: BranchID, with departure: Departure, to next: Next? = nil, assign: Template? = nil,
        output template: Template? = nil, scope: inout Scope
    ) throws(ASLFault) {
        guard let visit = branches[id]?.visit else { return }
        let flow = visit.state.flow
        let output: JSON
        switch departure {
        case .input(let value):
            scope.input = value
            if let template = template ?? flow.output {
                output = try template.evaluate(in: &scope)
            } else {
                output = try flow.outputPath.apply(to: value, in: scope)
            }
        case .result(let result) where flow.language == .jsonata:
            scope.result = result
            output = try flow.output?.evaluate(in: &scope) ?? result
        case .result(let result):
            scope.input = result
            let selected = try flow.resultSelector?.evaluate(in: &scope) ?? result
            scope.input = selected
            note("afterResultSelector", selected)
            let combined = try flow.resultPath.apply(selected, to: visit.input)
            note("afterResultPath", combined)
            output = try flow.outputPath.apply(to: combined, in: scope)
        }
        try depart(id, output: output, assign: assign ?? flow.assign, next: next ?? flow.next, scope: &scope)
    }

    /// The last steps of every visit, also of one that a catcher ends.
    mutating func depart(
        _ id: BranchID, output: JSON, assign: Template?, next: Next, scope: inout Scope
    ) throws(ASLFault) {
        guard let visit = branches[id]?.visit else { return }
        try checkDepth(of: output)
        let text = output.text
        guard text.utf8.count <= Self.payloadLimitInBytes else {
            throw ASLFault(
                error: ErrorName.dataLimitExceeded,
                message: "The state/task '\(visit.state.name)' returned a result with a size exceeding the maximum "
                    + "number of bytes service limit.")
        }
        var details: JSONObject = [
            "name": .string(visit.state.name), "output": .string(text), "outputDetails": ["truncated": false],
        ]
        if let assigned = try assign?.evaluate(in: &scope).object, !assigned.isEmpty {
            try checkDepth(of: .object(assigned))
            let texts = assigned.map { ($0.name, $0.value.text) }
            try checkVariables(texts, in: id)
            for (name, value) in assigned { branches[id]?.variables[name] = value }
            details["assignedVariables"] = .object(JSONObject(texts.map { ($0.0, .string($0.1)) }))
            details["assignedVariablesDetails"] = ["truncated": false]
        }
        if testing != nil, let variables = branches[id]?.variables, !variables.isEmpty {
            note("variables", .object(JSONObject(variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })))
        }
        emit("\(visit.state.typeName)StateExited", details, in: id)
        branches[id]?.visit = nil
        switch next {
        case .state(let name):
            branches[id]?.stateName = name
            branches[id]?.input = output
            makeReady(id)
        case .end: branchEnded(id, output: output)
        }
    }

    /// A loop that puts its input into itself makes values that cannot be read back from their text.
    private func checkDepth(of value: JSON) throws(ASLFault) {
        guard value.isDeeper(than: JSONPolicy.depthLimit) else { return }
        throw .runtime("The output of the state is \(JSONPolicy.tooDeep).")
    }

    /// The largest input or output of a state.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
    public static let payloadLimitInBytes = 262_144

    /// The variables that one branch can hold.
    private static let variablesLimitInBytes = 10 * 1024 * 1024

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
    private mutating func checkVariables(_ assigned: [(name: String, text: String)], in id: BranchID) throws(ASLFault) {
        guard var sizes = branches[id]?.variableSizes else { return }
        for (name, text) in assigned { sizes[name] = text.utf8.count }
        let together = assigned.reduce(0) { $0 + $1.text.utf8.count }
        guard together <= Self.payloadLimitInBytes,
            sizes.values.reduce(0, +) <= Self.variablesLimitInBytes
        else {
            throw ASLFault(
                error: ErrorName.dataLimitExceeded,
                message:
                    "The state/task '\(branches[id]?.stateName ?? "")' assigned variables with a size exceeding the "
                    + "maximum number of bytes service limit.")
        }
        branches[id]?.variableSizes = sizes
    }

    private mutating func branchEnded(_ id: BranchID, output: JSON) {
        guard let branch = branches[id] else { return }
        if let owner = branch.owner {
            childSucceeded(id, slot: branch.slot, output: output, of: owner)
        } else {
            emit(
                "ExecutionSucceeded", ["output": .string(output.text), "outputDetails": ["truncated": false]],
                previous: branch.lastEventID)
            finish(.succeeded(output: output))
        }
    }
}
