package import Time

/// One AWS service of the emulator.
///
/// The emulator makes every service of its list from the same context, connects them through ``Peers``, then starts them
/// in the order of the list and stops them in the reverse order. What a service does for others it offers by conforming
/// to their protocols: ``EventTarget``, ``StreamSource``, ``ResourceProviding``, …
package protocol Service: EmulatedService {
    /// The names under which clients sign requests for it, such as `s3`.
    static var signingNames: [String] { get }
    /// `CREATE … IF NOT EXISTS` statements for its tables.
    static var schema: [String] { get }

    init(_ context: ServiceContext) throws

    /// Further services that share its state, by their names, such as `streams.dynamodb`.
    var companions: [String: any EmulatedService] { get }

    /// Resumes the work that an earlier run of the emulator left.
    func start() async throws
    /// Takes no more work, and returns when what it must not leave half-done is done.
    func stop() async
}

extension Service {
    package var companions: [String: any EmulatedService] { [:] }
    package func start() async throws {}
    package func stop() async {}
}

/// What every service is made from.
package struct ServiceContext: Sendable {
    package var store: Store
    package var account: Account
    package var clock: ClockAndChance
    package var peers: Peers
    /// Where the emulator answers; its URL is known once the listener is open, before any service starts.
    package var endpoint: EndpointAddress
    package var processes: ProcessSupport

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

/// What services need that run functions and containers as processes.
package struct ProcessSupport: Sendable {
    /// Where the executables of functions and tasks are.
    package var executables: ExecutableFolder
    /// Environment variables that functions and tasks get where the template sets none.
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
