internal import YAML

// The names of a column's type in a contract: a logical type of the standard, and a physical type as in common
// databases. Names that mean different widths in different systems (`int8`, `float(n)`) are refused.

extension ColumnType {
    /// The logical types.
    static let logicalTypes = [
        "string", "integer", "number", "boolean", "date", "timestamp", "time", "object", "array", "map",
    ]

    /// The allowed values of `physicalType` for each logical type. The first is the default.
    static func physicalTypes(of logicalType: String) -> [String] {
        switch logicalType {
        case "string": ["string", "text", "varchar", "char", "uuid", "json", "jsonb"]
        case "integer": Array(integers.keys.sorted { (rank($0), $0) < (rank($1), $1) })
        case "number": ["double", "float64", "float", "real", "float32", "decimal(p,s)", "numeric(p,s)"]
        case "boolean": ["boolean", "bool"]
        case "date": ["date"]
        case "timestamp":
            ["timestamp", "timestamptz", "timestamp_ntz", "datetime"].flatMap { [$0, "\($0)(3)", "\($0)(6)"] }
        case "time": ["time", "timetz"].flatMap { [$0, "\($0)(3)", "\($0)(6)"] }
        case "object": ["struct", "object", "record", "row", "json", "jsonb"]
        case "array": ["list", "array", "json", "jsonb"]
        case "map": ["map", "json", "jsonb"]
        default: []
        }
    }

    private static let integers: [String: ColumnType] = [
        "bigint": .int64, "int64": .int64, "long": .int64, "int": .int32, "integer": .int32, "int32": .int32,
        "smallint": .int16, "int16": .int16, "tinyint": .int8,
        "ubigint": .uint64, "uint64": .uint64, "uinteger": .uint32, "uint32": .uint32, "usmallint": .uint16,
        "uint16": .uint16, "utinyint": .uint8, "uint8": .uint8,
    ]

    /// Whether a physical type, in lower case, goes with any logical type.
    static func isKnown(_ physicalType: String) -> Bool {
        logicalTypes.contains {
            physicalTypes(of: $0).contains(physicalType)
                || ColumnType(logicalType: $0, physicalType: physicalType) != nil
        }
    }

    private static func rank(_ name: String) -> Int { name == "bigint" ? 0 : 1 }

    /// The type of a single value; nil if the two names are incompatible.
    init?(logicalType: String, physicalType: String?) {
        let allowed = Self.physicalTypes(of: logicalType)
        guard let given = (physicalType?.lowercased()).map(DatabaseType.withParentheses) ?? allowed.first else {
            return nil
        }
        let name = DatabaseType(given).name(for: logicalType) ?? given
        switch logicalType {
        case "string":
            // varchar(40) is text of any length here, and so is its every synonym. Quality rules limit the length.
            let family = name.split(separator: "(", maxSplits: 1).first.map(String.init) ?? name
            guard allowed.contains(family), family == name || family.hasSuffix("char") else { return nil }
            switch family {
            case "uuid": self = .uuid
            case "json", "jsonb": self = .json(.any)
            default: self = .string
            }
        case "integer":
            guard let type = Self.integers[name] else { return nil }
            self = type
        case "number":
            if let (precision, scale) = Self.decimalDigits(in: name) {
                self = .decimal(precision: precision, scale: scale)
                return
            }
            if let type = Self.integers[name] {
                self = type
                return
            }
            guard allowed.contains(name) else { return nil }
            self = name == "double" || name == "float64" ? .double : .float
        case "boolean" where allowed.contains(name): self = .boolean
        case "date" where allowed.contains(name): self = .date
        case "timestamp" where allowed.contains(name):
            let isLocal = name.hasPrefix("timestamp_ntz") || name.hasPrefix("datetime")
            self = .timestamp(Self.unit(of: name), isAdjustedToUTC: !isLocal)
        case "time" where allowed.contains(name):
            self = .time(Self.unit(of: name), isAdjustedToUTC: name.hasPrefix("timetz"))
        default: return nil
        }
    }

    /// The type that `format` in `logicalTypeOptions` sets for integers and numbers; nil for other formats.
    init?(logicalType: String, format: String) {
        switch (logicalType, format) {
        case ("integer", "i8"): self = .int8
        case ("integer", "i16"): self = .int16
        case ("integer", "i32"): self = .int32
        case ("integer", "i64"): self = .int64
        case ("integer", "u8"): self = .uint8
        case ("integer", "u16"): self = .uint16
        case ("integer", "u32"): self = .uint32
        case ("integer", "u64"): self = .uint64
        case ("number", "f32"): self = .float
        case ("number", "f64"): self = .double
        default: return nil
        }
    }

    /// The same time type in UTC or as local time; nil for other types.
    func adjusted(toUTC isAdjustedToUTC: Bool) -> ColumnType? {
        switch self {
        case .time(let unit, _): .time(unit, isAdjustedToUTC: isAdjustedToUTC)
        case .timestamp(let unit, _): .timestamp(unit, isAdjustedToUTC: isAdjustedToUTC)
        default: nil
        }
    }

    private static func unit(of name: String) -> TimeUnit { name.hasSuffix("(3)") ? .milliseconds : .microseconds }

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

extension ContractKey {
    /// The logical type of a property. ODCS 3.0 has no timestamps and times, so a date whose physical type is one stands for it.
    func logicalType() throws(ContractError) -> String {
        let name = try required("logicalType").string(oneOf: ColumnType.logicalTypes)
        guard name == "date", let physicalType = optional("physicalType")?.node.string else { return name }
        return ["timestamp", "time"].first {
            ColumnType(logicalType: $0, physicalType: physicalType) != nil
        } ?? name
    }
}
