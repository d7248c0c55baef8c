internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Calls of services with AWS's JSON protocols, through optimized and SDK integrations.
extension StepFunctionsService {
    enum Integration: Sendable {
        /// `arn:aws:states:::dynamodb:putItem`: answers have the SDK's metadata.
        case optimized
        /// `arn:aws:states:::aws-sdk:dynamodb:putItem`
        case sdk
    }

    func callService(
        _ service: String, _ action: String, _ parameters: JSON, integration: Integration
    ) async throws -> JSON {
        let naming = SDKNaming(service: service, integration: integration)
        guard let target: any ActionPerforming = service == "sfn" ? self : peers.action(naming.signingName) else {
            throw TaskFailure.notEmulated(service)
        }
        let operation = action.prefix(1).uppercased() + action.dropFirst()
        let requestID = clock.uuid()
        let answer: JSON
        do {
            answer = try await target.perform(operation, naming.request(parameters))
        } catch {
            try Task.checkCancellation()
            throw naming.failure(error, target.sdkError(error), requestID: requestID)
        }
        let named = naming.answer(answer)
        // An event that is refused fails the state, though the call has succeeded.
        if integration == .optimized, service == "events", answer["FailedEntryCount"]?.int ?? 0 > 0 {
            throw TaskFailure(
                error: "EventBridge.FailedEntry",
                cause: JSON.object([
                    "Entries": answer["Entries"] ?? [], "FailedEntryCount": answer["FailedEntryCount"] ?? 0,
                ]).text)
        }
        guard integration == .optimized, case .object(var members) = named else { return named }
        for (name, value) in JSON.sdkMetadata(status: 200, requestID: requestID) { members[name] = value }
        return .object(members)
    }
}

/// Step Functions' names for the service, the parameters and the errors of a call.
struct SDKNaming: Sendable {
    let service: String
    let integration: StepFunctionsService.Integration

    /// The prefix of error names, and the name of the SDK's client.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>
    private var names: (prefix: String, client: String) {
        switch (service, integration) {
        case ("dynamodb", .optimized): ("DynamoDB", "AmazonDynamoDBv2")
        case ("dynamodb", .sdk): ("DynamoDb", "DynamoDb")
        case ("sqs", .optimized): ("SQS", "AmazonSQS")
        case ("sns", .optimized): ("SNS", "AmazonSNS")
        default:
            {
                let name = Self.clientNames[service] ?? service.prefix(1).uppercased() + service.dropFirst()
                return (name, name)
            }()
        }
    }

    /// The names of clients of which not only the first letter is upper case.
    private static let clientNames = [
        "cloudformation": "CloudFormation", "cloudwatch": "CloudWatch", "cloudwatchlogs": "CloudWatchLogs",
        "dynamodbstreams": "DynamoDbStreams", "emrserverless": "EmrServerless", "emr-serverless": "EmrServerless",
        "eventbridge": "EventBridge",
        "secretsmanager": "SecretsManager",
    ]

    /// The name under which requests to the service are signed.
    var signingName: String {
        switch service {
        case "cloudwatchlogs": "logs"
        case "eventbridge": "events"
        case "emrserverless": "emr-serverless"
        case "dynamodbstreams": "streams.dynamodb"
        default: service
        }
    }

    /// Whether the service's wire names start in lower case.
    private var usesCamelCase: Bool {
        ["sfn", "ecs", "cloudwatchlogs", "emrserverless", "emr-serverless"].contains(service)
    }

    func request(_ parameters: JSON) -> JSON {
        if usesCamelCase { return parameters.renamingMembers { $0.lowercased() } }
        if service == "dynamodb", integration == .optimized { return parameters.withAttributeValues }
        // A message must be text, so an optimized integration converts any JSON to text.
        guard integration == .optimized, let member = ["sqs": "MessageBody", "sns": "Message"][service],
            var request = parameters.object, let message = request[member]
        else { return parameters }
        if message.string == nil, !message.isNull { request[member] = .string(message.text) }
        return .object(request)
    }

    func answer(_ answer: JSON) -> JSON { usesCamelCase ? answer.renamingMembers { $0.uppercased() } : answer }

    /// - Parameter error: the fault's name in the service's SDK.
    func failure(_ fault: AWSFault, _ error: SDKError, requestID: String) -> TaskFailure {
        if integration == .optimized {
            return TaskFailure(
                error: "\(names.prefix).\(error.type ?? "Amazon\(names.prefix)Exception")",
                cause: "\(fault.message) (Service: \(names.client); Status Code: \(fault.status); "
                    + "Error Code: \(error.code); Request ID: \(requestID); Proxy: null)")
        }
        let attempts = service == "sfn" ? " (SDK Attempt Count: 1)" : ""
        return TaskFailure(
            error: "\(names.prefix).\(error.type ?? "\(names.prefix)Exception")",
            cause: "\(fault.message) (Service: \(names.client), Status Code: \(fault.status), "
                + "Request ID: \(requestID))\(attempts)")
    }
}

extension JSON {
    /// Parameters of DynamoDB in which a plain text stands for an attribute value: `"id": "a"` is `"id": {"S": "a"}`.
    fileprivate var withAttributeValues: JSON {
        guard var request = object else { return self }
        for name in ["Item", "Key", "ExpressionAttributeValues"] {
            guard let members = request[name]?.object else { continue }
            request[name] = .object(JSONObject(members.map { ($0.name, $0.value.asAttributeValue) }))
        }
        return .object(request)
    }

    private var asAttributeValue: JSON {
        guard case .string = self else { return self }
        return ["S": self]
    }

    /// The value with `change` applied to the first letter of every member's name, at all depths.
    func renamingMembers(_ change: (Substring) -> String) -> JSON {
        switch self {
        case .array(let elements): .array(elements.map { $0.renamingMembers(change) })
        case .object(let object):
            .object(
                JSONObject(
                    object.map { (change($0.name.prefix(1)) + $0.name.dropFirst(), $0.value.renamingMembers(change)) }))
        default: self
        }
    }
}
