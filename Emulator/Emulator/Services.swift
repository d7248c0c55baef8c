internal import EmulatorCore
internal import EmulatedAthena
internal import EmulatedCloudFormation
internal import EmulatedCloudWatch
internal import EmulatedDynamoDB
internal import EmulatedECS
internal import EmulatedEMRServerless
internal import EmulatedEvents
internal import EmulatedFirehose
internal import EmulatedGlue
internal import EmulatedIAM
internal import EmulatedKMS
internal import EmulatedKinesis
internal import EmulatedLambda
internal import EmulatedLogs
internal import EmulatedPipes
internal import EmulatedS3
internal import EmulatedSNS
internal import EmulatedSQS
internal import EmulatedSSM
internal import EmulatedScheduler
internal import EmulatedSecretsManager
internal import EmulatedStepFunctions

/// The list of the emulator's services. Creates, connects, starts and stops them.
struct Services: Sendable {
    /// All services in the order in which they start: first those that others wait for.
    private static let all: [any Service.Type] = [
        LogService.self, CloudFormation.self, ECSService.self, S3.self, DynamoDB.self, SQSService.self, SNSService.self,
        KinesisService.self, ParameterStore.self, SecretsManagerService.self, IAMService.self, KMSService.self,
        StepFunctionsService.self, LambdaService.self,
        FirehoseService.self, GlueService.self, AthenaService.self, EMRServerlessService.self, PipeService.self,
        EventBridgeService.self,
        ScheduleService.self, CloudWatchService.self,
    ]

    /// The tables of all services.
    static var schema: [String] { all.flatMap { $0.schema } }

    /// What changed in the tables, in the order of the changes.
    static let migrations: [Migration] = [
        { try $0.addAutoincrement(to: ["state_machines", "state_machine_revisions", "executions"]) },
        FirehoseService.addKindsOfBuffers, PipeService.moveThePositions, KinesisService.joinRecords,
        FirehoseService.joinRecords, FirehoseService.packChunks, PipeService.joinTheLanes,
    ]

    private let services: [any Service]

    init(_ context: ServiceContext) throws {
        services = try Self.all.map { try $0.init(context) }
        context.peers.connect(services)
    }

    /// The service of this type.
    func service<S: Service>(_ type: S.Type) -> S? { services.lazy.compactMap { $0 as? S }.first }

    /// The services by signing name.
    var byName: [String: any EmulatedService] {
        var named: [String: any EmulatedService] = [:]
        for service in services {
            for name in type(of: service).signingNames { named[name] = service }
            named.merge(service.companions) { $1 }
        }
        return named
    }

    func start() async throws {
        for service in services { try await service.start() }
    }

    func stop() async {
        for service in services.reversed() { await service.stop() }
    }
}
