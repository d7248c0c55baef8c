internal import EmulatorCore
internal import JSON
internal import Time

/// Job runs of EMR Serverless that a state waits for.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr-serverless.html>
extension StepFunctionsService {
    private static let pauseInMilliseconds: Int64 = 50

    /// The description of the ended run; one that has not succeeded fails the task. A task that is stopped cancels its run.
    func endedJobRun(_ submission: JSON) async throws -> JSON {
        guard let application = submission["ApplicationId"], let id = submission["JobRunId"],
            let service = peers.action("emr-serverless")
        else { return submission }
        let request: JSON = ["applicationId": application, "jobRunId": id]
        do {
            while true {
                try Task.checkCancellation()
                let job = try await service.perform("GetJobRun", request)["jobRun"] ?? .null
                switch job["state"]?.string {
                case "SUCCESS": return job.renamingMembers { $0.uppercased() }
                case "FAILED", "CANCELLED":
                    throw TaskFailure(
                        error: "States.TaskFailed", cause: job.renamingMembers { $0.uppercased() }.text)
                default: try await clock.sleep(clock.now().advanced(byMilliseconds: Self.pauseInMilliseconds))
                }
            }
        } catch let error as CancellationError {
            _ = try? await service.perform("CancelJobRun", request)
            throw error
        }
    }
}
