/// What a column holds, in the terms of the Parquet file that it becomes.
public enum ColumnType: Sendable, Hashable {
    case boolean
    case int32
    case int64
    case float
    case double
    /// UTF-8 text.
    case string
    /// Days since 1970-01-01, as INT32.
    case date
    /// Microseconds since 1970-01-01T00:00:00Z, as INT64.
    case timestampMicros
    /// An unscaled integer: INT32 up to 9 digits, INT64 up to 18.
    case decimal(precision: Int, scale: Int)
}

extension ColumnType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .boolean: "boolean"
        case .int32: "int32"
        case .int64: "int64"
        case .float: "float"
        case .double: "double"
        case .string: "string"
        case .date: "date"
        case .timestampMicros: "timestamp"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        }
    }
}

extension ColumnType {
    /// Digits that an INT64 holds for certain.
    static let maximumPrecision = 18

    static let logicalTypes = ["string", "integer", "number", "boolean", "date", "timestamp"]

    /// What a contract may write as `physicalType` under each logical type; the first is the default.
    static func physicalTypes(of logicalType: String) -> [String] {
        switch logicalType {
        case "string": ["string", "text", "varchar", "char", "uuid"]
        case "integer": ["bigint", "int64", "long", "int", "integer", "int32", "smallint", "tinyint"]
        case "number": ["double", "float64", "float", "real", "float32", "decimal(p,s)", "numeric(p,s)"]
        case "boolean": ["boolean", "bool"]
        case "date": ["date"]
        case "timestamp": ["timestamp", "timestamptz"]
        default: []
        }
    }

    /// The type that a contract names; nil where the two names do not go together.
    init?(logicalType: String, physicalType: String?) {
        let allowed = Self.physicalTypes(of: logicalType)
        guard let name = physicalType?.lowercased() ?? allowed.first else { return nil }
        if let (precision, scale) = Self.decimalDigits(in: name) {
            guard logicalType == "number" else { return nil }
            self = .decimal(precision: precision, scale: scale)
            return
        }
        // varchar(40) is text of any length here; the length is a matter of quality rules.
        let family = name.split(separator: "(", maxSplits: 1).first.map(String.init) ?? name
        let isSized = family.count < name.count
        guard allowed.contains(family), !isSized || family.hasSuffix("char") else { return nil }
        switch family {
        case "string", "text", "varchar", "char", "uuid": self = .string
        case "bigint", "int64", "long": self = .int64
        case "int", "integer", "int32", "smallint", "tinyint": self = .int32
        case "double", "float64": self = .double
        case "float", "real", "float32": self = .float
        case "boolean", "bool": self = .boolean
        case "date": self = .date
        default: self = .timestampMicros
        }
    }

    private static func decimalDigits(in name: String) -> (precision: Int, scale: Int)? {
        for family in ["decimal(", "numeric("] where name.hasPrefix(family) && name.hasSuffix(")") {
            let digits = name.dropFirst(family.count).dropLast().split(separator: ",", omittingEmptySubsequences: false)
            let numbers = digits.map { Int($0.filter { $0 != " " }) }
            guard numbers.count <= 2, let precision = numbers.first ?? nil else { return nil }
            let scale = numbers.count == 2 ? numbers[1] : 0
            guard let scale, (1...maximumPrecision).contains(precision), (0...precision).contains(scale) else {
                return nil
            }
            return (precision, scale)
        }
        return nil
    }
}
