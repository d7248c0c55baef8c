internal import JSON

/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html>
extension Execution {
    mutating func runSucceed(in id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            try execution.leave(id, with: .input(visit.effectiveInput), to: .end, scope: &scope)
        }
    }
}
