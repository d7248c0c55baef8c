internal import Time

/// The time of `FOR TIMESTAMP AS OF`: a literal, or the time of the query, with an interval added or taken away.
enum TravelTime {
    /// - Returns: milliseconds since 1970.
    static func parse(_ parser: inout QueryParser) throws(SQLProblem) -> Int64 {
        let isEnclosed = parser.takeSign("(")
        var time = try start(&parser)
        while parser.atSign("+", "-") {
            let sign: Int64 = parser.next().text == "-" ? -1 : 1
            time += sign * (try interval(&parser))
        }
        if isEnclosed { try parser.expectSign(")") }
        return time
    }

    private static func start(_ parser: inout QueryParser) throws(SQLProblem) -> Int64 {
        if parser.take("CURRENT_TIMESTAMP") { return parser.now }
        if parser.at("NOW"), parser.peek().text == "(" {
            parser.next()
            parser.next()
            try parser.expectSign(")")
            return parser.now
        }
        let isDate = parser.at("DATE")
        guard isDate || parser.at("TIMESTAMP"), parser.peek().kind == .string else {
            throw .notEmulated(
                "FOR TIMESTAMP AS OF an expression other than TIMESTAMP '…', DATE '…' or now() with intervals",
                at: parser.token.offset)
        }
        parser.next()
        let literal = parser.next()
        guard let time = milliseconds(literal.text) else {
            throw .semantic(
                "INVALID_LITERAL", "'\(literal.text)' is not a valid \(isDate ? "DATE" : "TIMESTAMP") literal",
                at: literal.offset)
        }
        return time
    }

    private static func interval(_ parser: inout QueryParser) throws(SQLProblem) -> Int64 {
        try parser.expect("INTERVAL")
        guard parser.token.kind == .string, let count = Int64(parser.token.text), abs(count) < 1 << 31 else {
            throw parser.mismatch("<string>")
        }
        parser.next()
        let units: [String: Int64] = [
            "SECOND": 1000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000, "WEEK": 604_800_000,
        ]
        guard let unit = units[parser.token.keyword] else {
            throw .notEmulated("an interval in \(parser.token.text) here", at: parser.token.offset)
        }
        parser.next()
        return count * unit
    }

    /// `2026-01-01`, `2026-01-01 10:00:00.123`, each with `UTC` or an offset behind; without one it is UTC.
    private static func milliseconds(_ text: String) -> Int64? {
        var words = text.split(separator: " ").map(String.init)
        guard !words.isEmpty, words.count <= 3 else { return nil }
        var zone = "Z"
        if words.count > 1, let last = words.last, !last.contains("."),
            last == "UTC" || last == "Z" || last.first == "+" || last.first == "-"
        {
            zone = ["UTC", "Z"].contains(last) ? "Z" : last
            words.removeLast()
        }
        guard words.count <= 2 else { return nil }
        var clock = words.count == 2 ? words[1] : "00:00:00"
        if clock.split(separator: ":").count == 2 { clock += ":00" }
        return Timestamp(rfc3339: "\(words[0])T\(clock)\(zone)")?.milliseconds
    }
}
