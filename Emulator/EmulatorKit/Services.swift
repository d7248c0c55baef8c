internal import Synchronization

/// The emulator's services, made and connected.
final class Services: Sendable {
    static let schema =
        DynamoDB.schema + S3.schema + StepFunctionsService.schema + SQSService.schema + SNSService.schema
        + [
            LambdaService.schema, ECSService.schema, PipeService.schema, ScheduleService.schema, IAMService.schema,
            CloudFormation.schema, ParameterStore.schema,
        ]

    let s3: S3
    let dynamoDB: DynamoDB
    let streams: DynamoDBStreams
    let queues: SQSService
    let topics: SNSService
    let lambda: LambdaService
    let ecs: ECSService
    let stepFunctions: StepFunctionsService
    let pipes: PipeService
    let schedules: ScheduleService
    let identities: IAMService
    let parameters: ParameterStore
    let logs: LogService
    let cloudFormation: CloudFormation
    private let sweep = Mutex<Task<Void, Never>?>(nil)

    init(
        store: Store, listening: any Listening, address: EndpointAddress, _ configuration: Emulator.Configuration
    ) throws {
        let (account, ambient) = (configuration.account, configuration.ambient)
        let executables = ExecutableFolder(configuration.functionsFolder)
        let host = ProcessHost()
        logs = try LogService(directory: store.directory, account: account, ambient: ambient)
        queues = SQSService(store: store, endpoint: address, account: account, ambient: ambient)
        var lambdaOptions = LambdaService.Options(functions: executables)
        lambdaOptions.account = account
        lambdaOptions.ambient = ambient
        lambdaOptions.environment = configuration.environment
        lambda = try LambdaService(
            store: store, host: host, listening: listening, logs: logs, endpoint: address, options: lambdaOptions)
        var ecsOptions = ECSService.Options(functions: executables)
        ecsOptions.account = account
        ecsOptions.ambient = ambient
        ecsOptions.environment = configuration.environment
        ecs = ECSService(store: store, host: host, logs: logs, endpoint: address, options: ecsOptions)
        dynamoDB = DynamoDB(store: store, account: account, ambient: ambient)
        streams = DynamoDBStreams(dynamoDB)
        s3 = try S3(store: store, notifying: lambda, account: account, ambient: ambient)
        lambda.readCode(from: s3)
        topics = SNSService(
            store: store, messages: queues, functions: lambda, logs: logs, account: account, ambient: ambient)
        let destinations = MessageDestinations(queues: queues, topics: topics)
        lambda.leaveRecords(with: destinations)
        stepFunctions = StepFunctionsService(
            store: store, account: account, ambient: ambient,
            integrations: .init(
                lambda: lambda, ecs: ecs, services: ["dynamodb": dynamoDB, "logs": logs, "sqs": queues, "sns": topics],
                s3: s3,
                logs: logs))
        pipes = try PipeService(
            store: store, changes: dynamoDB, executions: stepFunctions, functions: lambda, messages: destinations,
            logs: logs,
            account: account, ambient: ambient)
        schedules = ScheduleService(
            store: store, executions: stepFunctions, functions: lambda, logs: logs, account: account, ambient: ambient)
        identities = IAMService(store: store, account: account, ambient: ambient)
        parameters = ParameterStore(store: store, account: account, ambient: ambient)
        cloudFormation = CloudFormation(
            store: store, services: [s3, dynamoDB, queues, topics, lambda, ecs, stepFunctions, pipes, schedules, logs],
            objects: s3, account: account, ambient: ambient)
    }

    /// By the names under which clients sign for them.
    var byName: [String: any EmulatedService] {
        [
            "s3": s3, "dynamodb": dynamoDB, "streams.dynamodb": streams, "sqs": queues, "sns": topics, "lambda": lambda,
            "ecs": ecs,
            "states": stepFunctions, "pipes": pipes, "logs": logs,
            "scheduler": schedules, "iam": identities, "sts": identities, "ssm": parameters,
            "cloudformation": cloudFormation,
        ]
    }

    /// Takes up what an earlier life left, those who are waited for first.
    func start() async throws {
        try await cloudFormation.start()
        try await ecs.start()
        try await stepFunctions.start()
        lambda.start()
        pipes.start()
        schedules.start()
        sweep.withLock { [dynamoDB] sweep in sweep = Task { await dynamoDB.run() } }
    }

    func stop() async {
        sweep.withLock { $0?.cancel() }
        schedules.stop()
        pipes.stop()
        await lambda.stop()
        logs.close()
    }
}
