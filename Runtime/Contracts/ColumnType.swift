/// What a column holds, in the terms of the Parquet file that it becomes.
public indirect enum ColumnType: Sendable, Hashable {
    case boolean
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float
    case double
    /// UTF-8 text.
    case string
    /// JSON text, as short as its digits and strings allow.
    case json(JSONRoot)
    /// 16 bytes, the most significant first.
    case uuid
    /// Days since 1970-01-01, as INT32.
    case date
    /// Since midnight: milliseconds as INT32, microseconds as INT64.
    case time(TimeUnit, isAdjustedToUTC: Bool)
    /// Since 1970-01-01T00:00:00, in UTC or in a local time that nobody names, as INT64.
    case timestamp(TimeUnit, isAdjustedToUTC: Bool)
    /// An unscaled integer: INT32 up to 9 digits, INT64 up to 18, else as many bytes as it takes.
    case decimal(precision: Int, scale: Int)
    /// Fields under names of their own. Nested fields have no `source`.
    case structure([BronzeColumn])
    case list(element: BronzeColumn)

    public enum TimeUnit: Sendable, Hashable {
        case milliseconds
        case microseconds
    }

    /// What the outermost value of a JSON text must be.
    public enum JSONRoot: Sendable, Hashable {
        case any
        case object
        case array
    }
}

extension ColumnType {
    /// Whether values are made of other columns' values.
    public var isNested: Bool {
        switch self {
        case .structure, .list: true
        default: false
        }
    }

    /// Whether values are kept as texts, which can be looked at and masked.
    public var isText: Bool {
        switch self {
        case .string, .json: true
        default: false
        }
    }

    /// The bytes of a value that is kept as bytes of one length: a UUID's 16, and what a decimal of more than 18 digits
    /// takes in two's complement.
    public var fixedLength: Int? {
        switch self {
        case .uuid: 16
        case .decimal(let precision, _) where precision > Self.longPrecision: Self.fixedLength(ofDigits: precision)
        default: nil
        }
    }

    /// Digits that an INT64 holds for certain.
    static let longPrecision = 18
    /// Digits that 16 bytes hold for certain, and the most that Spark, Athena and DuckDB know.
    static let maximumPrecision = 38
    /// Values may be nested this deep; each level costs every value below it a part of its levels.
    static let maximumDepth = 16

    private static func fixedLength(ofDigits digits: Int) -> Int {
        // The largest value of n bytes is 2^(8n - 1) - 1, and 10^digits < 2^bits.
        let bits = Int((Double(digits) * 3.321_928_094_887_362).rounded(.up))
        return (bits + 1 + 7) / 8
    }
}

extension ColumnType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .boolean: "boolean"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .float: "float"
        case .double: "double"
        case .string: "string"
        case .json: "json"
        case .uuid: "uuid"
        case .date: "date"
        case .time(let unit, let isUTC): "time\(unit.digits)\(isUTC ? " in UTC" : "")"
        case .timestamp(let unit, let isUTC): "timestamp\(unit.digits)\(isUTC ? "" : " without time zone")"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .structure(let fields):
            "struct<\(fields.map { "\($0.name): \($0.type)\($0.isRequired ? " required" : "")" }.joined(separator: ", "))>"
        case .list(let element): "list<\(element.type)\(element.isRequired ? " required" : "")>"
        }
    }
}

extension ColumnType.TimeUnit {
    fileprivate var digits: String { self == .milliseconds ? "(3)" : "" }
}
