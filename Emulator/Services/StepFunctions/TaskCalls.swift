internal import EmulatorCore
internal import ASL
internal import JSON

/// Performs the calls of Task states and reports their results.
extension StepFunctionsService {
    typealias Report = @Sendable (ExecutionInput.Kind) async -> Void

    /// - Parameter submission: the answer to the call, if it was made in an earlier run of the emulator and only its
    ///   result is missing.
    func call(
        _ request: TaskRequest, of execution: Execution.Identity, submission: JSON?, report: @escaping Report
    ) async {
        do {
            if let submission {
                try await awaitResult(of: request, submission: submission, report: report)
                return
            }
            try await checkPermission(for: request, of: execution)
            if request.resource.target == .activity {
                try checkActivity(request.resource.text)
                activities.add(
                    ActivityQueues.Waiting(execution: execution.arn, request: request), to: request.resource.text)
                return
            }
            let answer = try await answer(to: request)
            guard request.resource.awaitsResult else {
                await report(.taskSucceeded(request.id, output: answer))
                return
            }
            await report(.taskSubmitted(request.id, output: answer))
            try await awaitResult(of: request, submission: answer, report: report)
        } catch let failure as TaskFailure {
            await report(.taskFailed(request.id, failure.output))
        } catch is CancellationError {
            // The execution no longer waits for the task.
        } catch {
            let cause = "The emulator could not call \(request.resource.text): \(error)"
            await report(.taskFailed(request.id, ErrorOutput(error: "States.Runtime", cause: cause)))
        }
    }

    func answer(to request: TaskRequest) async throws -> JSON {
        if let source = request.reading { return try readItems(source, request.parameters) }
        switch request.resource.target {
        case .lambdaFunction: return try await invoke(request.resource.text, payload: request.parameters).payload
        case .activity: return .null
        case .service(let name, let action):
            switch name {
            case "lambda": return try await invokeFunction(request.parameters)
            case "states": return try await startChild(request)
            case "s3": return try await callS3(action, request.parameters, listsAll: true)
            case "ecs": return try await runTask(request.parameters)
            default: return try await callService(name, action, request.parameters, integration: .optimized)
            }
        case .sdk("s3", let action): return try await callS3(action, request.parameters)
        case .sdk(let service, let action):
            return try await callService(service, action, request.parameters, integration: .sdk)
        }
    }

    /// Waits for the job of a `.sync` call. The result for a task token comes from a client.
    private func awaitResult(of request: TaskRequest, submission: JSON, report: Report) async throws {
        switch (request.resource.target, request.resource.pattern) {
        case (.service("states", _), .sync), (.service("states", _), .sync2):
            await report(.taskSucceeded(request.id, output: try await childResult(request, submission: submission)))
        case (.service("ecs", _), .sync):
            await report(.taskSucceeded(request.id, output: try await stoppedTask(submission)))
        case (.service("athena", "startQueryExecution"), .sync):
            await report(.taskSucceeded(request.id, output: try await endedQuery(submission)))
        case (.service("emr-serverless", "startJobRun"), .sync):
            await report(.taskSucceeded(request.id, output: try await endedJobRun(submission)))
        // Applications have what was asked of them at once.
        case (.service("emr-serverless", _), .sync): await report(.taskSucceeded(request.id, output: submission))
        case (_, .waitForTaskToken): break
        default:
            throw TaskFailure(
                error: "States.Runtime",
                cause: "\(request.resource.text) is not emulated: the emulator cannot wait for this kind of job")
        }
    }
}

/// The failure of a task, with the error name that retriers and catchers match.
struct TaskFailure: Error, Sendable {
    let output: ErrorOutput

    init(error: String?, cause: String?) { output = ErrorOutput(error: error, cause: cause) }
}

extension JSON {
    /// The metadata that the SDK adds to the answers of optimized integrations.
    static func sdkMetadata(status: Int, requestID: String) -> JSONObject {
        [
            "SdkHttpMetadata": [
                "AllHttpHeaders": ["x-amzn-RequestId": [.string(requestID)]],
                "HttpHeaders": ["x-amzn-RequestId": .string(requestID)], "HttpStatusCode": .int(status),
            ],
            "SdkResponseMetadata": ["RequestId": .string(requestID)],
        ]
    }
}
