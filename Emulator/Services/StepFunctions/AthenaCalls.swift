internal import EmulatorCore
internal import JSON
internal import Time

/// Queries of Athena that a state waits for.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html>
extension StepFunctionsService {
    private static let pauseInMilliseconds: Int64 = 20

    /// The description of the ended query; a failed one fails the task. A task that is stopped stops its query.
    func endedQuery(_ submission: JSON) async throws -> JSON {
        guard let id = submission["QueryExecutionId"]?.string, let athena = peers.action("athena") else {
            return submission
        }
        let request: JSON = ["QueryExecutionId": .string(id)]
        do {
            while true {
                try Task.checkCancellation()
                let answer = try await athena.perform("GetQueryExecution", request)
                let execution = answer["QueryExecution"] ?? .null
                switch execution["Status"]?["State"]?.string {
                case "SUCCEEDED": return ["QueryExecution": Self.inMilliseconds(execution)]
                case "FAILED", "CANCELLED":
                    throw TaskFailure(
                        error: "States.TaskFailed",
                        cause: JSON.object(["QueryExecution": Self.inMilliseconds(execution)]).text)
                default: try await clock.sleep(clock.now().advanced(byMilliseconds: Self.pauseInMilliseconds))
                }
            }
        } catch let error as CancellationError {
            _ = try? await athena.perform("StopQueryExecution", request)
            throw error
        }
    }

    /// The SDK of integrations writes times in milliseconds.
    private static func inMilliseconds(_ execution: JSON) -> JSON {
        guard var members = execution.object, var status = members["Status"]?.object else { return execution }
        for name in ["SubmissionDateTime", "CompletionDateTime"] {
            status[name] = status[name]?.double.map { .int(Int64(($0 * 1000).rounded())) }
        }
        members["Status"] = .object(status)
        return .object(members)
    }
}
