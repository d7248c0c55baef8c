internal import Contracts
internal import Digest
internal import PublishedModels

/// A table that is made from others by one statement of SQL.
struct Model: Sendable {
    /// `dm_silver.review_flat`
    let name: TableName
    /// `gold/top_beers_by_rating.sql`, for messages.
    let path: String
    let sql: String
    let contract: Contract
    /// The tables that it reads, each once, in the order of their first mention.
    let inputs: [TableName]
    private let scan: SQLScan
    /// Where the statement's own `ORDER BY` ends, in bytes; nil if it has none that only orders.
    var ordering: Int? { scan.ordering }
    /// Changes with the text or the contract: then the table is built again.
    let hash: String
    /// Nil if it is not known for this text.
    let lineage: ModelLineage?

    init(_ name: TableName, _ texts: ModelTexts) throws(GoldError) {
        let contract: Contract
        do throws(ContractError) {
            contract = try Contract(parsing: texts.contract, file: name.contractPath)
        } catch { throw .model(place: name.contractPath, reason: "\(error)") }
        try self.init(
            name, path: name.modelPath, sql: texts.sql, contract: contract, contractText: Array(texts.contract.utf8),
            lineage: texts.lineage.flatMap { ModelLineage(Array($0.utf8), of: texts.sql) })
    }

    init(
        _ name: TableName, path: String, sql: String, contract: Contract, contractText: [UInt8],
        lineage: ModelLineage? = nil
    )
        throws(GoldError)
    {
        self.name = name
        self.path = path
        self.lineage = lineage
        self.contract = contract
        let scan = SQLScan(sql)
        if let problem = scan.problem { throw .model(place: "\(path):\(problem.line)", reason: problem.reason) }
        guard contract.table == name.table else {
            throw .model(place: path, reason: "its contract is that of table \(contract.table); name both alike")
        }
        self.sql = sql
        inputs = scan.tables
        self.scan = scan
        hash = Digest.sha256(Array(sql.utf8) + [0] + contractText).prefix(16).hexadecimal
    }

    /// False only if the statement cannot depend on the values of a column of a table.
    func reads(_ column: String, of table: TableName) -> Bool { scan.reads(column, of: table) }
}
