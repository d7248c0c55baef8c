internal import DuckDB

/// Reads a query in Athena's dialect, which is Trino's, and writes it in the engine's, which is DuckDB's.
///
/// It knows the grammar, so what it does not know is refused with its place, never passed on. The engine finds names and types.
/// - SeeAlso: <https://trino.io/docs/current/sql/select.html>
struct QueryParser {
    let tokens: [SQLToken]
    var place = 0
    /// The database of tables that are named without one.
    let database: String
    /// The values of `?`, as expressions of the engine.
    let parameters: [String]
    var usedParameters = 0
    /// The time of `now()` in time travel, in milliseconds since 1970.
    let now: Int64
    /// What the query reads, in the order of its text.
    private(set) var tables: [TableUse] = []
    /// The names that WITH gives, from the outermost query inwards.
    var scopes: [Set<String>] = []
    /// How many queries are being read that are values of expressions, and so may have columns of an outer query.
    var valueDepth = 0
    /// Nested parentheses: too many are an error, not a crash.
    private var depth = 0

    init(_ tokens: [SQLToken], database: String, parameters: [String] = [], now: Int64) {
        self.tokens = tokens
        self.database = database
        self.parameters = parameters
        self.now = now
    }

    // MARK: Tokens

    var token: SQLToken { tokens[place] }

    func peek(_ distance: Int = 1) -> SQLToken { tokens[min(place + distance, tokens.count - 1)] }

    func at(_ keywords: String...) -> Bool { token.kind == .word && keywords.contains(token.keyword) }

    func atSign(_ signs: String...) -> Bool { token.kind == .sign && signs.contains(token.text) }

    @discardableResult
    mutating func next() -> SQLToken {
        defer { if place < tokens.count - 1 { place += 1 } }
        return token
    }

    /// Takes the keywords if they come next.
    mutating func take(_ keywords: String...) -> Bool {
        for (distance, keyword) in keywords.enumerated() {
            guard peek(distance).kind == .word, peek(distance).keyword == keyword else { return false }
        }
        place += keywords.count
        return true
    }

    mutating func takeSign(_ sign: String) -> Bool {
        guard atSign(sign) else { return false }
        next()
        return true
    }

    @discardableResult
    mutating func expect(_ keyword: String) throws(SQLProblem) -> SQLToken {
        guard at(keyword) else { throw mismatch("'\(keyword)'") }
        return next()
    }

    @discardableResult
    mutating func expectSign(_ sign: String) throws(SQLProblem) -> SQLToken {
        guard atSign(sign) else { throw mismatch("'\(sign)'") }
        return next()
    }

    func mismatch(_ expected: String) -> SQLProblem {
        SQLProblem(
            kind: .syntax, offset: token.offset, reason: "mismatched input '\(token.cited)'. Expecting: \(expected)")
    }

    mutating func expectEnd() throws(SQLProblem) {
        _ = takeSign(";")
        guard token.kind == .end else { throw mismatch("<EOF>") }
        guard usedParameters == parameters.count else {
            throw .semantic(
                "INVALID_PARAMETER_USAGE",
                "Incorrect number of parameters: expected \(usedParameters) but found \(parameters.count)", at: nil)
        }
    }

    mutating func nested<Value>(
        _ body: (inout QueryParser) throws(SQLProblem) -> Value
    ) throws(SQLProblem) -> Value {
        depth += 1
        defer { depth -= 1 }
        guard depth < 200 else {
            throw SQLProblem(
                kind: .syntax, offset: token.offset, reason: "statement is too large (stack overflow during parsing)")
        }
        return try body(&self)
    }

    // MARK: Names

    var isName: Bool { token.kind == .quotedName || token.kind == .word && !Self.reserved.contains(token.keyword) }

    /// A name as the engine writes it.
    mutating func name() throws(SQLProblem) -> (text: String, fragment: SQLFragment) {
        guard isName else { throw mismatch("<identifier>") }
        let token = next()
        return (token.text, SQLFragment(DuckDBText.name(token.text), from: token.offset))
    }

