package import EmulatorCore
package import JSON
internal import Time

/// Amazon Athena: SQL over the tables of Glue's catalog, answered by DuckDB.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html>
package struct AthenaService: Sendable {
    package static let signingNames = ["athena"]
    package static let schema = [StoredExecution.schema, StoredWorkGroup.schema, StoredQueries.schema]

    let store: Store
    let account: Account
    let clock: ClockAndChance
    let peers: Peers
    let runner: QueryRunner

    package init(_ context: ServiceContext) {
        self.init(
            store: context.store, account: context.account, clock: context.clock, peers: context.peers,
            host: context.processes.host, program: context.processes.environment["DUCKDB"])
    }

    /// - Parameters:
    ///   - peers: Glue and S3.
    ///   - program: DuckDB's command line; nil if it is not installed.
    init(
        store: Store, account: Account, clock: ClockAndChance, peers: Peers, host: ProcessHost, program: String?
    ) {
        self.store = store
        self.account = account
        self.clock = clock
        self.peers = peers
        runner = QueryRunner(
            store: store, peers: peers, clock: clock,
            // An engine works in a folder of its own, from which a relative path leads nowhere.
            engines: EnginePool(program: program, folder: absolutePath(store.directory) + "/athena", host, clock))
    }
}

extension AthenaService: Service, JSONService {
    package var actionService: String { "athena" }
    package var targetPrefix: String { "AmazonAthena" }
    package var protocolVersion: String { "1.1" }

    package func start() async throws {
        runner.engines.clean()
        try await runner.failInterrupted()
    }

    package func stop() async { await runner.stop() }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            return try await answer(action, input)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    private func answer(_ action: String, _ input: JSON) async throws -> JSON {
        switch action {
        case "StartQueryExecution": try await startQueryExecution(input)
        case "GetQueryExecution": try queryExecution(input)
        case "BatchGetQueryExecution": try queryExecutions(input)
        case "ListQueryExecutions": try listQueryExecutions(input)
        case "StopQueryExecution": try await stopQueryExecution(input)
        case "GetQueryResults": try queryResults(input)
        case "GetQueryRuntimeStatistics": try queryRuntimeStatistics(input)
        case "CreateWorkGroup": try await createWorkGroup(input)
        case "GetWorkGroup": try workGroup(input)
        case "ListWorkGroups": try listWorkGroups(input)
        case "UpdateWorkGroup": try await updateWorkGroup(input)
        case "DeleteWorkGroup": try await deleteWorkGroup(input)
        case "CreateNamedQuery": try await createNamedQuery(input)
        case "GetNamedQuery": try namedQuery(input)
        case "BatchGetNamedQuery": try namedQueries(input)
        case "ListNamedQueries": try listNamedQueries(input)
        case "UpdateNamedQuery": try await updateNamedQuery(input)
        case "DeleteNamedQuery": try await deleteNamedQuery(input)
        case "CreatePreparedStatement": try await createPreparedStatement(input)
        case "UpdatePreparedStatement": try await updatePreparedStatement(input)
        case "GetPreparedStatement": try preparedStatement(input)
        case "BatchGetPreparedStatement": try preparedStatements(input)
        case "ListPreparedStatements": try listPreparedStatements(input)
        case "DeletePreparedStatement": try await deletePreparedStatement(input)
        case "ListDataCatalogs": listDataCatalogs(input)
        case "GetDataCatalog": try dataCatalog(input)
        case "GetDatabase": try await database(input)
        case "ListDatabases": try await listDatabases(input)
        case "GetTableMetadata": try await tableMetadata(input)
        case "ListTableMetadata": try await listTableMetadata(input)
        case "TagResource": try await tag(input)
        case "UntagResource": try await untag(input)
        case "ListTagsForResource": try listTags(input)
        case "ListEngineVersions":
            [
                "EngineVersions": [
                    ["SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"]
                ]
            ]
        default: throw AWSFault.notEmulated("Athena's \(action)")
        }
    }
}
