internal import DuckDB

/// A column's type as Glue has it.
enum HiveType {
    /// The engine's name of `array<struct<a:int,b:string>>`; nil for a type that it lacks.
    static func engineName(of text: String) -> String? {
        var reader = Reader(characters: Array(text.lowercased().filter { $0 != " " }))
        guard let name = reader.type(), reader.place == reader.characters.count else { return nil }
        return name
    }

    private static let simple = [
        "boolean": "BOOLEAN", "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER", "integer": "INTEGER",
        "bigint": "BIGINT", "long": "BIGINT", "float": "FLOAT", "real": "FLOAT", "double": "DOUBLE",
        "string": "VARCHAR",
        "varchar": "VARCHAR", "char": "VARCHAR", "binary": "BLOB", "date": "DATE", "timestamp": "TIMESTAMP",
        "decimal": "DECIMAL(10,0)",
    ]

    private struct Reader {
        let characters: [Character]
        var place = 0

        mutating func take(_ character: Character) -> Bool {
            guard place < characters.count, characters[place] == character else { return false }
            place += 1
            return true
        }

        private mutating func word() -> String {
            let start = place
            while place < characters.count, !"<>(),:".contains(characters[place]) { place += 1 }
            return String(characters[start..<place])
        }

        mutating func type() -> String? {
            let name = word()
            switch name {
            case "array":
                guard take("<"), let element = type(), take(">") else { return nil }
                return "\(element)[]"
            case "map":
                guard take("<"), let key = type(), take(","), let value = type(), take(">") else { return nil }
                return "MAP(\(key), \(value))"
            case "struct":
                guard take("<") else { return nil }
                var fields: [String] = []
                repeat {
                    let field = word()
                    guard take(":"), let type = type() else { return nil }
                    fields.append("\(DuckDBText.name(field)) \(type)")
                } while take(",")
                return take(">") ? "STRUCT(\(fields.joined(separator: ", ")))" : nil
            default:
                guard take("(") else { return HiveType.simple[name] }
                let numbers = argumentsToParenthesis()
                guard take(")") else { return nil }
                if name == "decimal" { return "DECIMAL(\(numbers))" }
                return ["varchar", "char"].contains(name) ? "VARCHAR" : nil
            }
        }

        private mutating func argumentsToParenthesis() -> String {
            let start = place
            while place < characters.count, characters[place].isNumber || characters[place] == "," { place += 1 }
            return String(characters[start..<place])
        }
    }
}
