internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Calls of Lambda functions, direct and through the optimized integration.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>
extension StepFunctionsService {
    /// Invokes a function and waits for its result.
    func invoke(_ function: String, payload: JSON) async throws -> (payload: JSON, requestID: String) {
        guard let lambda = peers.functions else { throw TaskFailure.notEmulated("lambda") }
        let answer: FunctionAnswer
        do {
            answer = try await lambda.invoke(function: function, payload: payload.isNull ? [] : payload.bytes)
        } catch {
            try Task.checkCancellation()
            throw TaskFailure(lambda: error, function: function, account: account, requestID: clock.uuid())
        }
        let result = answer.payload.isEmpty ? JSON.null : try? JSON(parsing: answer.payload)
        if answer.functionError != nil {
            throw TaskFailure(
                error: result?["errorType"]?.string ?? "Lambda.Unknown",
                cause: String(decoding: answer.payload, as: UTF8.self))
        }
        guard let result else {
            // The interpreter refuses a result that is too large before it parses it.
            if answer.payload.count > Execution.payloadLimitInBytes {
                return (.string(String(decoding: answer.payload, as: UTF8.self)), answer.requestID)
            }
            throw TaskFailure(
                error: "States.Runtime",
                cause: "The function '\(function)' returned a payload that is not JSON")
        }
        return (result, answer.requestID)
    }

    /// `lambda:invoke`
    func invokeFunction(_ parameters: JSON) async throws -> JSON {
        let requestID = clock.uuid()
        guard let function = parameters["FunctionName"]?.string else {
            throw TaskFailure(
                error: "Lambda.ValidationException",
                cause: "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member "
                    + "must not be null")
        }
        var answer = JSON.sdkMetadata(status: 200, requestID: requestID)
        answer["ExecutedVersion"] = "$LATEST"
        let payload = Self.payload(parameters["Payload"])
        if parameters["InvocationType"]?.string == "Event" {
            guard let target = peers.functions?.arn(ofFunction: function) else {
                throw TaskFailure.notEmulated("lambda")
            }
            try await store.write { [peers] transaction in
                try peers.deliver(TargetEvent(payload), to: target.text, in: transaction)
            }
            answer["StatusCode"] = 202
            answer["Payload"] = ""
            answer["ExecutedVersion"] = nil
            return .object(answer)
        }
        answer["Payload"] = try await invoke(function, payload: payload).payload
        answer["StatusCode"] = 200
        if parameters["LogType"]?.string == "Tail" { answer["LogResult"] = "" }
        return .object(answer)
    }

    /// The payload for Lambda, which consists of bytes: text that is JSON is sent unchanged.
    private static func payload(_ payload: JSON?) -> JSON {
        switch payload {
        case nil, .null?: [:]
        case .string(let text)?: (try? JSON(parsing: text)) ?? .string(text)
        case let value?: value
        }
    }
}

extension TaskFailure {
    /// A fault of the Lambda service, as the SDK inside Step Functions reports it.
    fileprivate init(lambda fault: AWSFault, function: String, account: Account, requestID: String) {
        let name = function.split(separator: ":").last.map(String.init) ?? function
        let message =
            fault.code == "ResourceNotFoundException"
            ? "Function not found: \(account.arn("lambda", "function:\(name):$LATEST"))" : fault.message
        self.init(
            error: "Lambda.\(fault.code)",
            cause: "\(message) (Service: AWSLambda; Status Code: \(fault.status); Error Code: \(fault.code); "
                + "Request ID: \(requestID); Proxy: null)")
    }

    static func notEmulated(_ service: String) -> TaskFailure {
        TaskFailure(
            error: "States.Runtime",
            cause: "The service '\(service)' is not emulated; the README lists what is.")
    }
}
