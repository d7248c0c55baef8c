internal import JSON

/// Runs several branches side by side; the result is the list of their outputs.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html>
struct ParallelState: Sendable {
    let branches: [StateBlock]
}

extension DefinitionReader {
    mutating func readParallel(_ fields: Fields) -> ParallelState {
        if fields.object["Branches"] == nil { require(["Branches"], in: fields) }
        if fields.object["Branches"]?.array?.isEmpty == true {
            report("Value cannot be empty", at: fields, field: "Branches")
        }
        return ParallelState(branches: list("Branches", in: fields).compactMap { readBlock($0) })
    }
}

extension Execution {
    mutating func runParallel(_ parallel: ParallelState, in id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            let input = try visit.state.flow.parameters?.evaluate(in: &scope) ?? visit.effectiveInput
            let started = execution.emit("ParallelStateStarted", in: id)
            guard let owner = execution.branches[id] else { return }
            var fan = Fan(results: Array(repeating: nil, count: parallel.branches.count), map: nil)
            for (slot, block) in parallel.branches.enumerated() {
                let child = execution.addBranch(
                    Branch(
                        block: block, owner: id, slot: slot, stateName: block.startAt, input: input,
                        variables: owner.variables, variableSizes: owner.variableSizes, mapContext: owner.mapContext,
                        lastEventID: started,
                        isSilent: owner.isSilent))
                fan.active[child] = slot
            }
            execution.fans[id] = fan
            execution.branches[id]?.visit?.pending = .fan
        }
    }
}
