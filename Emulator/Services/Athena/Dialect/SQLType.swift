internal import DuckDB

/// A type in Athena's dialect.
indirect enum SQLType: Sendable, Hashable {
    /// The engine's name of it.
    case scalar(String)
    case varchar(limit: Int?)
    case whole(String)
    case array(SQLType)
    case map(SQLType, SQLType)
    case row([(name: String?, type: SQLType)])

    static func == (left: SQLType, right: SQLType) -> Bool { left.engineName == right.engineName }
    func hash(into hasher: inout Hasher) { hasher.combine(engineName) }

    var engineName: String {
        switch self {
        case .scalar(let name), .whole(let name): name
        case .varchar: "VARCHAR"
        case .array(let element): "\(element.engineName)[]"
        case .map(let key, let value): "MAP(\(key.engineName), \(value.engineName))"
        case .row(let fields):
            "STRUCT("
                + fields.enumerated().map { place, field in
                    "\(DuckDBText.name(field.name ?? "field\(place)")) \(field.type.engineName)"
                }.joined(separator: ", ") + ")"
        }
    }

    /// The engine's cast of a value. A text is as Trino writes the value, and a fraction is rounded half up.
    func cast(_ value: SQLFragment, _ keyword: String, from offset: Int) -> SQLFragment {
        switch self {
        case .varchar(let limit):
            let text = SQLFragment.call("trino_text", [value], from: offset)
            return limit.map { "left(" + text + ", \($0))" } ?? text
        case .whole(let name):
            let function = keyword == "CAST" ? "trino_whole" : "trino_try_whole"
            return SQLFragment("\(keyword)(", from: offset) + SQLFragment.call(function, [value], from: offset)
                + " AS \(name))"
        default: return SQLFragment("\(keyword)(", from: offset) + value + " AS \(engineName))"
        }
    }

    private static let simple: [String: SQLType] = [
        "BOOLEAN": .scalar("BOOLEAN"), "TINYINT": .whole("TINYINT"), "SMALLINT": .whole("SMALLINT"),
        "INTEGER": .whole("INTEGER"), "INT": .whole("INTEGER"), "BIGINT": .whole("BIGINT"), "REAL": .scalar("FLOAT"),
        "DOUBLE": .scalar("DOUBLE"), "DATE": .scalar("DATE"), "VARBINARY": .scalar("BLOB"), "JSON": .scalar("JSON"),
        "UUID": .scalar("UUID"),
    ]

    static func parse(_ parser: inout QueryParser) throws(SQLProblem) -> SQLType {
        try parser.nested { (parser) throws(SQLProblem) in try one(&parser) }
    }

    private static func one(_ parser: inout QueryParser) throws(SQLProblem) -> SQLType {
        let start = parser.token
        guard start.kind == .word else { throw parser.mismatch("<type>") }
        parser.next()
        var type: SQLType
        switch start.keyword {
        case "DECIMAL", "NUMERIC":
            let numbers = try numbers(&parser)
            let precision = numbers.first ?? 38
            guard numbers.count <= 2, (1...38).contains(precision) else {
                throw .semantic("TYPE_MISMATCH", "DECIMAL precision must be in range [1, 38]", at: start.offset)
            }
            type = .scalar("DECIMAL(\(precision), \(numbers.count > 1 ? numbers[1] : 0))")
        case "VARCHAR": type = .varchar(limit: try numbers(&parser).first)
        case "TIME", "TIMESTAMP":
            _ = try numbers(&parser)
            var name = start.keyword
            if parser.take("WITH", "TIME", "ZONE") {
                guard name == "TIMESTAMP" else { throw .notEmulated("TIME WITH TIME ZONE", at: start.offset) }
                name += " WITH TIME ZONE"
            } else {
                _ = parser.take("WITHOUT", "TIME", "ZONE")
            }
            type = .scalar(name)
        case "DOUBLE":
            _ = parser.take("PRECISION")
            type = .scalar("DOUBLE")
        case "ARRAY":
            let close = try open(&parser)
            type = .array(try parse(&parser))
            try parser.expectSign(close)
        case "MAP":
            let close = try open(&parser)
            let key = try parse(&parser)
            try parser.expectSign(",")
            type = .map(key, try parse(&parser))
            try parser.expectSign(close)
        case "ROW":
            try parser.expectSign("(")
            var fields: [(name: String?, type: SQLType)] = []
            repeat {
                // `x bigint`, or the type alone.
                let isNamed =
                    parser.token.kind == .quotedName
                    || parser.peek().kind == .word && parser.peek().keyword != "WITH"
                        && !(parser.token.keyword == "DOUBLE" && parser.peek().keyword == "PRECISION")
                let name = isNamed ? try parser.name().text : nil
                fields.append((name, try parse(&parser)))
            } while parser.takeSign(",")
            try parser.expectSign(")")
            type = .row(fields)
        default:
            guard let simple = simple[start.keyword] else {
                if ["CHAR", "IPADDRESS", "HYPERLOGLOG", "INTERVAL", "QDIGEST", "TDIGEST"].contains(start.keyword) {
                    throw .notEmulated("the type \(start.text)", at: start.offset)
                }
                throw .semantic("TYPE_NOT_FOUND", "Unknown type: \(start.text)", at: start.offset)
            }
            type = simple
        }
        while parser.take("ARRAY") { type = .array(type) }
        return type
    }

    private static func open(_ parser: inout QueryParser) throws(SQLProblem) -> String {
        if parser.takeSign("<") { return ">" }
        try parser.expectSign("(")
        return ")"
    }

    private static func numbers(_ parser: inout QueryParser) throws(SQLProblem) -> [Int] {
        guard parser.takeSign("(") else { return [] }
        var numbers: [Int] = []
        repeat {
            guard parser.token.kind == .integer, let number = Int(parser.token.text) else {
                throw parser.mismatch("<integer>")
            }
            parser.next()
            numbers.append(number)
        } while parser.takeSign(",")
        try parser.expectSign(")")
        return numbers
    }
}
