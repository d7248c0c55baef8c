internal import DuckDB

extension QueryParser {
    /// What FROM names: tables, queries, joins of them.
    mutating func relation() throws(SQLProblem) -> SQLFragment {
        try nested { (parser) throws(SQLProblem) in
            var result = try parser.sampledRelation()
            while let join = try parser.joinType() {
                let right =
                    join.isNatural || join.isCross ? try parser.sampledRelation() : try parser.relationBeforeCondition()
                result = result + join.fragment + right
                if !join.isNatural && !join.isCross { result += try parser.joinCondition() }
            }
            return result
        }
    }

    private mutating func relationBeforeCondition() throws(SQLProblem) -> SQLFragment { try sampledRelation() }

    private mutating func joinType() throws(SQLProblem) -> (fragment: SQLFragment, isNatural: Bool, isCross: Bool)? {
        let start = token
        func join(_ words: String, isNatural: Bool = false, isCross: Bool = false) -> (SQLFragment, Bool, Bool) {
            (SQLFragment(" \(words) JOIN ", from: start.offset), isNatural, isCross)
        }
        if take("CROSS") {
            try expect("JOIN")
            return join("CROSS", isCross: true)
        }
        let isNatural = take("NATURAL")
        let words: String
        switch token.keyword {
        case "JOIN": words = ""
        case "INNER":
            next()
            words = ""
        case "LEFT", "RIGHT", "FULL":
            words = next().keyword
            _ = take("OUTER")
        default:
            guard !isNatural else { throw mismatch("'FULL', 'INNER', 'JOIN', 'LEFT', 'RIGHT'") }
            return nil
        }
        try expect("JOIN")
        return join((isNatural ? "NATURAL " : "") + words, isNatural: isNatural)
    }

    private mutating func joinCondition() throws(SQLProblem) -> SQLFragment {
        let start = token
        if take("ON") { return SQLFragment(" ON ", from: start.offset) + (try expression()) }
        guard take("USING") else { throw mismatch("'ON', 'USING'") }
        return SQLFragment(" USING ", from: start.offset) + (try nameList())
    }

    private mutating func sampledRelation() throws(SQLProblem) -> SQLFragment {
        let result = try aliasedRelation()
        guard at("TABLESAMPLE") else {
            if at("MATCH_RECOGNIZE") { throw .notEmulated("MATCH_RECOGNIZE", at: token.offset) }
            return result
        }
        next()
        guard take("BERNOULLI") else { throw .notEmulated("TABLESAMPLE \(token.text)", at: token.offset) }
        try expectSign("(")
        guard [.integer, .decimal].contains(token.kind) else { throw mismatch("<integer>, <decimal>") }
        let percentage = next().text
        try expectSign(")")
        return result + " TABLESAMPLE BERNOULLI(\(percentage) PERCENT)"
    }

    private mutating func aliasedRelation() throws(SQLProblem) -> SQLFragment {
        let start = token
        var alias: String?
        var result: SQLFragment
        if at("UNNEST") {
            result = try unnest()
        } else if at("LATERAL") {
            next()
            try expectSign("(")
            result = SQLFragment("LATERAL (", from: start.offset) + (try valueQuery()) + ")"
            try expectSign(")")
        } else if atSign("(") {
            next()
            result = SQLFragment("(", from: start.offset) + (try startsQuery ? query() : relation()) + ")"
            try expectSign(")")
        } else {
            if peek().text == "(", token.kind == .word {
                throw .notEmulated("the table function \(token.text)", at: token.offset)
            }
            (result, alias) = try tableName()
        }
        if take("AS") || isName && !Self.endsARelation.contains(token.keyword) {
            result = result + " AS " + (try name().fragment)
            if atSign("(") { result += try nameList() }
        } else if let alias {
            result += " AS \(DuckDBText.name(alias))"
        }
        return result
    }

    private static let endsARelation: Set<String> = [
        "LIMIT", "OFFSET", "FETCH", "WINDOW", "TABLESAMPLE", "MATCH_RECOGNIZE", "SET",
    ]

    /// Whether a parenthesis holds a query, not a join: `((SELECT …) UNION …)` or `((a JOIN b …))`.
    var startsQuery: Bool {
        var distance = 0
        // What is nested deeper is an error.
        while distance < 200, peek(distance).text == "(", peek(distance).kind == .sign { distance += 1 }
        let token = peek(distance)
        return token.kind == .word && ["SELECT", "WITH", "VALUES", "TABLE"].contains(token.keyword)
    }

    /// `UNNEST(a, b) WITH ORDINALITY`
    private mutating func unnest() throws(SQLProblem) -> SQLFragment {
        let start = try expect("UNNEST")
        try expectSign("(")
        var lists: [SQLFragment] = []
        repeat { lists.append(try expression()) } while takeSign(",")
        try expectSign(")")
        let hasOrdinality = take("WITH", "ORDINALITY")
        if lists.count == 1, let list = lists.first {
            return SQLFragment("UNNEST(", from: start.offset) + list + (hasOrdinality ? ") WITH ORDINALITY" : ")")
        }
        guard !hasOrdinality else { throw .notEmulated("UNNEST of several arrays WITH ORDINALITY", at: start.offset) }
        // Side by side; a shorter one ends in nulls.
        let columns = lists.map { "unnest(" + $0 + ")" }
        return SQLFragment("LATERAL (SELECT ", from: start.offset)
            + (columns.joined(", ") ?? SQLFragment("", from: start.offset))
            + ")"
    }
}
