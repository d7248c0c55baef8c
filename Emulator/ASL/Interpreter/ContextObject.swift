internal import JSON
internal import Time

extension Execution {
    /// The context object, `$$`, as a state sees it.
    ///
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>
    func context(of branch: Branch, in visit: Visit, taskToken: String? = nil) -> JSON {
        if let context = testing?.conditions.context { return context }
        var state: JSONObject = ["EnteredTime": .string(visit.enteredAt.rfc3339), "Name": .string(visit.state.name)]
        if case .task = visit.state.kind { state["RetryCount"] = .int(visit.retryCount) }
        var about: JSONObject = [
            "Id": .string(identity.arn), "Input": input, "StartTime": .string(identity.startedAt.rfc3339),
            "Name": .string(identity.name), "RoleArn": .string(identity.roleARN), "RedriveCount": .int(redriveCount),
        ]
        about["RedriveTime"] = redrivenAt.map { .string($0.rfc3339) }
        if testing != nil {
            about["RedriveCount"] = nil
            state["RetryCount"] = .int(visit.retryCount)
        }
        var context: JSONObject = [
            "Execution": .object(about),
            "StateMachine": [
                "Id": .string(identity.stateMachineARN), "Name": .string(identity.stateMachineName),
            ],
            "State": .object(state),
        ]
        context["Task"] = taskToken.map { ["Token": .string($0)] }
        context["Map"] = branch.mapContext
        return .object(context)
    }
}