    /// Names between parentheses.
    mutating func nameList() throws(SQLProblem) -> SQLFragment {
        let open = try expectSign("(")
        var names: [SQLFragment] = []
        repeat { names.append(try name().fragment) } while takeSign(",")
        try expectSign(")")
        return SQLFragment("(", from: open.offset) + (names.joined(", ") ?? SQLFragment("", from: open.offset)) + ")"
    }

    static let reserved: Set<String> = [
        "ALTER", "AND", "AS", "BETWEEN", "BY", "CASE", "CAST", "CONSTRAINT", "CREATE", "CROSS", "CUBE",
        "CURRENT_CATALOG",
        "CURRENT_DATE", "CURRENT_PATH", "CURRENT_ROLE", "CURRENT_SCHEMA", "CURRENT_TIME", "CURRENT_TIMESTAMP",
        "CURRENT_USER", "DEALLOCATE", "DELETE", "DESCRIBE", "DISTINCT", "DROP", "ELSE", "END", "ESCAPE", "EXCEPT",
        "EXECUTE", "EXISTS", "EXTRACT", "FALSE", "FOR", "FROM", "FULL", "GROUP", "GROUPING", "HAVING", "IN", "INNER",
        "INSERT", "INTERSECT", "INTO", "IS", "JOIN", "LEFT", "LIKE", "LISTAGG", "LOCALTIME", "LOCALTIMESTAMP",
        "NATURAL",
        "NORMALIZE", "NOT", "NULL", "ON", "OR", "ORDER", "OUTER", "PREPARE", "RECURSIVE", "RIGHT", "ROLLUP", "SELECT",
        "SKIP", "TABLE", "THEN", "TRIM", "TRUE", "UNION", "UNNEST", "USING", "VALUES", "WHEN", "WHERE", "WITH",
    ]

    // MARK: Tables

    /// Records that the query reads a table.
    mutating func use(_ table: TableUse) { tables.append(table) }

    /// The name of a table: the engine's view of it, or what WITH defines.
    mutating func tableName() throws(SQLProblem) -> (fragment: SQLFragment, alias: String?) {
        let start = token
        var parts = [try name().text]
        while takeSign(".") { parts.append(try name().text) }
        if parts.count == 1, scopes.contains(where: { $0.contains(parts[0].lowercased()) }) {
            return (SQLFragment(DuckDBText.name(parts[0]), from: start.offset), nil)
        }
        if parts.count == 3 {
            guard parts[0].lowercased() == "awsdatacatalog" else {
                throw .semantic("CATALOG_NOT_FOUND", "Catalog '\(parts[0])' does not exist", at: start.offset)
            }
            parts.removeFirst()
        }
        guard parts.count <= 2 else {
            throw SQLProblem(
                kind: .syntax, offset: start.offset,
                reason: "Too many dots in table name: \(parts.joined(separator: "."))")
        }
        let database = (parts.count == 2 ? parts[0] : self.database).lowercased()
        var table = (parts.last ?? "").lowercased()
        var state = TableUse.State.current
        if let mark = table.lastIndex(of: "$"), mark > table.startIndex {
            state = .facts(String(table[table.index(after: mark)...]))
            table = String(table[..<mark])
        }
        if take("FOR") { state = try timeTravel() }
        let use = TableUse(database: database, table: table, state: state, offset: start.offset)
        self.use(use)
        let view = "memory.\(DuckDBText.name(database)).\(DuckDBText.name(use.view))"
        return (SQLFragment(view, from: start.offset), use.view == table ? nil : parts.last?.lowercased())
    }

    /// `FOR VERSION AS OF 123`, `FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00 UTC'`
    private mutating func timeTravel() throws(SQLProblem) -> TableUse.State {
        let isVersion = at("VERSION", "SYSTEM_VERSION")
        guard isVersion || at("TIMESTAMP", "SYSTEM_TIME") else { throw mismatch("'TIMESTAMP', 'VERSION'") }
        next()
        try expect("AS")
        try expect("OF")
        guard isVersion else { return .time(try TravelTime.parse(&self)) }
        guard token.kind == .integer, let id = Int64(token.text) else {
            if token.kind == .string { throw .notEmulated("FOR VERSION AS OF a branch or tag", at: token.offset) }
            throw mismatch("<integer>")
        }
        next()
        return .version(id)
    }
}
