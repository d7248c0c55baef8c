/// `CREATE VIEW … AS`, of which the query is kept as it is written.
struct ViewStatement: Sendable {
    let name: CatalogStatement.Name
    let replaces: Bool
    let comment: String?
    /// The bytes of the statement where the query is.
    let query: Range<Int>
    /// The database of tables that the query names without one.
    let database: String
}

extension QueryParser {
    /// CREATE VIEW, with its query; nil, with nothing taken, if it is another CREATE.
    mutating func createView() throws(SQLProblem) -> (ViewStatement, ParsedQuery)? {
        let replaces = take("CREATE", "OR", "REPLACE", "VIEW")
        guard replaces || take("CREATE", "VIEW") else { return nil }
        let name = try catalogName()
        let comment = take("COMMENT") ? try text() : nil
        if at("SECURITY") || atSign("(") { throw .notEmulated("CREATE VIEW … \(token.text)", at: token.offset) }
        try expect("AS")
        let start = token.offset
        guard parameters.isEmpty else {
            throw .semantic("NOT_SUPPORTED", "A view has no parameters", at: start)
        }
        let fragment = try query()
        let end = tokens[max(0, place - 1)].end
        try expectEnd()
        return (
            ViewStatement(name: name, replaces: replaces, comment: comment, query: start..<end, database: database),
            ParsedQuery(fragment: fragment, tables: tables)
        )
    }
}
