internal import EmulatedCloudFormation
internal import EmulatorCore
internal import Permissions

/// Everything that a reset replaces: the store, the services on it, and what is deployed in them.
struct EmulatorState: Sendable {
    let store: Store
    let services: Services
    let router: Router
    let report: StackReport
    let peers: Peers

    /// Ends the work on this state, and frees it once nothing else uses it.
    func stop() async {
        await services.stop()
        store.close()
        peers.disconnect()
    }
}

/// How a state begins: with the services on the store in the data folder, and the templates deployed.
struct Beginning: Sendable {
    private let configuration: Emulator.Configuration
    let folder: DataFolder
    private let endpoint: EndpointAddress
    private let processes: ProcessSupport
    private let functionKey: AccessKey

    init(
        _ configuration: Emulator.Configuration, folder: DataFolder, endpoint: EndpointAddress, listening: any Listening
    ) {
        self.configuration = configuration
        self.folder = folder
        self.endpoint = endpoint
        functionKey =
            configuration.requiredKey.map { $0 == .emulator ? $0 : .random(configuration.clock) } ?? .emulator
        processes = ProcessSupport(
            executables: ExecutableFolder(configuration.functionsFolder),
            environment: configuration.environment.merging(functionKey.variables) { own, _ in own },
            host: ProcessHost(),
            listening: GuardedListening(listening, by: BrowserGuard()))
    }

    /// The state, whose services do not run yet.
    func state() async throws -> EmulatorState {
        let store = try Store(
            directory: folder.path, schema: Services.schema, migrations: Services.migrations, reservesSpace: true)
        let verifier = configuration.requiredKey.map {
            SignatureVerifier(
                [$0, functionKey], region: configuration.account.region, clock: configuration.clock,
                sessions: SessionKeys(functionKey))
        }
        var context = ServiceContext(
            store: store, account: configuration.account, clock: configuration.clock, peers: Peers(),
            endpoint: endpoint, processes: processes)
        context.enforcesThroughputLimits = configuration.enforcesThroughputLimits
        context.deliveryIntervalLimit = configuration.deliveryIntervalLimit
        context.signatures = verifier
        context.sessions = SessionKeys(functionKey)
        context.executionSpeed = configuration.executionSpeed
        let keys = SessionKeys(functionKey)
        if configuration.enforcesPermissions {
            context.roleKeys = RoleKeys(keys, account: configuration.account, clock: configuration.clock)
        }
        let services = try Services(context)
        guard let cloudFormation = services.service(CloudFormation.self) else {
            preconditionFailure("CloudFormation is one of the services")
        }
        // An interrupted deployment is repeated at the next start.
        let report = try await store.unhurried {
            try await cloudFormation.deploy(
                templatesAt: configuration.templates, parameters: configuration.parameters)
        }
        var permissions: Permissions?
        if configuration.enforcesPermissions, let objects = services.byName["s3"] {
            permissions = Permissions(
                account: configuration.account, peers: context.peers, objects: { await objects.respond(to: $0) },
                sessions: keys, clock: configuration.clock)
        }
        if let permissions { context.peers.enforce(permissions) }
        return EmulatorState(
            store: store, services: services,
            router: Router(services: services.byName, signatures: verifier, permissions: permissions),
            report: report, peers: context.peers)
    }
}
