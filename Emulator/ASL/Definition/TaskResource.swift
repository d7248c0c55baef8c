/// What a Task state calls, by its ARN.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html>
public struct TaskResource: Sendable, Equatable {
    public enum Target: Sendable, Equatable {
        /// A Lambda function by its ARN; its payload is the input.
        case lambdaFunction
        /// Work that polls for tasks.
        case activity
        /// A service with an optimized integration: `lambda`, `invoke`.
        case service(name: String, action: String)
        /// Any action of any service: `dynamodb`, `getItem`.
        case sdk(service: String, action: String)
    }

    /// When the state has its result.
    public enum Pattern: String, Sendable, Equatable {
        case requestResponse = ""
        case sync = ".sync"
        case sync2 = ".sync:2"
        case waitForTaskToken = ".waitForTaskToken"
    }

    /// The ARN as written.
    public let text: String
    public let target: Target
    public let pattern: Pattern

    /// Whether the answer to the call is only a receipt, and the result comes later.
    public var awaitsResult: Bool { pattern != .requestResponse }

    /// `lambda`, `aws-sdk:dynamodb`: as history events name the service.
    public var typeInHistory: String {
        switch target {
        case .lambdaFunction: "lambda"
        case .activity: "activity"
        case .service(let name, _): name
        case .sdk(let service, _): "aws-sdk:\(service)"
        }
    }

    /// `invoke`, `startExecution.sync:2`: as history events name the action.
    public var actionInHistory: String {
        switch target {
        case .lambdaFunction, .activity: text
        case .service(_, let action), .sdk(_, let action): action + pattern.rawValue
        }
    }

    /// - Returns: nil when the text is not an ARN that Step Functions can call.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 6, parts[0] == "arn" else { return nil }
        self.text = text
        if parts[2] == "lambda", parts[5] == "function", parts.count >= 7 {
            (target, pattern) = (.lambdaFunction, .requestResponse)
        } else if parts[2] == "states", parts[5] == "activity", parts.count == 7 {
            (target, pattern) = (.activity, .requestResponse)
        } else if parts[2] == "states", parts.count >= 7 {
            // A region and an account are allowed, and mean nothing.
            let isSDK = parts[5] == "aws-sdk"
            guard !isSDK || parts.count >= 8 else { return nil }
            let service = isSDK ? parts[6] : parts[5]
            let rest = parts[(isSDK ? 7 : 6)...].joined(separator: ":")
            let dot = rest.firstIndex(of: ".") ?? rest.endIndex
            let action = String(rest[..<dot])
            guard let pattern = Pattern(rawValue: String(rest[dot...])), !action.isEmpty,
                isSDK || Self.optimizedActions[service]?.contains(action) == true,
                Self.isSupported(pattern, service: isSDK ? nil : service, action: action)
            else { return nil }
            self.pattern = pattern
            target = isSDK ? .sdk(service: service, action: action) : .service(name: service, action: action)
        } else {
            return nil
        }
    }

    /// - Parameter service: nil for the SDK integrations.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>
    private static func isSupported(_ pattern: Pattern, service: String?, action: String) -> Bool {
        switch pattern {
        case .requestResponse: true
        case .waitForTaskToken: service.map { tokenServices.contains($0) } ?? true
        case .sync: service.map { jobServices.contains($0) } ?? false
        case .sync2: service == "states"
        }
    }

    private static let tokenServices: Set = [
        "apigateway", "bedrock", "ecs", "eks", "events", "lambda", "sns", "sqs", "states",
    ]

    private static let jobServices: Set = [
        "athena", "batch", "bedrock", "codebuild", "databrew", "ecs", "eks", "elasticmapreduce", "emr-containers",
        "emr-serverless", "glue", "mediaconvert", "sagemaker", "states",
    ]

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>
    private static let optimizedActions: [String: Set<String>] = [
        "apigateway": ["invoke"],
        "athena": ["startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"],
        "batch": ["submitJob"],
        "bedrock": ["invokeModel", "createModelCustomizationJob"],
        "codebuild": ["startBuild", "stopBuild", "batchDeleteBuilds", "batchGetReports", "startBuildBatch"],
        "databrew": ["startJobRun"],
        "dynamodb": ["getItem", "putItem", "updateItem", "deleteItem"],
        "ecs": ["runTask"],
        "eks": ["call", "createCluster", "deleteCluster", "createNodegroup", "deleteNodegroup", "runJob"],
        "elasticmapreduce": [
            "createCluster", "terminateCluster", "addStep", "cancelStep", "setClusterTerminationProtection",
        ],
        "emr-containers": ["createVirtualCluster", "deleteVirtualCluster", "startJobRun"],
        "emr-serverless": [
            "createApplication", "startApplication", "stopApplication", "deleteApplication", "startJobRun",
            "cancelJobRun",
        ],
        "events": ["putEvents"],
        "glue": ["startJobRun"],
        "http": ["invoke"],
        "lambda": ["invoke"],
        "mediaconvert": ["createJob"],
        "s3": ["getObject", "listObjectsV2", "putObject"],
        "sagemaker": [
            "createTrainingJob", "createTransformJob", "createEndpoint", "createEndpointConfig",
            "createHyperParameterTuningJob", "createLabelingJob", "createModel", "createProcessingJob",
            "updateEndpoint",
        ],
        "sns": ["publish"],
        "sqs": ["sendMessage"],
        "states": ["startExecution"],
    ]
}
