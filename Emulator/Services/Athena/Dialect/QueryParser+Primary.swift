internal import DuckDB

extension QueryParser {
    /// A literal, column, call, or an expression in parentheses.
    mutating func primary() throws(SQLProblem) -> SQLFragment {
        let start = token
        switch start.kind {
        case .integer, .decimal, .double:
            next()
            // Trino's decimal may end in its point.
            return SQLFragment(start.text.hasSuffix(".") ? start.text + "0" : start.text, from: start.offset)
        case .string:
            next()
            return SQLFragment(DuckDBText.string(start.text), from: start.offset)
        case .binary:
            next()
            return SQLFragment("unhex(\(DuckDBText.string(start.text.filter { $0 != " " })))", from: start.offset)
        case .sign: return try signedPrimary()
        case .quotedName: return try columnOrLambda()
        case .end: throw mismatch("<expression>")
        case .word: return try word()
        }
    }

    private mutating func signedPrimary() throws(SQLProblem) -> SQLFragment {
        let start = token
        if atSign("?") { return try parameter() }
        guard atSign("(") else { throw mismatch("<expression>") }
        if let lambda = try lambdaInParentheses() { return lambda }
        next()
        if startsQuery || atSign("(") && startsQuery {
            let inner = try valueQuery()
            try expectSign(")")
            return SQLFragment("(", from: start.offset) + inner + ")"
        }
        var items = [try expression()]
        while takeSign(",") { items.append(try expression()) }
        try expectSign(")")
        let list = items.joined(", ") ?? SQLFragment("", from: start.offset)
        return SQLFragment(items.count == 1 ? "(" : "row(", from: start.offset) + list + ")"
    }

    /// `(a, b) -> …` and `() -> …`; nil if the parenthesis is another.
    private mutating func lambdaInParentheses() throws(SQLProblem) -> SQLFragment? {
        var distance = 1
        var names: [String] = []
        while peek(distance).kind == .word || peek(distance).kind == .quotedName {
            names.append(peek(distance).text)
            distance += 1
            guard peek(distance).text == "," else { break }
            distance += 1
        }
        guard peek(distance).text == ")", peek(distance + 1).text == "->", peek(distance + 1).kind == .sign else {
            return nil
        }
        let start = token
        place += distance + 2
        return SQLFragment("lambda \(names.map(DuckDBText.name).joined(separator: ", ")): ", from: start.offset)
            + (try expression())
    }

    private mutating func columnOrLambda() throws(SQLProblem) -> SQLFragment {
        let (text, column) = try name()
        if atSign("->") {
            next()
            return SQLFragment("lambda \(DuckDBText.name(text)): ", from: column.origin) + (try expression())
        }
        var result = column
        while atSign("."), [.word, .quotedName].contains(peek().kind) {
            next()
            let part = next()
            result += SQLFragment("." + DuckDBText.name(part.text), from: part.offset)
        }
        return mayBeOuter ? result.with(.hasLateType) : result
    }

