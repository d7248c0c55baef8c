/// A query in the engine's SQL.
struct ParsedQuery: Sendable {
    let fragment: SQLFragment
    let tables: [TableUse]
}

/// A statement of Athena's, as far as its text alone says what it is.
struct QueryStatement: Sendable {
    enum Kind: Sendable {
        case query(ParsedQuery)
        /// One that fails when it runs, as on Athena.
        case refused(SQLProblem)
    }

    let kind: Kind
    /// Athena's `DML`, `DDL` or `UTILITY`.
    let type: String
    /// Such as `SELECT`.
    let subtype: String

    /// - Throws: ``SQLProblem`` of syntax, which a request is refused for.
    init(
        _ text: String, database: String, parameters: [String], now: Int64
    ) throws(SQLProblem) {
        let tokens = try SQLScanner.tokens(of: text)
        do throws(SQLProblem) {
            let values = try Self.values(of: parameters, now: now)
            var parser = QueryParser(tokens, database: database, parameters: values, now: now)
            (kind, type, subtype) = try Self.parse(&parser)
        } catch  where error.kind != .syntax {
            (kind, type, subtype) = (.refused(error), "DML", "SELECT")
        }
    }

    private static func parse(_ parser: inout QueryParser) throws(SQLProblem) -> (Kind, String, String) {
        switch parser.token.keyword {
        case _ where parser.atSign("("), "SELECT", "WITH", "VALUES", "TABLE":
            let fragment = try parser.query()
            try parser.expectEnd()
            return (.query(ParsedQuery(fragment: fragment, tables: parser.tables)), "DML", "SELECT")
        case "ALTER", "ANALYZE", "CALL", "CREATE", "DEALLOCATE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXECUTE",
            "EXPLAIN",
            "INSERT", "MERGE", "MSCK", "OPTIMIZE", "PREPARE", "SHOW", "UNLOAD", "UPDATE", "USE", "VACUUM":
            throw .notEmulated("\(parser.token.keyword)", at: parser.token.offset)
        default:
            throw parser.mismatch(
                "'ALTER', 'CREATE', 'DELETE', 'DESCRIBE', 'DROP', 'INSERT', 'SELECT', 'SHOW', 'WITH', …")
        }
    }

    /// The values of `?`: literals, as the engine writes them.
    private static func values(of parameters: [String], now: Int64) throws(SQLProblem) -> [String] {
        var values: [String] = []
        for parameter in parameters {
            var parser = QueryParser(try SQLScanner.tokens(of: parameter), database: "", now: now)
            let value = try parser.expression()
            try parser.expectEnd()
            values.append("(\(value.text))")
        }
        return values
    }
}
