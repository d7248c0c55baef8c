/// A query in the engine's SQL.
struct ParsedQuery: Sendable {
    let fragment: SQLFragment
    let tables: [TableUse]
}

/// A statement of Athena's, as far as its text alone says what it is.
struct QueryStatement: Sendable {
    enum Kind: Sendable {
        case query(ParsedQuery)
        case write(WriteStatement, ParsedQuery)
        /// With the tables that its expressions read.
        case change(ChangeStatement, [TableUse])
        case catalog(CatalogStatement)
        case view(ViewStatement, ParsedQuery)
        case explain(ParsedQuery)
        /// One that fails when it runs, as on Athena.
        case refused(SQLProblem)
    }

    let kind: Kind
    /// As it was read: a prepared statement's own, not that of EXECUTE.
    let text: String
    /// Athena's `DML`, `DDL` or `UTILITY`.
    let type: String
    /// Such as `SELECT`.
    let subtype: String

    /// - Throws: ``SQLProblem`` of syntax, which a request is refused for.
    init(
        _ text: String, database: String, parameters: [String], now: Int64
    ) throws(SQLProblem) {
        self.text = text
        let tokens = try SQLScanner.tokens(of: text)
        do throws(SQLProblem) {
            let values = try Self.values(of: parameters, now: now)
            var parser = QueryParser(tokens, database: database, parameters: values, now: now)
            (kind, type, subtype) = try Self.parse(&parser)
        } catch  where error.kind != .syntax {
            (kind, type, subtype) = (.refused(error), "DML", "SELECT")
        }
    }

    /// Whether the same text gives the same rows as long as its tables are the same.
    var isRepeatable: Bool {
        guard case .query(let query) = kind else { return false }
        let text = query.fragment.text
        let isTimed = ["now()", "current_date", "@time-"].contains { text.contains($0) }
        return !isTimed && !query.fragment.traits.contains(.isVolatile)
    }

    /// What the name of a result's file ends with.
    var suffix: String {
        switch subtype {
        case "SELECT": ".csv"
        case "INSERT", "UNLOAD", "CREATE_TABLE_AS_SELECT", "DELETE", "UPDATE", "MERGE", "OPTIMIZE": ""
        default: ".txt"
        }
    }

    /// The name of `EXECUTE name USING 1, 'a'`, and its parameters; nil for another statement.
    static func prepared(_ text: String) throws(SQLProblem) -> (name: String?, parameters: [String])? {
        let tokens = try SQLScanner.tokens(of: text)
        var parser = QueryParser(tokens, database: "", now: 0)
        guard parser.take("EXECUTE") else { return nil }
        let name = try parser.name().text
        var parameters: [String] = []
        if parser.take("USING") {
            repeat {
                let start = parser.token.offset
                _ = try parser.expression()
                let end = tokens[parser.place - 1].end
                parameters.append(String(decoding: Array(text.utf8)[start..<end], as: UTF8.self))
            } while parser.takeSign(",")
        }
        try parser.expectEnd()
        return (name, parameters)
    }

    private static func parse(_ parser: inout QueryParser) throws(SQLProblem) -> (Kind, String, String) {
        let start = parser.token
        switch start.keyword {
        case _ where parser.atSign("("), "SELECT", "WITH", "VALUES", "TABLE":
            return (.query(try query(&parser)), "DML", "SELECT")
        case "CREATE":
            if let write = try parser.createTableAs() { return try createTableAs(write, &parser) }
            if let (view, query) = try parser.createView() { return (.view(view, query), "DDL", "CREATE_VIEW") }
            return try catalog(&parser)
        case "INSERT":
            let write = try parser.insert()
            return (.write(write, try query(&parser)), "DML", "INSERT")
        case "UNLOAD":
            parser.next()
            try parser.expectSign("(")
            let fragment = try parser.query()
            try parser.expectSign(")")
            try parser.expect("TO")
            let location = try parser.text()
            let options = try WriteOptions.parse(&parser)
            try parser.expectEnd()
            let query = ParsedQuery(fragment: fragment, tables: parser.tables)
            return (.write(.unload(location: location, options), query), "DML", "UNLOAD")
        case "EXPLAIN":
            parser.next()
            if parser.at("ANALYZE") { throw .notEmulated("EXPLAIN ANALYZE", at: parser.token.offset) }
            return (.explain(try query(&parser)), "UTILITY", "EXPLAIN")
        case "SHOW", "DESCRIBE", "DESC", "MSCK", "DROP", "ALTER": return try catalog(&parser)
        case "DELETE", "MERGE", "OPTIMIZE", "UPDATE", "VACUUM":
            let change = try parser.change()
            try parser.expectEnd()
            return (.change(change, parser.tables), start.keyword == "VACUUM" ? "UTILITY" : "DML", start.keyword)
        case "ANALYZE", "CALL", "USE":
            throw .notEmulated("\(start.keyword)", at: start.offset)
        default:
            throw parser.mismatch(
                "'ALTER', 'CREATE', 'DELETE', 'DESCRIBE', 'DROP', 'INSERT', 'SELECT', 'SHOW', 'WITH', …")
        }
    }

    private static func query(_ parser: inout QueryParser) throws(SQLProblem) -> ParsedQuery {
        let fragment = try parser.query()
        try parser.expectEnd()
        return ParsedQuery(fragment: fragment, tables: parser.tables)
    }

    private static func catalog(_ parser: inout QueryParser) throws(SQLProblem) -> (Kind, String, String) {
        let (statement, type, subtype) = try parser.catalogStatement()
        try parser.expectEnd()
        return (.catalog(statement), type, subtype)
    }

    private static func createTableAs(
        _ write: WriteStatement, _ parser: inout QueryParser
    ) throws(SQLProblem) -> (Kind, String, String) {
        let fragment = try parser.query()
        var write = write
        if parser.take("WITH", "NO", "DATA"), case .createTable(let name, let options, let ifNotExists, _) = write {
            write = .createTable(name, options, ifNotExists: ifNotExists, hasRows: false)
        } else {
            _ = parser.take("WITH", "DATA")
        }
        try parser.expectEnd()
        let query = ParsedQuery(fragment: fragment, tables: parser.tables)
        return (.write(write, query), "DDL", "CREATE_TABLE_AS_SELECT")
    }

    /// The values of `?`: literals, as the engine writes them.
    private static func values(of parameters: [String], now: Int64) throws(SQLProblem) -> [String] {
        var values: [String] = []
        for (place, parameter) in parameters.enumerated() {
            do throws(SQLProblem) {
                var parser = QueryParser(try SQLScanner.tokens(of: parameter), database: "", now: now)
                let value = try parser.expression()
                try parser.expectEnd()
                values.append("(\(value.text))")
            } catch {
                // Its place is one of the parameter's text, not of the statement's.
                throw SQLProblem(
                    kind: error.kind, offset: nil, reason: "parameter \(place + 1), '\(parameter)': \(error.reason)")
            }
        }
        return values
    }
}