    private mutating func word() throws(SQLProblem) -> SQLFragment {
        let start = token
        switch start.keyword {
        case "NULL", "TRUE", "FALSE":
            next()
            return SQLFragment(start.keyword, from: start.offset)
        case "CASE": return try caseExpression()
        case "CAST", "TRY_CAST": return try cast()
        case "EXISTS":
            next()
            try expectSign("(")
            let inner = try valueQuery()
            try expectSign(")")
            return SQLFragment("EXISTS (", from: start.offset) + inner + ")"
        case "INTERVAL" where peek().kind == .string || ["+", "-"].contains(peek().text): return try interval()
        case "EXTRACT" where peek().text == "(": return try extract()
        case "CURRENT_DATE":
            next()
            return SQLFragment("current_date", from: start.offset)
        case "CURRENT_TIMESTAMP", "LOCALTIMESTAMP":
            next()
            try skipPrecision()
            let time = "date_trunc('millisecond', now())"
            return SQLFragment(
                start.keyword == "CURRENT_TIMESTAMP" ? time : "CAST(\(time) AS TIMESTAMP)", from: start.offset)
        case "ARRAY" where peek().text == "[": return try array()
        case "ROW" where peek().text == "(": return try row()
        case "TRIM" where peek().text == "(": return try trim()
        case "SUBSTRING" where peek().text == "(": return try substring()
        case "POSITION" where peek().text == "(": return try position()
        case "LISTAGG", "NORMALIZE", "JSON_OBJECT", "JSON_ARRAY", "JSON_QUERY", "JSON_VALUE", "JSON_EXISTS",
            "CURRENT_USER",
            "CURRENT_CATALOG", "CURRENT_SCHEMA", "CURRENT_PATH", "CURRENT_ROLE", "CURRENT_TIME", "LOCALTIME":
            throw .notEmulated(start.keyword, at: start.offset)
        case "GROUPING" where peek().text == "(":
            next()
            return try call("grouping", start)
        case "DATE", "TIME", "TIMESTAMP", "DECIMAL", "JSON", "UUID", "DOUBLE", "REAL", "BIGINT", "INTEGER", "SMALLINT",
            "TINYINT", "BOOLEAN", "VARCHAR":
            if let literal = try typedLiteral() { return literal }
        default: break
        }
        if peek().text == "(", peek().kind == .sign {
            next()
            return try call(start.text.lowercased(), start)
        }
        return try columnOrLambda()
    }

    // MARK: Literals

    /// `DATE '2026-01-01'`; nil if the word is a column.
    private mutating func typedLiteral() throws(SQLProblem) -> SQLFragment? {
        let start = token
        guard peek().kind == .string else { return nil }
        next()
        let literal = next()
        let value = DuckDBText.string(literal.text)
        let type: String
        switch start.keyword {
        case "TIMESTAMP":
            let isZoned = literal.text.split(separator: " ").count == 3 || literal.text.hasSuffix("Z")
            type = isZoned ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP"
        case "REAL": type = "FLOAT"
        case "DECIMAL":
            return SQLFragment("CAST(\(value) AS \(Self.decimalType(of: literal.text)))", from: start.offset)
        default: type = start.keyword
        }
        return SQLFragment("CAST(\(value) AS \(type))", from: start.offset)
    }

    private static func decimalType(of text: String) -> String {
        let digits = text.filter(\.isNumber).count
        let scale = text.firstIndex(of: ".").map { text[$0...].filter(\.isNumber).count } ?? 0
        return "DECIMAL(\(min(38, max(digits, 1))), \(min(38, scale)))"
    }

    private mutating func skipPrecision() throws(SQLProblem) {
        guard takeSign("(") else { return }
        guard token.kind == .integer else { throw mismatch("<integer>") }
        next()
        try expectSign(")")
    }

    private mutating func interval() throws(SQLProblem) -> SQLFragment {
        let start = try expect("INTERVAL")
        let sign = atSign("-") ? "-" : ""
        if atSign("+", "-") { next() }
        guard token.kind == .string else { throw mismatch("<string>") }
        let count = next()
        let unit = next()
        guard ["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"].contains(unit.keyword) else {
            place -= 1
            throw mismatch("'DAY', 'HOUR', 'MINUTE', 'MONTH', 'SECOND', 'YEAR'")
        }
        if at("TO") { throw .notEmulated("INTERVAL … TO", at: token.offset) }
        guard Double(count.text) != nil else {
            throw .semantic("INVALID_LITERAL", "'\(count.text)' is not a valid INTERVAL literal", at: count.offset)
        }
        return SQLFragment("INTERVAL '\(sign)\(count.text)' \(unit.keyword)", from: start.offset)
    }

    private mutating func array() throws(SQLProblem) -> SQLFragment {
        let start = try expect("ARRAY")
        try expectSign("[")
        var items: [SQLFragment] = []
        if !atSign("]") { repeat { items.append(try expression()) } while takeSign(",") }
        try expectSign("]")
        return SQLFragment("[", from: start.offset) + (items.joined(", ") ?? SQLFragment("", from: start.offset)) + "]"
    }

