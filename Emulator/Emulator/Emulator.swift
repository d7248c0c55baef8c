package import EmulatorCore
package import JSON
package import Time

/// The whole emulator: its services on one store, the deployed stacks, and one listener.
package final class Emulator: Sendable {
    package struct Configuration: Sendable {
        /// The folder of the state; created if it is missing. Work from an earlier run is resumed.
        package var dataFolder: String
        /// CloudFormation templates, each deployed as a stack.
        package var templates: [String]
        /// Values that replace defaults of the templates' parameters.
        package var parameters: [String: String] = [:]
        /// The folder of the executables of functions and tasks.
        package var functionsFolder: String
        /// Environment variables for functions and tasks; the template's own take precedence.
        package var environment: [String: String] = [:]
        /// 0 chooses a free port.
        package var port = 4566
        /// Origins whose web pages may send any request, such as `http://localhost:5173`.
        package var allowedOrigins: [String] = []
        /// Names of this machine under which clients reach the emulator, beside the loopback ones.
        package var allowedHosts: [String] = []
        /// The key by which clients must sign every request; nil to accept any signature and none. Functions sign with it
        /// if it is the one that README names, and otherwise with one that is made at each start.
        package var requiredKey: AccessKey?
        /// Whether the policies of roles and resources decide on what functions, tasks and services may do.
        package var enforcesPermissions = false
        /// Whether services enforce AWS's limits on requests and bytes per second.
        package var enforcesThroughputLimits = true
        /// The longest time that delivery streams buffer records, in milliseconds, whatever is configured; nil for no
        /// limit.
        package var deliveryIntervalLimit: Int64?
        /// How many times as fast as on the clock the waits, timeouts, heartbeats and retries of executions pass.
        package var executionSpeed = 1.0
        package var account = Account()
        package var clock = ClockAndChance.system

        package init(dataFolder: String, templates: [String], functionsFolder: String) {
            self.dataFolder = dataFolder
            self.templates = templates
            self.functionsFolder = functionsFolder
        }
    }

    /// Such as `http://127.0.0.1:4566`.
    package let endpoint: String
    package let port: Int
    private let folder: DataFolder
    private let phase: Phases
    private let beginning: Beginning
    private let listener: any Listener
    private let pages: OwnPages

    /// What was deployed at the start, or at the last reset.
    package var report: StackReport { phase.state.report }

    /// Starts everything. When this returns, requests are answered, and work from an earlier run has resumed.
    package init(_ configuration: Configuration, listening: any Listening) async throws {
        let folder = try DataFolder(configuration.dataFolder)
        self.folder = folder
        let endpoint = EndpointAddress()
        let beginning = Beginning(configuration, folder: folder, endpoint: endpoint, listening: listening)
        self.beginning = beginning
        let phase = Phases(try await beginning.state())
        self.phase = phase
        let browserGuard = BrowserGuard(
            origins: configuration.allowedOrigins, hosts: configuration.allowedHosts,
            grants: { phase.state.router.grant(to: $0, for: $1) })
        let guarded = GuardedListening(listening, by: browserGuard)
        let pages = OwnPages()
        self.pages = pages
        let requiresKey = configuration.requiredKey != nil
        listener = try await guarded.listen(port: configuration.port) { request in
            if let responder = pages.responder(for: request) { return await responder(request) }
            if request.path == Reset.path {
                return await Reset.respond(to: request, isAllowed: !requiresKey, phase, beginning)
            }
            return await Self.respond(to: request, phase)
        }
        port = listener.port
        self.endpoint = "http://127.0.0.1:\(listener.port)"
        endpoint.set(self.endpoint)
        try await phase.state.services.start()
    }

    private static func respond(to request: HTTPRequest, _ phase: Phases) async -> HTTPResponse {
        switch await phase.router {
        case .success(let router): await router.respond(to: request)
        case .failure(let failure): Reset.answer(to: failure)
        }
    }

    /// Answers requests of this process as the port does. Holding it does not hold the emulator.
    package var responder: Responder { { [phase] request in await Self.respond(to: request, phase) } }

    /// Serves pages beside the services, to the requests that `areAddressed` names.
    package func serve(_ areAddressed: @escaping @Sendable (HTTPRequest) -> Bool, by responder: @escaping Responder) {
        pages.set(areAddressed, responder)
    }

    /// Calls `prepare` after each reset, when requests are answered and before the client hears of it.
    package func afterReset(_ prepare: @escaping @Sendable () async throws -> JSON) { phase.afterReset(prepare) }

    /// Stops accepting, lets requests in progress end, stops the workers, and closes the store.
    package func stop() async {
        await listener.close()
        await phase.state.stop()
    }
}
