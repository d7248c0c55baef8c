internal import JSON

/// Passes its input on, or a fixed result.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html>
struct PassState: Sendable {
    let result: JSON?
}

extension DefinitionReader {
    mutating func readPass(_ fields: Fields) -> PassState {
        PassState(result: fields.object["Result"])
    }
}

extension Execution {
    mutating func runPass(_ pass: PassState, in branch: BranchID) {
        attempt(branch) { (execution, visit, scope) throws(ASLFault) in
            let computed = try visit.state.flow.parameters?.evaluate(in: &scope) ?? visit.effectiveInput
            if let result = pass.result {
                execution.note("result", result)
            } else if visit.state.flow.language == .jsonPath {
                execution.note("afterParameters", computed)
            }
            try execution.leave(branch, with: .result(pass.result ?? computed), scope: &scope)
        }
    }
}
