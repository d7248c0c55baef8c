package import EmulatorCore
package import JSON
internal import Time

/// The Data Catalog of AWS Glue: databases and tables, of Iceberg and of other formats.
///
/// One store has two faces: the JSON API, and the Iceberg REST endpoint, ``IcebergCatalog``.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/webapi/API_Operations.html>
package struct GlueService: Sendable {
    package static let signingNames = ["glue"]
    package static let schema = [
        StoredDatabase.schema, StoredTable.schema, StoredTableVersion.schema, StoredPartition.schema,
        StoredStatistics.schema, StoredTags.schema,
    ]

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
        do {
            if let catalog = input.present("CatalogId")?.string, catalog != account.id {
                throw AWSFault.notFound("Catalog \(catalog) not found.")
            }
            return try await answer(action, input)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    private func answer(_ action: String, _ input: JSON) async throws -> JSON {
        switch action {
        case "CreateDatabase": try await createDatabase(input)
        case "GetDatabase": try database(input)
        case "GetDatabases": try databases(input)
        case "UpdateDatabase": try await updateDatabase(input)
        case "DeleteDatabase": try await deleteDatabase(input)
        case "CreateTable": try await createTable(input)
        case "GetTable": try table(input)
        case "GetTables": try tables(input)
        case "UpdateTable": try await updateTable(input)
        case "DeleteTable": try await deleteTable(input)
        case "BatchDeleteTable": try await deleteTables(input)
        case "GetTableVersion": try tableVersion(input)
        case "GetTableVersions": try tableVersions(input)
        case "DeleteTableVersion": try await deleteTableVersion(input)
        case "BatchDeleteTableVersion": try await deleteTableVersions(input)
        case "CreatePartition": try await createPartition(input)
        case "BatchCreatePartition": try await createPartitions(input)
        case "GetPartition": try partition(input)
        case "BatchGetPartition": try somePartitions(input)
        case "GetPartitions": try partitions(input)
        case "UpdatePartition": try await updatePartition(input)
        case "BatchUpdatePartition": try await updatePartitions(input)
        case "DeletePartition": try await deletePartition(input)
        case "BatchDeletePartition": try await deletePartitions(input)
        case "UpdateColumnStatisticsForTable", "UpdateColumnStatisticsForPartition":
            try await updateStatistics(input)
        case "GetColumnStatisticsForTable", "GetColumnStatisticsForPartition": try statistics(input)
        case "DeleteColumnStatisticsForTable", "DeleteColumnStatisticsForPartition":
            try await deleteStatistics(input)
        case "TagResource": try await tag(input)
        case "UntagResource": try await untag(input)
        case "GetTags": try tags(input)
        default: throw AWSFault.notEmulated("Glue's \(action)")
        }
    }
}
