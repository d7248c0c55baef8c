// The names that databases have for the types of `TypeNames.swift`.

/// A physical type as a database writes it: words, and arguments in parentheses, as in `timestamp(3) without time zone`.
struct DatabaseType {
    let words: String
    let arguments: [Int]?
    private let hasParentheses: Bool

    /// - Parameter name: in lower case.
    init(_ name: String) {
        let name = Self.withParentheses(name)
        guard let opening = name.firstIndex(of: "("), let closing = name[opening...].firstIndex(of: ")") else {
            (words, arguments, hasParentheses) = (Self.joined(name), nil, false)
            return
        }
        hasParentheses = true
        words = Self.joined(name[..<opening] + " " + name[name.index(after: closing)...])
        let texts = name[name.index(after: opening)..<closing].split(separator: ",", omittingEmptySubsequences: false)
        let numbers = texts.compactMap { Int($0.filter { $0 != " " }) }
        arguments = numbers.count == texts.count ? numbers : nil
    }

    /// The name with `(15)` for `[15]`, and `(12,2)` for `[12,2]`, as some tools write lengths. `text[]` is a list.
    static func withParentheses(_ name: String) -> String {
        guard name.hasSuffix("]"), let opening = name.lastIndex(of: "["),
            name[name.index(after: opening)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
                .allSatisfy({ Int($0) != nil })
        else { return name }
        return name[..<opening] + "(" + name[name.index(after: opening)...].dropLast() + ")"
    }

    /// Whether this is a decimal of which is not said how many digits it has.
    var isDecimalOfAnySize: Bool { !hasParentheses && ["decimal", "numeric", "number", "dec"].contains(words) }

    private static func joined(_ text: some StringProtocol) -> String {
        text.split(separator: " ").joined(separator: " ")
    }

    /// The name that `TypeNames.swift` knows; nil if this is no other name for one.
    func name(for logicalType: String) -> String? {
        switch logicalType {
        case "string": Self.texts[words]
        case "integer": Self.integers[words] ?? wholeNumber
        case "number":
            if words == "number", let arguments {
                "decimal(\(arguments.map(String.init).joined(separator: ",")))"
            } else if isDecimalOfAnySize {
                // As BigQuery has it.
                "decimal(38,9)"
            } else if ["float", "double"].contains(words), arguments?.count == 2 {
                // MySQL's: the digits are for showing, the width is that of the word.
                words
            } else {
                Self.numbers[words] ?? Self.integers[words]
            }
        case "boolean": words == "bit" || (words == "tinyint" && arguments == [1]) ? "boolean" : nil
        case "timestamp", "time": time
        default: nil
        }
    }

    /// A decimal without digits after the point, as the integer that holds all its values.
    private var wholeNumber: String? {
        guard ["number", "decimal", "numeric"].contains(words), let arguments, let precision = arguments.first,
            arguments.count == 1 || arguments == [precision, 0], (1...18).contains(precision)
        else { return nil }
        return precision <= 9 ? "int" : "bigint"
    }

    /// A time with so many digits after the point; SQL Server's have seven, of which the last must be zero or is cut off by
    /// `excessFraction`.
    private var time: String? {
        let name = Self.times[words]
        let digits = arguments?.first ?? 6
        guard arguments?.count ?? 1 == 1, (0...(name?.isFromSQLServer == true ? 7 : 6)).contains(digits) else {
            return nil
        }
        return (name?.name ?? words) + (digits <= 3 ? "(3)" : "")
    }

    private static let texts: [String: String] = [
        "character varying": "varchar", "character": "char", "nvarchar": "varchar", "nchar": "char",
        "varchar2": "varchar", "nvarchar2": "varchar", "bpchar": "char", "clob": "text", "nclob": "text",
        "ntext": "text", "tinytext": "text", "mediumtext": "text", "longtext": "text", "uniqueidentifier": "uuid",
        "xml": "text",
        "citext": "text", "enum": "text",
    ]
    private static let integers: [String: String] = [
        "int4": "int", "int2": "smallint", "mediumint": "int", "serial": "int", "bigserial": "bigint",
        "smallserial": "smallint",
    ]
    private static let numbers: [String: String] = [
        "double precision": "double", "float8": "double", "float4": "float", "binary_double": "double",
        "binary_float": "float", "money": "decimal(19,4)", "smallmoney": "decimal(10,4)",
    ]
    private static let times: [String: (name: String, isFromSQLServer: Bool)] = [
        "timestamp without time zone": ("timestamp_ntz", false), "timestamp with time zone": ("timestamptz", false),
        "timestamp with local time zone": ("timestamptz", false), "timestamp_tz": ("timestamptz", false),
        "timestamp_ltz": ("timestamptz", false), "datetime2": ("datetime", true), "smalldatetime": ("datetime", true),
        "datetimeoffset": ("timestamptz", true), "time without time zone": ("time", false),
        "time with time zone": ("timetz", false),
    ]
}
