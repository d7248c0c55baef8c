package import Time

/// One AWS service of the emulator.
///
/// The emulator creates all services of its list from the same context, connects them through ``Peers``, starts them in
/// the order of the list, and stops them in reverse order. A service offers functions to the others by conforming to
/// protocols: ``EventTarget``, ``StreamSource``, ``ResourceProviding``, …
package protocol Service: EmulatedService, Peer {
    /// The signing names that clients use for it, such as `s3`.
    static var signingNames: [String] { get }
    /// `CREATE … IF NOT EXISTS` statements for its tables.
    static var schema: [String] { get }

    init(_ context: ServiceContext) throws

    /// Other services that share its state, by name, such as `streams.dynamodb`.
    var companions: [String: any EmulatedService] { get }

    /// Resumes the work that an earlier run of the emulator left.
    func start() async throws
    /// Accepts no more work, and returns once the work that must not be interrupted is done.
    func stop() async
}

extension Service {
    package var companions: [String: any EmulatedService] { [:] }
    package func start() async throws {}
    package func stop() async {}
}

/// The parts that every service is created from.
package struct ServiceContext: Sendable {
    package var store: Store
    package var account: Account
    package var clock: ClockAndChance
    package var peers: Peers
    /// The emulator's address. Its URL is known once the listener is open, before any service starts.
    package var endpoint: EndpointAddress
    package var processes: ProcessSupport
    /// Whether services enforce AWS's limits on requests and bytes per second.
    package var enforcesThroughputLimits = true
    /// The longest time that delivery streams buffer records, in milliseconds, whatever is configured; nil for no limit.
    package var deliveryIntervalLimit: Int64?
    /// How many times as fast as on the clock the timers of state machines' executions pass.
    package var executionSpeed = 1.0

    /// Makes the keys of assumed roles.
    package var sessions = SessionKeys(.emulator)
    /// Makes the keys of functions and tasks; nil where permissions are not enforced, and all have the emulator's own.
    package var roleKeys: RoleKeys?
    /// Verifies the signatures of requests that a service takes on a listener of its own; nil to accept any signature.
    package var signatures: SignatureVerifier?

    package init(
        store: Store, account: Account, clock: ClockAndChance, peers: Peers, endpoint: EndpointAddress,
        processes: ProcessSupport
    ) {
        self.store = store
        self.account = account
        self.clock = clock
        self.peers = peers
        self.endpoint = endpoint
        self.processes = processes
    }
}

/// The parts for services that run functions and containers as processes.
package struct ProcessSupport: Sendable {
    /// The folder with the executables of functions and tasks.
    package var executables: ExecutableFolder
    /// Environment variables for functions and tasks; the template's own take precedence.
    package var environment: [String: String]
    package var host: ProcessHost
    /// Opens the listeners that function workers talk to.
    package var listening: any Listening

    package init(
        executables: ExecutableFolder, environment: [String: String], host: ProcessHost, listening: any Listening
    ) {
        self.executables = executables
        self.environment = environment
        self.host = host
        self.listening = listening
    }
}
