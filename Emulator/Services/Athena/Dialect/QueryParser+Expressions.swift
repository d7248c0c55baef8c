internal import DuckDB

extension QueryParser {
    /// An expression, from OR down.
    mutating func expression() throws(SQLProblem) -> SQLFragment {
        try nested { (parser) throws(SQLProblem) in
            var result = try parser.conjunction()
            while parser.at("OR") {
                let sign = parser.next()
                result = "(" + result + SQLFragment(" OR ", from: sign.offset) + (try parser.conjunction()) + ")"
            }
            return result
        }
    }

    private mutating func conjunction() throws(SQLProblem) -> SQLFragment {
        var result = try negation()
        while at("AND") {
            let sign = next()
            result = "(" + result + SQLFragment(" AND ", from: sign.offset) + (try negation()) + ")"
        }
        return result
    }

    private mutating func negation() throws(SQLProblem) -> SQLFragment {
        guard at("NOT") else { return try predicate() }
        let sign = next()
        return try nested { (parser) throws(SQLProblem) in
            SQLFragment("(NOT ", from: sign.offset) + (try parser.negation()) + ")"
        }
    }

    private mutating func predicate() throws(SQLProblem) -> SQLFragment {
        var result = try concatenation()
        while true {
            let start = token
            if atSign("=", "<>", "!=", "<", ">", "<=", ">=") {
                next()
                result = "(" + result + SQLFragment(" \(start.text) ", from: start.offset) + (try comparand()) + ")"
            } else if let part = try negatablePredicate() {
                result = "(" + result + part + ")"
            } else if take("IS") {
                let not = take("NOT") ? "NOT " : ""
                if take("DISTINCT") {
                    try expect("FROM")
                    result =
                        "(" + result + SQLFragment(" IS \(not)DISTINCT FROM ", from: start.offset)
                        + (try concatenation()) + ")"
                } else {
                    try expect("NULL")
                    result = "(" + result + SQLFragment(" IS \(not)NULL", from: start.offset) + ")"
                }
            } else {
                return result
            }
        }
    }

    /// What is compared with: a value, or ANY or ALL of a query.
    private mutating func comparand() throws(SQLProblem) -> SQLFragment {
        guard at("ALL", "ANY", "SOME"), peek().text == "(" else { return try concatenation() }
        let quantifier = next()
        next()
        let query = try valueQuery()
        try expectSign(")")
        let word = quantifier.keyword == "ALL" ? "ALL" : "ANY"
        return SQLFragment("\(word) (", from: quantifier.offset) + query + ")"
    }

    /// BETWEEN, IN and LIKE, each with NOT before it or without; nil if none comes next.
    private mutating func negatablePredicate() throws(SQLProblem) -> SQLFragment? {
        let start = token
        guard at("BETWEEN", "IN", "LIKE") || at("NOT") && ["BETWEEN", "IN", "LIKE"].contains(peek().keyword) else {
            return nil
        }
        let not = take("NOT") ? "NOT " : ""
        let word = next().keyword
        var result = SQLFragment(" \(not)\(word) ", from: start.offset)
        switch word {
        case "BETWEEN":
            result += try concatenation()
            try expect("AND")
            result = result + " AND " + (try concatenation())
        case "LIKE":
            result += try concatenation()
            if take("ESCAPE") { result = result + " ESCAPE " + (try concatenation()) }
        default:
            try expectSign("(")
            if startsQuery {
                result = result + "(" + (try valueQuery()) + ")"
            } else {
                var items: [SQLFragment] = []
                repeat { items.append(try expression()) } while takeSign(",")
                result = result + "(" + (items.joined(", ") ?? SQLFragment("", from: start.offset)) + ")"
            }
            try expectSign(")")
        }
        return result
    }

    mutating func concatenation() throws(SQLProblem) -> SQLFragment {
        var result = try sum()
        while atSign("||") {
            let sign = next()
            result = "(" + result + SQLFragment(" || ", from: sign.offset) + (try sum()) + ")"
        }
        return result
    }

    private mutating func sum() throws(SQLProblem) -> SQLFragment {
        var result = try product()
        while atSign("+", "-") {
            let sign = next()
            let function = sign.text == "+" ? "trino_plus" : "trino_minus"
            result = SQLFragment.call(function, [result, try product()], from: sign.offset)
        }
        return result
    }

    private mutating func product() throws(SQLProblem) -> SQLFragment {
        var result = try signed()
        while atSign("*", "/", "%") {
            let sign = next()
            let right = try signed()
            switch sign.text {
            case "*": result = "(" + result + SQLFragment(" * ", from: sign.offset) + right + ")"
            case "/": result = SQLFragment.call("trino_divide", [result, right], from: sign.offset)
            default: result = SQLFragment.call("trino_modulus", [result, right], from: sign.offset)
            }
        }
        return result
    }

    private mutating func signed() throws(SQLProblem) -> SQLFragment {
        guard atSign("+", "-") else { return try zoned() }
        let sign = next()
        return try nested { (parser) throws(SQLProblem) in
            // A space, because two signs begin a comment.
            SQLFragment("(\(sign.text) ", from: sign.offset) + (try parser.signed()) + ")"
        }
    }

    private mutating func zoned() throws(SQLProblem) -> SQLFragment {
        let result = try subscripted()
        guard at("AT"), peek().keyword == "TIME" else { return result }
        throw .notEmulated("AT TIME ZONE: times with a zone are in UTC here, which", at: token.offset)
    }

    private mutating func subscripted() throws(SQLProblem) -> SQLFragment {
        var result = try primary()
        while true {
            if atSign("[") {
                next()
                result = "(" + result + ")[" + (try concatenation()) + "]"
                try expectSign("]")
            } else if atSign("."), [.word, .quotedName].contains(peek().kind) {
                next()
                result = "(" + result + ")." + (try fieldName())
            } else {
                return result
            }
        }
    }

    /// After a dot, a reserved word is a name, too.
    private mutating func fieldName() throws(SQLProblem) -> SQLFragment {
        guard [.word, .quotedName].contains(token.kind) else { throw mismatch("<identifier>") }
        let token = next()
        return SQLFragment(DuckDBText.name(token.text), from: token.offset)
    }

    mutating func parameter() throws(SQLProblem) -> SQLFragment {
        let sign = try expectSign("?")
        guard usedParameters < parameters.count else {
            usedParameters += 1
            throw .semantic(
                "INVALID_PARAMETER_USAGE",
                "Incorrect number of parameters: expected at least \(usedParameters) but found \(parameters.count)",
                at: sign.offset)
        }
        defer { usedParameters += 1 }
        return SQLFragment(parameters[usedParameters], from: sign.offset)
    }
}
