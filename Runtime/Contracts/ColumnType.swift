/// The type of a column, in the terms of the Parquet file.
public indirect enum ColumnType: Sendable, Hashable {
    case boolean
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float
    case double
    /// UTF-8 text.
    case string
    /// JSON text without insignificant white space.
    case json(JSONRoot)
    /// 16 bytes, most significant first.
    case uuid
    /// Days since 1970-01-01, as INT32.
    case date
    /// Time since midnight: milliseconds as INT32, microseconds as INT64.
    case time(TimeUnit, isAdjustedToUTC: Bool)
    /// Time since 1970-01-01T00:00:00 as INT64, in UTC or in an unspecified local time.
    case timestamp(TimeUnit, isAdjustedToUTC: Bool)
    /// An unscaled integer: INT32 up to 9 digits, INT64 up to 18, else the fewest bytes that suffice.
    case decimal(precision: Int, scale: Int)
    /// Named fields.
    case structure([BronzeColumn])
    case list(element: BronzeColumn)

    public enum TimeUnit: Sendable, Hashable {
        case milliseconds
        case microseconds
    }

    /// The required outermost value of JSON text.
    public enum JSONRoot: Sendable, Hashable {
        case any
        case object
        case array
    }
}

extension ColumnType {
    /// Whether values consist of other fields' values.
    public var isNested: Bool {
        switch self {
        case .structure, .list: true
        default: false
        }
    }

    /// Whether values are stored as text, which can be searched and masked.
    public var isText: Bool {
        switch self {
        case .string, .json: true
        default: false
        }
    }

    /// The length of values that are stored as fixed-length bytes: 16 for a UUID, or that of a decimal with more than
    /// 18 digits in two's complement.
    public var fixedLength: Int? {
        switch self {
        case .uuid: 16
        case .decimal(let precision, _) where precision > Self.longPrecision: Self.fixedLength(ofDigits: precision)
        default: nil
        }
    }

    /// The number of digits that always fit into an INT64.
    static let longPrecision = 18
    /// The number of digits that always fit into 16 bytes, and the maximum of Spark, Athena and DuckDB.
    static let maximumPrecision = 38
    /// The maximum nesting depth. Each level adds to the levels of every value below it.
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
