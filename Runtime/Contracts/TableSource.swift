/// What a table takes from the change stream of a database.
public struct TableSource: Sendable, Hashable {
    public let table: String
    /// The source's schemas; empty if the table takes changes from any.
    public let schemas: [String]

    public init(table: String, schemas: [String] = []) {
        self.table = table
        self.schemas = schemas
    }

    public init(_ contract: Contract) { self.init(table: contract.table, schemas: contract.sourceSchemas) }
}
