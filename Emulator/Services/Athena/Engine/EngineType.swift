internal import DuckDB

/// A type of a result's column, as the engine names it.
indirect enum EngineType: Sendable, Hashable {
    case scalar(String)
    case decimal(precision: Int, scale: Int)
    case list(EngineType)
    case map(EngineType, EngineType)
    case structure([EngineField])

    struct EngineField: Sendable, Hashable {
        let name: String
        let type: EngineType
    }

    /// Reads `STRUCT(a INTEGER, "b c" VARCHAR[])`.
    init?(_ text: String) {
        var reader = Reader(characters: Array(text))
        guard let type = reader.type(), reader.isAtEnd else { return nil }
        self = type
    }

    private struct Reader {
        let characters: [Character]
        var place = 0

        var isAtEnd: Bool { place == characters.count }

        mutating func take(_ text: String) -> Bool {
            guard characters[place...].starts(with: text) else { return false }
            place += text.count
            return true
        }

        mutating func type() -> EngineType? {
            guard var type = base() else { return nil }
            while take("[") {
                while place < characters.count, characters[place].isNumber { place += 1 }
                guard take("]") else { return nil }
                type = .list(type)
            }
            return type
        }

        private mutating func base() -> EngineType? {
            if take("DECIMAL(") {
                guard let precision = number(), take(","), let scale = number(), take(")") else { return nil }
                return .decimal(precision: precision, scale: scale)
            }
            if take("MAP(") {
                guard let key = type(), take(", "), let value = type(), take(")") else { return nil }
                return .map(key, value)
            }
            if take("STRUCT(") {
                var fields: [EngineField] = []
                repeat {
                    guard let field = field(fields.count) else { return nil }
                    fields.append(field)
                } while take(", ")
                return take(")") ? .structure(fields) : nil
            }
            let start = place
            while place < characters.count, !"[](),".contains(characters[place]) { place += 1 }
            return place > start ? .scalar(String(characters[start..<place])) : nil
        }

        /// `a INTEGER`, `"b c" INTEGER`, or the type alone.
        private mutating func field(_ number: Int) -> EngineField? {
            let start = place
            if let name = name(), take(" "), let type = type() { return EngineField(name: name, type: type) }
            place = start
            return type().map { EngineField(name: "field\(number)", type: $0) }
        }

        private mutating func name() -> String? {
            var name = ""
            guard take("\"") else {
                while place < characters.count,
                    characters[place].isLetter || characters[place].isNumber || characters[place] == "_"
                {
                    name.append(characters[place])
                    place += 1
                }
                return name.isEmpty ? nil : name
            }
            while place < characters.count {
                if take("\"") {
                    guard take("\"") else { return name }
                    name.append("\"")
                    continue
                }
                name.append(characters[place])
                place += 1
            }
            return nil
        }

        private mutating func number() -> Int? {
            let start = place
            while place < characters.count, characters[place].isNumber { place += 1 }
            return Int(String(characters[start..<place]))
        }
    }

    // MARK: As Athena has it

    /// Athena's name of the type; nil for one that it has no results of.
    var athenaName: String? {
        switch self {
        case .decimal: "decimal"
        case .list: "array"
        case .map: "map"
        case .structure: "row"
        case .scalar(let name): Self.athenaNames[name]
        }
    }

    private static let athenaNames = [
        "BOOLEAN": "boolean", "TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint",
        "HUGEINT": "bigint", "UTINYINT": "smallint", "USMALLINT": "integer", "UINTEGER": "bigint", "UBIGINT": "bigint",
        "FLOAT": "float", "DOUBLE": "double", "VARCHAR": "varchar", "BLOB": "varbinary", "DATE": "date", "TIME": "time",
        "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "UUID": "uuid",
        "JSON": "json",
        "\"NULL\"": "unknown",
    ]

    var precision: Int {
        switch self {
        case .decimal(let precision, _): precision
        case .scalar:
            switch athenaName {
            case "tinyint": 3
            case "smallint": 5
            case "integer": 10
            case "bigint": 19
            case "float", "double": 17
            case "varchar": 2_147_483_647
            case "varbinary": 1_073_741_824
            case "timestamp", "timestamp with time zone", "time": 3
            default: 0
            }
        default: 0
        }
    }

    var scale: Int { if case .decimal(_, let scale) = self { scale } else { 0 } }

    var isCaseSensitive: Bool { athenaName == "varchar" }

    /// An expression of the engine that writes a value of the type as Athena does.
    /// - Parameter isNested: whether a null is a word, as in an array.
    func text(of value: String, depth: Int = 0) -> String {
        switch self {
        case .decimal: "CAST(\(value) AS VARCHAR)"
        case .scalar("DOUBLE"), .scalar("FLOAT"):
            "trino_java(CAST(\(value) AS VARCHAR), \(value))"
        case .scalar("HUGEINT"), .scalar("UBIGINT"): "CAST(CAST(\(value) AS BIGINT) AS VARCHAR)"
        case .scalar("TIMESTAMP"): "trino_moment(\(value))"
        case .scalar("TIMESTAMP WITH TIME ZONE"): "(trino_moment(CAST(\(value) AS TIMESTAMP)) || ' UTC')"
        case .scalar("TIME"): "trino_clock(\(value))"
        case .scalar("BLOB"): "trino_bytes(\(value))"
        case .scalar: "CAST(\(value) AS VARCHAR)"
        case .list(let element):
            "('[' || array_to_string(list_transform(\(value), lambda x\(depth): "
                + "\(element.word("x\(depth)", depth + 1))), ', ') || ']')"
        case .map(let key, let item):
            "('{' || array_to_string(list_transform(map_entries(\(value)), lambda x\(depth): "
                + "\(key.word("x\(depth).key", depth + 1)) || '=' || \(item.word("x\(depth).value", depth + 1))), ', ') || '}')"
        case .structure(let fields):
            "CASE WHEN \(value) IS NOT NULL THEN '{' || "
                + fields.enumerated().map { place, field in
                    DuckDBText.string((place > 0 ? ", " : "") + field.name + "=") + " || "
                        + field.type.word("struct_extract_at(\(value), \(place + 1))", depth + 1)
                }.joined(separator: " || ") + " || '}' END"
        }
    }

    private func word(_ value: String, _ depth: Int) -> String { "coalesce(\(text(of: value, depth: depth)), 'null')" }
}
