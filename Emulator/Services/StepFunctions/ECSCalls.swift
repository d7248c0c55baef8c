internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Tasks on ECS, started and awaited by executions.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html>
extension StepFunctionsService {
    /// `ecs:runTask`
    func runTask(_ parameters: JSON) async throws -> JSON {
        guard let ecs = peers.tasks else { throw TaskFailure.notEmulated("ecs") }
        let requestID = clock.uuid()
        let answer: JSON
        do {
            answer = try await ecs.runTask(parameters.renamingMembers { $0.lowercased() })
        } catch {
            try Task.checkCancellation()
            let name = error.code == "ServerException" ? error.code : "AmazonECSException"
            throw TaskFailure(
                error: "ECS.\(name)",
                cause: "\(error.message) (Service: AmazonECS; Status Code: \(error.status); "
                    + "Error Code: \(error.code); Request ID: \(requestID); Proxy: null)")
        }
        if let failures = answer["failures"]?.array, !failures.isEmpty {
            throw TaskFailure(error: "AmazonECS.Unknown", cause: answer.renamingMembers { $0.uppercased() }.text)
        }
        var result = answer.renamingMembers { $0.uppercased() }.object ?? [:]
        for (name, value) in JSON.sdkMetadata(status: 200, requestID: requestID) { result[name] = value }
        return .object(result)
    }

    /// Waits until the task has stopped. A failed container fails the state.
    func stoppedTask(_ submission: JSON) async throws -> JSON {
        guard let ecs = peers.tasks else { throw TaskFailure.notEmulated("ecs") }
        guard let arn = submission["Tasks"]?[0]?["TaskArn"]?.string else { return submission }
        let stopped: JSON
        do {
            stopped = try await withTaskCancellationHandler {
                try await ecs.waitUntilStopped(task: arn)
            } onCancel: {
                Task { try? await ecs.stopTask(arn, reason: "The execution no longer waits for the task") }
            }
        } catch {
            try Task.checkCancellation()
            throw TaskFailure(error: "ECS.AmazonECSException", cause: "\(error)")
        }
        try Task.checkCancellation()
        let described = stopped.renamingMembers { $0.uppercased() }
        let exitCodes = (described["Containers"]?.array ?? []).map { $0["ExitCode"]?.int }
        guard exitCodes.allSatisfy({ $0 == 0 }), described["StopCode"]?.string != "TaskFailedToStart" else {
            throw TaskFailure(error: "States.TaskFailed", cause: described.text)
        }
        return described
    }
}
