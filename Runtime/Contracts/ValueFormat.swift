internal import YAML

/// How the texts of a column are written where they are not numbers and dates as computers write them.
public enum ValueFormat: Sendable, Hashable {
    case number(NumberFormat)
    /// A date, a time of day or both.
    case time(TimePattern)
    /// A timestamp as a number: so many units since 1970-01-01T00:00:00Z.
    case epoch(EpochUnit)

    public enum EpochUnit: String, Sendable, Hashable, CaseIterable {
        case seconds = "epoch_s"
        case milliseconds = "epoch_ms"
        case microseconds = "epoch_us"
        case nanoseconds = "epoch_ns"

        /// How many digits of the number are a fraction of a second.
        public var fractionDigits: Int {
            switch self {
            case .seconds: 0
            case .milliseconds: 3
            case .microseconds: 6
            case .nanoseconds: 9
            }
        }
    }
}

extension ContractKey {
    /// The format of the values: `format` in `logicalTypeOptions` of a date or time, and the custom property `numberFormat` of a
    /// number; nil for the usual one.
    func valueFormat(of type: ColumnType) throws(ContractError) -> ValueFormat? {
        if let property = try customProperty("numberFormat") {
            guard let format = NumberFormat(example: try property.string()) else {
                throw property.fault("'\(try property.string())' is not a number format; \(NumberFormat.expectation)")
            }
            guard type.isNumber else {
                throw property.fault("'numberFormat' is for integers and numbers; this column is \(type)")
            }
            return format.isPlain ? nil : .number(format)
        }
        guard let key = optional("logicalTypeOptions")?.optional("format") else { return nil }
        let text = try key.string()
        switch type {
        case .timestamp:
            if let unit = ValueFormat.EpochUnit(rawValue: text) { return .epoch(unit) }
            if Self.isISO(text, hasDate: true) { return nil }
            let units = ValueFormat.EpochUnit.allCases.map(\.rawValue).joined(separator: ", ")
            return try key.timeFormat(orElse: ", or one of \(units) for numbers since 1970") { $0.hasDate }
        case .date: return text == "yyyy-MM-dd" || text == "date" ? nil : try key.timeFormat { $0.hasDate }
        case .time: return Self.isISO(text, hasDate: false) ? nil : try key.timeFormat { $0.hasTime && !$0.hasDate }
        default: return nil
        }
    }

    private func timeFormat(
        orElse others: String = "", _ fits: (TimePattern) -> Bool
    ) throws(ContractError) -> ValueFormat {
        let text = try string()
        guard let pattern = TimePattern(text), fits(pattern) else {
            throw fault("the format '\(text)' is not supported; \(TimePattern.expectation)\(others)")
        }
        return .time(pattern)
    }

    /// Whether a pattern describes what is read anyhow: ISO 8601, with or without a fraction and a zone.
    private static func isISO(_ pattern: String, hasDate: Bool) -> Bool {
        var rest = pattern.filter { $0 != "'" }
        for start in hasDate ? ["yyyy-MM-ddTHH:mm", "yyyy-MM-dd HH:mm"] : ["HH:mm"] where rest.hasPrefix(start) {
            rest.removeFirst(start.count)
            if rest.hasPrefix(":ss") { rest.removeFirst(3) }
            return rest.allSatisfy { ".S[]XxZz:+0123456789".contains($0) }
        }
        return ["ISO8601", "iso8601", "date-time", "time", "rfc3339", "RFC3339"].contains(pattern)
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
