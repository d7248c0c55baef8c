package import EmulatorCore
package import JSON
internal import Time

/// The Data Catalog of AWS Glue: databases and tables, of Iceberg and of other formats.
///
/// One store has two faces: the JSON API, and the Iceberg REST endpoint, ``IcebergCatalog``.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/webapi/API_Operations.html>
package struct GlueService: Sendable {
    package static let signingNames = ["glue"]
    package static let schema = [StoredDatabase.schema, StoredTable.schema]

    let store: Store
    let account: Account
    let clock: ClockAndChance
    let iceberg: IcebergCatalog

    package init(_ context: ServiceContext) {
        self.init(
            store: context.store, peers: context.peers, endpoint: context.endpoint, account: context.account,
            clock: context.clock, environment: context.processes.environment)
    }

    /// - Parameters:
    ///   - peers: S3, where the metadata of Iceberg tables is.
    ///   - environment: of functions, with an access key that clients may be given.
    init(
        store: Store, peers: Peers, endpoint: EndpointAddress = EndpointAddress(), account: Account = Account(),
        clock: ClockAndChance = .system, environment: [String: String] = [:]
    ) {
        self.store = store
        self.account = account
        self.clock = clock
        iceberg = IcebergCatalog(
            store: store, account: account, clock: clock, files: MetadataFiles(peers: peers),
            access: TableAccess(endpoint: endpoint, region: account.region, environment: environment))
    }
}

extension GlueService: Service, JSONService {
    package var actionService: String { "glue" }
    package var targetPrefix: String { "AWSGlue" }
    package var protocolVersion: String { "1.1" }

    /// Requests to `/iceberg/v1/…` are for it.
    package var companions: [String: any EmulatedService] { ["iceberg.glue": iceberg] }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        throw .notEmulated("Glue's \(action)")
    }
}
