internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// What an execution's role must be allowed, where permissions are enforced.
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html>
extension StepFunctionsService {
    /// Checks the call of a task before it is made.
    /// - Throws: ``TaskFailure`` with the error that Step Functions gives for a call that IAM refuses.
    func checkPermission(for request: TaskRequest, of execution: Execution.Identity) async throws {
        guard let permissions = peers.permissions, request.resource.target != .activity else { return }
        let call = PermittedCall(request)
        // A session's name has at most 64 characters.
        let session = String(execution.name.prefix(64))
        do throws(AWSFault) {
            try await permissions.check(
                call.operation, of: call.service, call.input, as: execution.roleARN, session: session)
            for (operation, rule) in call.rules {
                try await permissions.check(
                    operation, of: "events", ["Name": .string(rule)], as: execution.roleARN, session: session)
            }
        } catch {
            throw call.failure(error, requestID: clock.uuid())
        }
    }
}

/// A task's call as permissions see it.
private struct PermittedCall {
    /// The name under which requests to the service are signed.
    let service: String
    let operation: String
    let input: JSON
    /// What tells Step Functions that a job has ended: operations on rules of EventBridge.
    var rules: [(operation: String, rule: String)] = []
    private let naming: SDKNaming?

    init(_ request: TaskRequest) {
        if request.reading != nil {
            self.init("s3", request.parameters["Key"] == nil ? "ListObjectsV2" : "GetObject", request.parameters)
            return
        }
        switch request.resource.target {
        case .lambdaFunction: self.init("lambda", "Invoke", ["FunctionName": .string(request.resource.text)])
        case .activity: self.init("states", "GetActivityTask", [:])
        case .service("lambda", _): self.init("lambda", "Invoke", request.parameters)
        case .service("states", _):
            self.init("states", "StartExecution", ["stateMachineArn": request.parameters["StateMachineArn"] ?? .null])
        case .service("s3", let action), .sdk("s3", let action):
            self.init("s3", Self.capitalized(action), request.parameters)
        case .service(let service, let action):
            let naming = SDKNaming(service: service, integration: .optimized)
            self.init(naming.signingName, Self.capitalized(action), naming.request(request.parameters), naming)
        case .sdk(let service, let action):
            let naming = SDKNaming(service: service, integration: .sdk)
            let name = service == "sfn" ? "states" : service == "cloudwatch" ? "monitoring" : naming.signingName
            self.init(name, Self.capitalized(action), naming.request(request.parameters), naming)
        }
        rules = Self.rules(of: request.resource)
    }

    private init(_ service: String, _ operation: String, _ input: JSON, _ naming: SDKNaming? = nil) {
        self.service = service
        self.operation = operation
        self.input = input
        self.naming = naming
    }

    private static func capitalized(_ action: String) -> String { action.prefix(1).uppercased() + action.dropFirst() }

    private static func rules(of resource: TaskResource) -> [(operation: String, rule: String)] {
        guard resource.pattern == .sync || resource.pattern == .sync2, case .service(let service, _) = resource.target
        else { return [] }
        let rules = [
            "ecs": "StepFunctionsGetEventsForECSTaskRule",
            "states": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
        ]
        guard let rule = rules[service] else { return [] }
        return ["PutTargets", "PutRule", "DescribeRule"].map { ($0, rule) }
    }

    /// The SDKs have no type for a refusal by IAM, so that it is the service's base exception.
    func failure(_ fault: AWSFault, requestID: String) -> TaskFailure {
        if let naming, service != "ecs" {
            return naming.failure(fault, SDKError(type: nil, code: fault.code), requestID: requestID)
        }
        let names: (error: String, service: String) =
            switch service {
            case "lambda": ("Lambda.AWSLambdaException", "AWSLambda")
            case "states": ("StepFunctions.AWSStepFunctionsException", "AWSStepFunctions")
            case "ecs": ("ECS.AccessDeniedException", "AmazonECS")
            default: ("S3.S3Exception", "S3")
            }
        return TaskFailure(
            error: names.error,
            cause: "\(fault.message) (Service: \(names.service); Status Code: \(fault.status); "
                + "Error Code: \(fault.code); Request ID: \(requestID); Proxy: null)")
    }
}
