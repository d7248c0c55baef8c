/// Queries: what WITH, set operations, ORDER BY and LIMIT make of selections.
extension QueryParser {
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
}
