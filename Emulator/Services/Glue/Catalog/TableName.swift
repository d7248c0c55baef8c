/// The name of a table in the catalog. AWS Glue stores names in lower case, and finds them in any.
struct TableName: Sendable, Hashable, CustomStringConvertible {
    let database: String
    let table: String

    init(_ database: String, _ table: String) {
        self.database = database.lowercased()
        self.table = table.lowercased()
    }

    var description: String { "\(database).\(table)" }
}
