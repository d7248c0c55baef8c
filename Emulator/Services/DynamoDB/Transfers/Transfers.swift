internal import EmulatorCore
internal import JSON
internal import Time

/// Exports and imports of tables: what they share, and their descriptions.
///
/// A transfer is done when it is answered, but the answer says that it is in progress, as on AWS.
struct Transfers: Sendable {
    enum Kind: String, Sendable {
        case export
        case `import`
    }

    let store: Store
    let state: DynamoDBState
    let peers: Peers

    static let schema = """
        CREATE TABLE IF NOT EXISTS dynamodb_transfer (
            arn TEXT PRIMARY KEY, kind TEXT NOT NULL, table_arn TEXT NOT NULL, description BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    func objects(for operation: String) throws(DynamoDBFault) -> any ObjectStore {
        guard let objects = peers.objects else { throw .notEmulated("\(operation) without S3") }
        return objects
    }

    /// An ID that sorts by time, as the service makes them.
    func freshID() -> String {
        let random = String(state.clock.random() & 0xFFFF_FFFF, radix: 16)
        return "0\(state.clock.now().milliseconds)-\(String(repeating: "0", count: 8 - random.count))\(random)"
    }

    var now: JSON { Timestamp(milliseconds: state.clock.now().milliseconds).json }

    func save(_ description: JSONObject, _ kind: Kind, arn: String, table: String) async throws {
        try await store.write { transaction in
            try transaction.execute(
                "INSERT OR REPLACE INTO dynamodb_transfer VALUES (?, ?, ?, ?)", .text(arn), .text(kind.rawValue),
                .text(table), .blob(JSON.object(description).bytes))
        }
    }
}

extension Snapshot {
    func transfer(_ kind: Transfers.Kind, arn: String) throws -> JSON? {
        try first(
            "SELECT description FROM dynamodb_transfer WHERE kind = ? AND arn = ?", .text(kind.rawValue), .text(arn)
        ) { try JSON(parsing: $0.blob(0)) }
    }

    /// The transfers of a table, or of all tables, in the order of their ARNs.
    func transfers(_ kind: Transfers.Kind, ofTable arn: String?) throws -> [JSON] {
        try all(
            "SELECT description FROM dynamodb_transfer WHERE kind = ?1 AND (?2 = '' OR table_arn = ?2) ORDER BY arn",
            .text(kind.rawValue), .text(arn ?? "")
        ) { try JSON(parsing: $0.blob(0)) }
    }
}

/// A page of a list of transfers.
struct TransferList: Sendable {
    private let tableARN: String?
    private let limit: Int
    private let start: String?

    init(_ request: WireStructure, limit name: String) throws(DynamoDBFault) {
        var constraints = Constraints()
        tableARN = try request.string("TableArn")
        let limit = try request.integer(name)
        constraints.value((name.first?.lowercased() ?? "") + name.dropFirst(), limit, 1...25)
        start = try request.string("NextToken")
        try constraints.check()
        self.limit = limit ?? 25
    }

    /// - Parameter arn: the member of a description with the transfer's ARN.
    func page(
        _ kind: Transfers.Kind, named arn: String, in snapshot: borrowing Snapshot
    ) throws -> (transfers: [JSON], next: JSON?) {
        let all = try snapshot.transfers(kind, ofTable: tableARN)
        let rest = all.filter { transfer in start.map { (transfer[arn]?.string ?? "") > $0 } ?? true }
        return (Array(rest.prefix(limit)), rest.count > limit ? rest[limit - 1][arn] : nil)
    }
}
