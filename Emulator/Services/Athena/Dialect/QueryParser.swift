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
    private var valueDepth = 0
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

    // MARK: Queries

    /// `WITH … SELECT … ORDER BY … LIMIT …`
    mutating func query() throws(SQLProblem) -> SQLFragment {
        try nested { (parser) throws(SQLProblem) in try parser.unlimitedDepthQuery() }
    }

    /// A query that is a value of an expression, or stands beside what it reads.
    mutating func valueQuery() throws(SQLProblem) -> SQLFragment {
        valueDepth += 1
        defer { valueDepth -= 1 }
        return try query()
    }

    /// Whether a column may be one of an outer query.
    var mayBeOuter: Bool { valueDepth > 0 }

    private mutating func unlimitedDepthQuery() throws(SQLProblem) -> SQLFragment {
        scopes.append([])
        defer { scopes.removeLast() }
        var result = SQLFragment("", from: token.offset)
        if at("WITH") { result += try withClause() }
        result += try queryTerms()
        if let order = try orderBy() { result += order }
        if at("OFFSET") {
            let start = next()
            let count = try rowCount()
            if !take("ROWS") { _ = take("ROW") }
            result += SQLFragment(" OFFSET ", from: start.offset) + count
        }
        if at("LIMIT") {
            let start = next()
            if !take("ALL") { result += SQLFragment(" LIMIT ", from: start.offset) + (try rowCount()) }
        } else if at("FETCH") {
            let start = next()
            guard take("FIRST") || take("NEXT") else { throw mismatch("'FIRST', 'NEXT'") }
            let count = at("ROW", "ROWS") ? SQLFragment("1", from: start.offset) : try rowCount()
            guard take("ROWS") || take("ROW") else { throw mismatch("'ROW', 'ROWS'") }
            if at("WITH") { throw .notEmulated("FETCH … WITH TIES", at: token.offset) }
            try expect("ONLY")
            result += SQLFragment(" LIMIT ", from: start.offset) + count
        }
        return result
    }

    private mutating func withClause() throws(SQLProblem) -> SQLFragment {
        let start = try expect("WITH")
        let isRecursive = take("RECURSIVE")
        var items: [SQLFragment] = []
        repeat {
            let (text, name) = try name()
            if isRecursive { scopes[scopes.count - 1].insert(text.lowercased()) }
            var item = name
            if atSign("(") { item += try nameList() }
            try expect("AS")
            try expectSign("(")
            item = item + " AS (" + (try query()) + ")"
            try expectSign(")")
            scopes[scopes.count - 1].insert(text.lowercased())
            items.append(item)
        } while takeSign(",")
        let list = items.joined(", ") ?? SQLFragment("", from: start.offset)
        return SQLFragment(isRecursive ? "WITH RECURSIVE " : "WITH ", from: start.offset) + list + " "
    }

    private mutating func rowCount() throws(SQLProblem) -> SQLFragment {
        if atSign("?") { return try parameter() }
        guard token.kind == .integer else { throw mismatch("'?', <integer>") }
        let token = next()
        return SQLFragment(token.text, from: token.offset)
    }

    mutating func orderBy() throws(SQLProblem) -> SQLFragment? {
        guard at("ORDER") else { return nil }
        let start = next()
        try expect("BY")
        var items: [SQLFragment] = []
        repeat {
            var item = try expression()
            if take("ASC") { item += " ASC" } else if take("DESC") { item += " DESC" }
            if take("NULLS") {
                guard take("FIRST") else {
                    try expect("LAST")
                    items.append(item + " NULLS LAST")
                    continue
                }
                item += " NULLS FIRST"
            } else {
                item += " NULLS LAST"
            }
            items.append(item)
        } while takeSign(",")
        return SQLFragment(" ORDER BY ", from: start.offset)
            + (items.joined(", ") ?? SQLFragment("", from: start.offset))
    }

    private mutating func queryTerms() throws(SQLProblem) -> SQLFragment {
        var result = try intersections()
        while at("UNION", "EXCEPT") {
            let start = next()
            let quantifier = take("ALL") ? " ALL" : ""
            if quantifier.isEmpty { _ = take("DISTINCT") }
            result += SQLFragment(" \(start.keyword)\(quantifier) ", from: start.offset) + (try intersections())
        }
        return result
    }

    private mutating func intersections() throws(SQLProblem) -> SQLFragment {
        var result = try queryPrimary()
        while at("INTERSECT") {
            let start = next()
            let quantifier = take("ALL") ? " ALL" : ""
            if quantifier.isEmpty { _ = take("DISTINCT") }
            result += SQLFragment(" INTERSECT\(quantifier) ", from: start.offset) + (try queryPrimary())
        }
        return result
    }

    private mutating func queryPrimary() throws(SQLProblem) -> SQLFragment {
        if at("SELECT") { return try selection() }
        if at("VALUES") { return try values() }
        if at("TABLE") {
            let start = next()
            return SQLFragment("SELECT * FROM ", from: start.offset) + (try tableName().fragment)
        }
        guard atSign("(") else { throw mismatch("'(', 'SELECT', 'TABLE', 'VALUES', 'WITH'") }
        let start = next()
        let inner = try query()
        try expectSign(")")
        return SQLFragment("(", from: start.offset) + inner + ")"
    }

    private mutating func values() throws(SQLProblem) -> SQLFragment {
        let start = try expect("VALUES")
        var rows: [SQLFragment] = []
        var width = 1
        repeat {
            let offset = token.offset
            if atSign("(") || at("ROW") && peek().text == "(" {
                if at("ROW") { next() }
                next()
                var cells: [SQLFragment] = []
                repeat { cells.append(try expression()) } while takeSign(",")
                try expectSign(")")
                width = cells.count
                rows.append("(" + (cells.joined(", ") ?? SQLFragment("", from: offset)) + ")")
            } else {
                rows.append("(" + (try expression()) + ")")
            }
        } while takeSign(",")
        let names = (0..<width).map { "\"_col\($0)\"" }.joined(separator: ", ")
        return SQLFragment("SELECT * FROM (VALUES ", from: start.offset)
            + (rows.joined(", ") ?? SQLFragment("", from: start.offset)) + ") AS \"values\"(\(names))"
    }

    // MARK: SELECT

    private mutating func selection() throws(SQLProblem) -> SQLFragment {
        let start = try expect("SELECT")
        var result = SQLFragment("SELECT ", from: start.offset)
        if take("DISTINCT") { result += "DISTINCT " } else { _ = take("ALL") }
        var items: [SQLFragment] = []
        repeat { items.append(try selectItem(items.count)) } while takeSign(",")
        result += items.joined(", ") ?? SQLFragment("", from: start.offset)
        if at("FROM") {
            let from = next()
            var relations: [SQLFragment] = []
            repeat { relations.append(try relation()) } while takeSign(",")
            result +=
                SQLFragment(" FROM ", from: from.offset)
                + (relations.joined(", ") ?? SQLFragment("", from: from.offset))
        }
        if at("WHERE") {
            let clause = next()
            result += SQLFragment(" WHERE ", from: clause.offset) + (try expression())
        }
        if at("GROUP") { result += try groupBy() }
        if at("HAVING") {
            let clause = next()
            result += SQLFragment(" HAVING ", from: clause.offset) + (try expression())
        }
        if at("WINDOW") { result += try windows() }
        return result
    }

    private mutating func selectItem(_ number: Int) throws(SQLProblem) -> SQLFragment {
        let start = token
        if takeSign("*") { return SQLFragment("*", from: start.offset) }
        // `t.*` or `s.t.*`
        var distance = 0
        while [.word, .quotedName].contains(peek(distance).kind), peek(distance + 1).text == "." {
            distance += 2
            guard peek(distance).kind == .sign, peek(distance).text == "*" else { continue }
            var names: [SQLFragment] = []
            while !atSign("*") {
                names.append(try name().fragment)
                next()
            }
            next()
            return (names.joined(".") ?? SQLFragment("", from: start.offset)) + ".*"
        }
        let first = place
        let value = try expression()
        let isColumn = tokens[first..<place].allSatisfy {
            $0.kind == .quotedName || $0.kind == .word && !Self.reserved.contains($0.keyword) || $0.text == "."
        }
        if take("AS") || isName && !Self.endsAnItem.contains(token.keyword) {
            return value + " AS " + (try name().fragment)
        }
        // Trino's name for a column without one. The outermost are numbered once all columns are known.
        return isColumn ? value : value + " AS \"_col\(number)\""
    }

    /// Words that are no reserved ones, but do not begin an alias.
    private static let endsAnItem: Set<String> = [
        "LIMIT", "OFFSET", "FETCH", "WINDOW", "TABLESAMPLE", "MATCH_RECOGNIZE",
    ]

    private mutating func groupBy() throws(SQLProblem) -> SQLFragment {
        let start = try expect("GROUP")
        try expect("BY")
        if at("ALL", "DISTINCT") { throw .notEmulated("GROUP BY \(token.keyword)", at: token.offset) }
        var items: [SQLFragment] = []
        repeat { items.append(try groupingElement()) } while takeSign(",")
        return SQLFragment(" GROUP BY ", from: start.offset)
            + (items.joined(", ") ?? SQLFragment("", from: start.offset))
    }

    private mutating func groupingElement() throws(SQLProblem) -> SQLFragment {
        let start = token
        if at("ROLLUP", "CUBE") {
            next()
            return SQLFragment(start.keyword, from: start.offset) + (try groupingSet())
        }
        if at("GROUPING"), peek().keyword == "SETS" {
            place += 2
            try expectSign("(")
            var sets: [SQLFragment] = []
            repeat { sets.append(atSign("(") ? try groupingSet() : try expression()) } while takeSign(",")
            try expectSign(")")
            return SQLFragment("GROUPING SETS (", from: start.offset)
                + (sets.joined(", ") ?? SQLFragment("", from: start.offset))
                + ")"
        }
        return try expression()
    }

    private mutating func groupingSet() throws(SQLProblem) -> SQLFragment {
        let start = try expectSign("(")
        var items: [SQLFragment] = []
        if !atSign(")") { repeat { items.append(try expression()) } while takeSign(",") }
        try expectSign(")")
        return SQLFragment("(", from: start.offset) + (items.joined(", ") ?? SQLFragment("", from: start.offset)) + ")"
    }

    private mutating func windows() throws(SQLProblem) -> SQLFragment {
        let start = try expect("WINDOW")
        var items: [SQLFragment] = []
        repeat {
            let name = try name().fragment
            try expect("AS")
            items.append(name + " AS " + (try windowSpecification()))
        } while takeSign(",")
        return SQLFragment(" WINDOW ", from: start.offset) + (items.joined(", ") ?? SQLFragment("", from: start.offset))
    }

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
