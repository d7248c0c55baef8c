extension QueryParser {
    /// The call of a function, from its parenthesis on.
    mutating func call(_ name: String, _ start: SQLToken) throws(SQLProblem) -> SQLFragment {
        try expectSign("(")
        var isDistinct = false
        var arguments: [SQLFragment] = []
        var order: SQLFragment?
        if atSign("*") {
            next()
            guard name == "count" else { throw mismatch("<expression>") }
        } else if !atSign(")") {
            isDistinct = take("DISTINCT")
            if !isDistinct { _ = take("ALL") }
            if !at("ORDER") { repeat { arguments.append(try expression()) } while takeSign(",") }
            order = try orderBy()
        }
        try expectSign(")")
        guard let function = SQLFunction.named(name) else {
            if let why = SQLFunction.refused[name] { throw .notEmulated("\(name): \(why);", at: start.offset) }
            throw .semantic("FUNCTION_NOT_FOUND", "Function '\(name)' not registered", at: start.offset)
        }
        let suffix = try callSuffix(start)
        let isPlain = !isDistinct && order == nil && suffix == nil
        switch function {
        case .form(let form):
            guard isPlain else {
                throw .notEmulated("\(name) with DISTINCT, ORDER BY, FILTER or OVER", at: start.offset)
            }
            guard let result = form(arguments, start.offset) else {
                throw .semantic(
                    "FUNCTION_NOT_FOUND", "Unexpected parameters (\(arguments.count)) for function \(name)",
                    at: start.offset)
            }
            return result
        case .scalar(let engineName), .aggregate(let engineName):
            if case .scalar = function, !isPlain {
                throw .semantic("FUNCTION_NOT_AGGREGATE", "Function '\(name)' is not an aggregation", at: start.offset)
            }
            if isPlain, engineName.hasPrefix("trino_") {
                return SQLFragment.call(engineName, arguments, from: start.offset)
            }
            let list = arguments.joined(", ") ?? SQLFragment(name == "count" ? "*" : "", from: start.offset)
            var result = SQLFragment("\(engineName)(\(isDistinct ? "DISTINCT " : "")", from: start.offset) + list
            if let order { result += order }
            result += ")"
            if let suffix { result += suffix }
            if case .aggregate = function { result = result.with(.hasLateType) }
            return ["random", "uuid"].contains(engineName) ? result.with(.isVolatile) : result
        }
    }

    /// `FILTER (WHERE …)`, `IGNORE NULLS`, `OVER (…)`
    private mutating func callSuffix(_ start: SQLToken) throws(SQLProblem) -> SQLFragment? {
        var suffix: SQLFragment?
        func add(_ part: SQLFragment) { suffix = suffix.map { $0 + part } ?? part }
        if at("WITHIN"), peek().keyword == "GROUP" { throw .notEmulated("WITHIN GROUP", at: token.offset) }
        if at("FILTER"), peek().text == "(" {
            let clause = next()
            next()
            try expect("WHERE")
            add(SQLFragment(" FILTER (WHERE ", from: clause.offset) + (try expression()) + ")")
            try expectSign(")")
        }
        if at("IGNORE", "RESPECT"), peek().keyword == "NULLS" {
            throw .notEmulated("\(token.keyword) NULLS", at: token.offset)
        }
        if at("OVER") {
            let clause = next()
            let window = atSign("(") ? try windowSpecification() : try name().fragment
            add(SQLFragment(" OVER ", from: clause.offset) + window)
        }
        return suffix
    }

    /// `(PARTITION BY … ORDER BY … ROWS BETWEEN …)`
    mutating func windowSpecification() throws(SQLProblem) -> SQLFragment {
        let start = try expectSign("(")
        var result = SQLFragment("(", from: start.offset)
        if isName, !at("PARTITION", "ROWS", "RANGE", "GROUPS") { result += try name().fragment }
        if take("PARTITION", "BY") {
            var items: [SQLFragment] = []
            repeat { items.append(try expression()) } while takeSign(",")
            result = result + " PARTITION BY " + (items.joined(", ") ?? SQLFragment("", from: start.offset))
        }
        if let order = try orderBy() { result += order }
        if at("ROWS", "RANGE", "GROUPS") {
            let unit = next()
            result += " \(unit.keyword) "
            if take("BETWEEN") {
                result = result + "BETWEEN " + (try frameBound())
                try expect("AND")
                result = result + " AND " + (try frameBound())
            } else {
                result += try frameBound()
            }
        }
        try expectSign(")")
        return result + ")"
    }

    private mutating func frameBound() throws(SQLProblem) -> SQLFragment {
        let start = token
        if take("CURRENT", "ROW") { return SQLFragment("CURRENT ROW", from: start.offset) }
        let extent = take("UNBOUNDED") ? SQLFragment("UNBOUNDED", from: start.offset) : try expression()
        guard at("PRECEDING", "FOLLOWING") else { throw mismatch("'FOLLOWING', 'PRECEDING'") }
        return extent + " \(next().keyword)"
    }
}
