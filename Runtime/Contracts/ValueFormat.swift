internal import YAML

/// How the texts of a column are written where they are not numbers and dates as computers write them.
public enum ValueFormat: Sendable, Hashable {
    /// With this decimal point, and maybe with this mark between groups of three digits.
    case number(point: UInt8, group: UInt8)
    case date([DatePart])

    public enum DatePart: Sendable, Hashable {
        /// Four digits.
        case year
        /// So many digits at least; two at most.
        case month(digits: Int)
        case day(digits: Int)
        case mark(UInt8)
    }
}

/// The custom property `numberFormat`: one number, written so.
private enum NumberFormat: String, CaseIterable {
    case plain = "1234.56"
    case comma = "1,234.56"
    case point = "1.234,56"
    case space = "1 234,56"
    case apostrophe = "1'234.56"

    var format: ValueFormat? {
        switch self {
        case .plain: nil
        case .comma: .number(point: UInt8(ascii: "."), group: UInt8(ascii: ","))
        case .point: .number(point: UInt8(ascii: ","), group: UInt8(ascii: "."))
        case .space: .number(point: UInt8(ascii: ","), group: UInt8(ascii: " "))
        case .apostrophe: .number(point: UInt8(ascii: "."), group: UInt8(ascii: "'"))
        }
    }
}

extension ValueFormat {
    /// A pattern of `yyyy`, `MM` or `M`, `dd` or `d`, each once, with at most one mark between two; nil for any other, and
    /// for parts that could not be told apart.
    /// - SeeAlso: <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html>
    init?(datePattern pattern: String) {
        var parts: [DatePart] = []
        var rest = Substring(pattern)
        while let first = rest.first {
            let run = rest.prefix { $0 == first }
            rest = rest.dropFirst(run.count)
            switch (first, run.count) {
            case ("y", 4), ("u", 4): parts.append(.year)
            case ("M", 1...2): parts.append(.month(digits: run.count))
            case ("d", 1...2): parts.append(.day(digits: run.count))
            case (".", 1), ("/", 1), ("-", 1), (" ", 1): parts.append(.mark(first.asciiValue ?? 0))
            default: return nil
            }
        }
        func count(_ isWanted: (DatePart) -> Bool) -> Int { parts.count(where: isWanted) }
        let isMark = { (part: DatePart) in if case .mark = part { true } else { false } }
        let isOpen = { (part: DatePart) in part == .month(digits: 1) || part == .day(digits: 1) }
        guard count({ $0 == .year }) == 1, count({ if case .month = $0 { true } else { false } }) == 1,
            count({ if case .day = $0 { true } else { false } }) == 1, let first = parts.first, let last = parts.last,
            !isMark(first), !isMark(last)
        else { return nil }
        // A part of one digit or two must end at a mark.
        for (part, next) in zip(parts, parts.dropFirst()) where isOpen(part) && !isMark(next) { return nil }
        self = .date(parts)
    }
}

extension ContractKey {
    /// The format of the values: `format` in `logicalTypeOptions` of a date, and the custom property `numberFormat` of a number;
    /// nil for the usual one.
    func valueFormat(of type: ColumnType) throws(ContractError) -> ValueFormat? {
        if let property = try customProperty("numberFormat") {
            let choice = try property.choice(NumberFormat.self)
            guard type.isNumber else {
                throw property.fault("'numberFormat' is for integers and numbers; this column is \(type)")
            }
            return choice.format
        }
        guard let key = optional("logicalTypeOptions")?.optional("format") else { return nil }
        let pattern = try key.string()
        switch type {
        case .date:
            if pattern == "yyyy-MM-dd" { return nil }
            guard let format = ValueFormat(datePattern: pattern) else {
                throw key.fault(
                    "the date format '\(pattern)' is not supported; use yyyy, MM or M, dd or d, each once, and one of . / - "
                        + "or a space between them, such as dd.MM.yyyy")
            }
            return format
        case .timestamp, .time:
            if !Self.isISO(pattern) {
                faults.warn(
                    key.fault(
                        "'\(pattern)' has no effect: times and timestamps are read as ISO 8601 has them, such as "
                            + "yyyy-MM-dd'T'HH:mm:ss"))
            }
            return nil
        default: return nil
        }
    }

    /// Whether a pattern describes what is read anyhow: ISO 8601, with or without a fraction and a zone.
    private static func isISO(_ pattern: String) -> Bool {
        var rest = pattern.filter { $0 != "'" }
        for start in ["yyyy-MM-ddTHH:mm", "yyyy-MM-dd HH:mm", "HH:mm"] where rest.hasPrefix(start) {
            rest.removeFirst(start.count)
            if rest.hasPrefix(":ss") { rest.removeFirst(3) }
            return rest.allSatisfy { ".S[]XxZz:+0123456789".contains($0) }
        }
        return ["ISO8601", "iso8601", "date-time", "rfc3339", "RFC3339"].contains(pattern)
    }
}

extension ColumnType {
    fileprivate var isNumber: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float, .double, .decimal: true
        default: false
        }
    }
}
