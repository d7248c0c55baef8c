internal import JSON
internal import Synchronization

/// The whole emulator: its services on one store, a stack played on them, and one listener for them all.
public final class Emulator: Sendable {
    public struct Configuration: Sendable {
        /// Where the state is; made if it is not there. What it holds from an earlier life goes on.
        public var dataFolder: String
        /// CloudFormation templates, each played as a stack.
        public var templates: [String]
        /// Values that replace defaults of the templates' parameters.
        public var parameters: [String: String] = [:]
        /// Where the executables of functions and tasks are.
        public var functionsFolder: String
        /// Environment variables that functions and tasks get where the template sets none.
        public var environment: [String: String] = [:]
        /// 0 takes a free port.
        public var port = 4566
        public var account = Account()
        public var ambient = Ambient.system

        public init(dataFolder: String, templates: [String], functionsFolder: String) {
            self.dataFolder = dataFolder
            self.templates = templates
            self.functionsFolder = functionsFolder
        }
    }

    /// Such as `http://127.0.0.1:4566`.
    public let endpoint: String
    public let port: Int
    public let report: StackReport
    private let folder: DataFolder
    private let store: Store
    private let services: Services
    private let listener: any Listener

    /// Starts everything; when this returns, requests are answered and work left by an earlier life goes on.
    public init(_ configuration: Configuration, listening: any Listening) async throws {
        folder = try DataFolder(configuration.dataFolder)
        store = try Store(directory: folder.path, schema: Services.schema)
        let address = EndpointAddress()
        services = try Services(store: store, listening: listening, address: address, configuration)
        let services = services
        // A deployment that was cut off is done again at the next start.
        report = try await store.unhurried { try await Self.deploy(configuration, to: services) }
        let router = Router(services: services.byName)
        listener = try await listening.listen(port: configuration.port) { await router.respond(to: $0) }
        port = listener.port
        endpoint = "http://127.0.0.1:\(listener.port)"
        address.set(endpoint)
        try await services.start()
    }

    private static func deploy(
        _ configuration: Configuration, to services: Services
    ) async throws -> StackReport {
        var report = StackReport()
        for (position, path) in configuration.templates.enumerated() {
            let text = String(decoding: try FileBytes.contents(of: path), as: UTF8.self)
            let template = try Template(parsing: text, file: path)
            let parameters = configuration.parameters.filter { template.hasParameter($0.key) }
                .sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
            report.append(
                try await services.cloudFormation.play(
                    text, file: path, name: position == 0 ? "cupel" : "cupel-\(position)",
                    parameters: JSONObject(parameters)))
        }
        return report
    }

    /// Stops accepting, lets requests under way end, stops the workers, and closes the store.
    public func stop() async {
        await listener.close()
        await services.stop()
        store.close()
    }
}
