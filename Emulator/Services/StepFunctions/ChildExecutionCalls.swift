internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Executions started by executions.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>
extension StepFunctionsService {
    /// `states:startExecution`, with or without a wait for the end.
    func startChild(_ request: TaskRequest) async throws -> JSON {
        let requestID = clock.uuid()
        let parameters = request.parameters
        var input: JSONObject = [
            "stateMachineArn": parameters["StateMachineArn"] ?? .null,
            "input": .string((parameters["Input"] ?? .null).asInputText),
        ]
        input["name"] = parameters["Name"]
        do {
            let started = try await startExecution(.object(input))
            var answer = JSON.sdkMetadata(status: 200, requestID: requestID)
            answer["ExecutionArn"] = started["executionArn"]
            answer["StartDate"] = started["startDate"]
            return .object(answer)
        } catch let fault as AWSFault {
            // The names of the SDK's exceptions end in Exception, whatever the code on the wire.
            let name = fault.code.hasSuffix("Exception") ? fault.code : fault.code + "Exception"
            throw TaskFailure(
                error: "StepFunctions.\(name)",
                cause: "\(fault.message) (Service: AWSStepFunctions; Status Code: \(fault.status); "
                    + "Error Code: \(fault.code); Request ID: \(requestID); Proxy: null)")
        }
    }

    /// The description of the ended child; a failed child fails the task.
    func childResult(_ request: TaskRequest, submission: JSON) async throws -> JSON {
        guard let arn = submission["ExecutionArn"]?.string else { return submission }
        if let runner = await runner(of: arn) { _ = await runner.outcome.value }
        try Task.checkCancellation()
        let described = try describeExecution(["executionArn": .string(arn)])
        var result = described.renamingMembers { $0.uppercased() }.object ?? [:]
        result["RedriveStatus"] = nil
        result["RedriveStatusReason"] = nil
        result["RedriveCount"] = nil
        if request.resource.pattern == .sync2 {
            for name in ["Input", "Output"] {
                result[name] = result[name]?.string.flatMap { try? JSON(parsing: $0) } ?? result[name]
            }
        }
        for name in ["StartDate", "StopDate"] {
            result[name] = result[name]?.double.map { .int(Int64($0 * 1000)) }
        }
        guard result["Status"] == "SUCCEEDED" else {
            throw TaskFailure(error: "States.TaskFailed", cause: JSON.object(result).text)
        }
        return .object(result)
    }
}

extension JSON {
    /// An input as text; a string that is JSON is the text itself.
    fileprivate var asInputText: String {
        if isNull { return "{}" }
        guard let text = string, (try? JSON(parsing: text)) != nil else { return self.text }
        return text
    }
}