    private mutating func row() throws(SQLProblem) -> SQLFragment {
        let start = try expect("ROW")
        try expectSign("(")
        var items: [SQLFragment] = []
        repeat { items.append(try expression()) } while takeSign(",")
        try expectSign(")")
        return SQLFragment("row(", from: start.offset) + (items.joined(", ") ?? SQLFragment("", from: start.offset))
            + ")"
    }

    // MARK: Forms with words between the arguments

    private mutating func caseExpression() throws(SQLProblem) -> SQLFragment {
        let start = try expect("CASE")
        var result = SQLFragment("CASE", from: start.offset)
        if !at("WHEN") { result = result + " " + (try expression()) }
        repeat {
            try expect("WHEN")
            result = result + " WHEN " + (try expression())
            try expect("THEN")
            result = result + " THEN " + (try expression())
        } while at("WHEN")
        if take("ELSE") { result = result + " ELSE " + (try expression()) }
        try expect("END")
        return result + " END"
    }

    private mutating func cast() throws(SQLProblem) -> SQLFragment {
        let start = next()
        try expectSign("(")
        let value = try expression()
        try expect("AS")
        let type = try SQLType.parse(&self)
        try expectSign(")")
        return type.cast(value, start.keyword, from: start.offset)
    }

    private mutating func extract() throws(SQLProblem) -> SQLFragment {
        let start = try expect("EXTRACT")
        try expectSign("(")
        let field = next()
        let fields = [
            "YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "WEEK": "week", "DAY": "day", "DAY_OF_MONTH": "day",
            "DAY_OF_WEEK": "isodow", "DOW": "isodow", "DAY_OF_YEAR": "doy", "DOY": "doy", "YEAR_OF_WEEK": "isoyear",
            "YOW": "isoyear", "HOUR": "hour", "MINUTE": "minute", "SECOND": "second",
        ]
        guard let part = fields[field.keyword] else {
            throw .semantic("NOT_SUPPORTED", "Invalid EXTRACT field: \(field.text)", at: field.offset)
        }
        try expect("FROM")
        let value = try expression()
        try expectSign(")")
        return SQLFragment("date_part('\(part)', ", from: start.offset) + value + ")"
    }

    private mutating func trim() throws(SQLProblem) -> SQLFragment {
        let start = try expect("TRIM")
        try expectSign("(")
        let side = at("BOTH", "LEADING", "TRAILING") ? next().keyword : "BOTH"
        let function = ["BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"][side] ?? "trim"
        if take("FROM") {
            let text = try expression()
            try expectSign(")")
            return SQLFragment("\(function)(", from: start.offset) + text + ")"
        }
        let first = try expression()
        if takeSign(",") || take("FROM") {
            let isStandard = tokens[place - 1].keyword == "FROM"
            let second = try expression()
            try expectSign(")")
            let (text, characters) = isStandard ? (second, first) : (first, second)
            return SQLFragment("\(function)(", from: start.offset) + text + ", " + characters + ")"
        }
        try expectSign(")")
        return SQLFragment("\(function)(", from: start.offset) + first + ")"
    }

    private mutating func substring() throws(SQLProblem) -> SQLFragment {
        let start = try expect("SUBSTRING")
        try expectSign("(")
        var arguments = [try expression()]
        while takeSign(",") || take("FROM") || take("FOR") { arguments.append(try expression()) }
        try expectSign(")")
        return SQLFragment("substr(", from: start.offset)
            + (arguments.joined(", ") ?? SQLFragment("", from: start.offset))
            + ")"
    }

    private mutating func position() throws(SQLProblem) -> SQLFragment {
        let start = try expect("POSITION")
        try expectSign("(")
        let part = try concatenation()
        try expect("IN")
        let text = try concatenation()
        try expectSign(")")
        return SQLFragment("strpos(", from: start.offset) + text + ", " + part + ")"
    }
}
