/// `SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW …`
extension QueryParser {
    mutating func selection() throws(SQLProblem) -> SQLFragment {
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
}
