package import EmulatorCore
package import JSON
internal import Synchronization
internal import Time

/// DynamoDB: tables, items, indexes, transactions, and streams of changes.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html>
package final class DynamoDB: Service, JSONService {
    package static let signingNames = ["dynamodb"]

    let store: Store
    let state: DynamoDBState
    private let peers: Peers
    private let sweep = Mutex<Task<Void, Never>?>(nil)

    /// The tables that a ``Store`` must have for this service.
    package static let schema = [
        TableCatalog.schema, ItemStorage.schema, ChangeLog.schema, TransactionTokens.schema,
        Transfers.schema,
    ]

    /// - Parameters:
    ///   - store: opened with ``schema``.
    ///   - peers: where the object store of exports and imports is found.
    init(
        store: Store, account: Account, clock: ClockAndChance = .system, endpoint: EndpointAddress = EndpointAddress(),
        peers: Peers = Peers()
    ) {
        self.store = store
        self.peers = peers
        state = DynamoDBState(account: account, clock: clock, endpoint: endpoint)
    }

    package convenience init(_ context: ServiceContext) {
        self.init(
            store: context.store, account: context.account, clock: context.clock, endpoint: context.endpoint,
            peers: context.peers)
    }

    /// Starts to delete expired items.
    package func start() async throws {
        sweep.withLock { sweep in
            sweep?.cancel()
            sweep = Task { await self.deleteExpiredItemsRegularly() }
        }
    }

    package func stop() async { sweep.withLock { $0?.cancel() } }

    package var companions: [String: any EmulatedService] { ["streams.dynamodb": DynamoDBStreams(self)] }

    package var actionService: String { "dynamodb" }
    package var targetPrefix: String { "DynamoDB_20120810" }
    package var protocolVersion: String { "1.0" }
    package func faultType(_ code: String) -> String { DynamoDBFault.type(ofCode: code) }

    private static let operations: [String: any DynamoDBOperation.Type] = [
        "CreateTable": CreateTable.self, "DescribeTable": DescribeTable.self, "DeleteTable": DeleteTable.self,
        "ListTables": ListTables.self, "PutItem": PutItem.self, "GetItem": GetItem.self, "UpdateItem": UpdateItem.self,
        "DeleteItem": DeleteItem.self, "Query": Query.self, "Scan": Scan.self,
        "BatchGetItem": BatchGetItem.self, "BatchWriteItem": BatchWriteItem.self,
        "TransactWriteItems": TransactWriteItems.self, "TransactGetItems": TransactGetItems.self,
        "UpdateTable": UpdateTable.self,
        "UpdateTimeToLive": UpdateTimeToLive.self, "DescribeTimeToLive": DescribeTimeToLive.self,
        "UpdateContinuousBackups": UpdateContinuousBackups.self,
        "DescribeContinuousBackups": DescribeContinuousBackups.self,
        "TagResource": TagResource.self, "UntagResource": UntagResource.self,
        "ListTagsOfResource": ListTagsOfResource.self, "DescribeLimits": DescribeLimits.self,
        "DescribeEndpoints": DescribeEndpoints.self, "ExecuteStatement": ExecuteStatement.self,
        "BatchExecuteStatement": BatchExecuteStatement.self, "ExecuteTransaction": ExecuteTransaction.self,
        "PutResourcePolicy": PutResourcePolicy.self, "GetResourcePolicy": GetResourcePolicy.self,
        "DeleteResourcePolicy": DeleteResourcePolicy.self,
        "ExportTableToPointInTime": ExportTableToPointInTime.self, "DescribeExport": DescribeExport.self,
        "ListExports": ListExports.self, "ImportTable": ImportTable.self, "DescribeImport": DescribeImport.self,
        "ListImports": ListImports.self,
    ]

    /// Operations of DynamoDB that are not emulated.
    private static let notEmulated: Set<String> = [
        "CreateBackup", "CreateGlobalTable", "DeleteBackup", "DescribeBackup", "DescribeContributorInsights",
        "DescribeGlobalTable", "DescribeGlobalTableSettings", "DescribeKinesisStreamingDestination",
        "DescribeTableReplicaAutoScaling", "DisableKinesisStreamingDestination", "EnableKinesisStreamingDestination",
        "ListBackups", "ListContributorInsights", "ListGlobalTables", "RestoreTableFromBackup",
        "RestoreTableToPointInTime", "UpdateContributorInsights",
        "UpdateGlobalTable", "UpdateGlobalTableSettings", "UpdateKinesisStreamingDestination",
        "UpdateTableReplicaAutoScaling",
    ]

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        guard let operation = Self.operations[action] else {
            let fault: DynamoDBFault =
                Self.notEmulated.contains(action) ? .notEmulated(action) : .unknownOperation(action)
            throw fault.answer
        }
        do {
            return try await perform(operation.init(WireStructure(request: input)))
        } catch let fault as DynamoDBFault {
            throw fault.answer
        } catch {
            throw .internalFailure(error)
        }
    }

    private func perform(_ operation: any DynamoDBOperation) async throws -> JSON {
        let state = state
        switch operation {
        case let reading as any ReadingOperation:
            return try store.read { snapshot in try reading.perform(on: state, in: snapshot) }
        case let transfer as any TransferOperation:
            return try await transfer.perform(with: Transfers(store: store, state: state, peers: peers))
        case let writing as any WritingOperation:
            return try await store.write { transaction in try writing.perform(on: state, in: transaction) }
        default:
            throw DynamoDBFault.notEmulated("\(type(of: operation))")
        }
    }
}
