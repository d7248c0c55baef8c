internal import Columnar
internal import Contracts

/// What the texts of a column are that are neither numbers nor dates as computers write them.
struct FormatGuess {
    /// The words among the texts that stand for nulls, and how many texts are one.
    private(set) var nulls: [String] = []
    private(set) var nullCount = 0
    private(set) var type: ProposedType

    private static let nullWords: Set<String> = [
        "NULL", "null", "Null", "NA", "N/A", "n/a", "\\N", "None", "none", "nil", "-", "--", "?", "#N/A",
        "(null)", "<null>",
    ]

    /// Nil if the texts are just texts.
    /// - Parameters:
    ///   - texts: those of all rows, at least one.
    ///   - name: the column's, which may say that numbers are money.
    init?(_ texts: [String], name: String, allowsNulls: Bool) {
        let markers = allowsNulls ? texts.filter(Self.nullWords.contains) : []
        let values = allowsNulls ? texts.filter { !Self.nullWords.contains($0) } : texts
        guard !values.isEmpty else { return nil }
        if !markers.isEmpty {
            var profile = TextProfile()
            for value in values { profile.observe(value) }
            if case .single(let logicalType, let physicalType, let note) = profile.type(allowsNumbers: true, name: name),
                logicalType != "string"
            {
                type = .single(logicalType, physicalType, note: note)
                take(markers)
                return
            }
        }
        guard let found = Self.number(values, name: name) ?? Self.time(values) else { return nil }
        type = found
        take(markers)
    }

    private mutating func take(_ markers: [String]) {
        nulls = Set(markers).sorted()
        nullCount = markers.count
    }

    // MARK: Numbers

    private static func number(_ values: [String], name: String) -> ProposedType? {
        guard values.allSatisfy({ $0.utf8.count <= 40 && $0.contains(where: \.isNumber) }) else { return nil }
        // What a computer may have written is text for a reason: the file says so, or the numbers are codes.
        var plain = ValueProbe(.double)
        guard values.contains(where: { !plain.accepts($0) }) else { return nil }
        let units = Set(values.prefix(1000).compactMap(unit)).sorted()
        guard units.count <= 1, units.allSatisfy(\.isCurrencyOrPercent) else { return nil }
        let (front, back) = (units.first?.front ?? "", units.first?.back ?? "")
        let examples = ["1234.56", "1,234.56", "1.234,56", "1 234,56", "1 234.56", "1'234.56", "1'234,56", "1234,56"]
            .flatMap {
                number -> [String] in
                let text = front + number + back
                return ["\(text)", "(\(text))", "\(text)-"]
            }
        let fitting = examples.compactMap { NumberFormat(example: $0) }.filter { format in
            guard !format.isPlain else { return false }
            var probe = ValueProbe(.double, format: .number(format))
            return values.allSatisfy { probe.accepts($0) }
        }
        guard let format = fitting.first else { return nil }
        var profile = TextProfile()
        for value in values { profile.observe(ValueProbe.plain(value, .number(format)) ?? value) }
        // Codes such as 00-12 are no numbers.
        guard
            case .single(let logicalType, let physicalType, _) = profile.type(
                allowsNumbers: true, name: name, isMoney: !units.isEmpty && back != "%"),
            logicalType != "string"
        else { return nil }
        let other = fitting.first { $0.point != format.point }
        let note =
            other.map { "every value is also one of the format \($0.example): check which is meant" }
            ?? (front + back == "%" ? "12.5% becomes 12.5" : nil)
        return .formatted(
            logicalType, physicalType,
            ["customProperties: [{property: numberFormat, value: \(YAMLText.scalar(format.example))}]"], note: note)
    }

    private struct Unit: Hashable, Comparable {
        let front: String
        let back: String

        /// Names with numbers, such as `Room 12`, are no amounts.
        var isCurrencyOrPercent: Bool {
            let text = (front + back).filter { !$0.isWhitespace }
            return text == "%" || Self.currencies.contains(text)
                || text.count <= 4 && text.unicodeScalars.contains { $0.properties.generalCategory == .currencySymbol }
        }

        private static let currencies: Set<String> = [
            "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP",
            "HKD",
            "HUF", "IDR", "ILS", "INR", "JPY", "KES", "KRW", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PLN",
            "RON",
            "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR", "kr", "zł", "Kč", "Ft", "lei",
            "Fr",
        ]

        static func < (one: Unit, other: Unit) -> Bool { (one.front, one.back) < (other.front, other.back) }
    }

    /// What stands before or behind the digits of a number, as `$` or ` EUR`; nil for neither or both.
    private static func unit(of text: String) -> Unit? {
        let inner = text.filter { !"()-".contains($0) }
        guard let first = inner.firstIndex(where: \.isNumber), let last = inner.lastIndex(where: \.isNumber) else {
            return nil
        }
        let (front, back) = (String(inner[..<first]), String(inner[inner.index(after: last)...]))
        return front.isEmpty == back.isEmpty ? nil : Unit(front: front, back: back)
    }

    // MARK: Dates and times

    private static let dates = [
        "yyyy/MM/dd", "yyyy.MM.dd", "dd.MM.yyyy", "d.M.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "d/M/yyyy", "M/d/yyyy",
        "dd-MM-yyyy", "MM-dd-yyyy", "yyyy-M-d", "dd-MMM-yyyy", "d-MMM-yy", "d MMM yyyy", "MMM d, yyyy", "dd.MM.yy",
        "dd/MM/yy", "MM/dd/yy", "d.M.yy", "d/M/yy", "M/d/yy", "dd-MM-yy", "MM-dd-yy",
    ]
    private static let times = [
        " HH:mm:ss", " HH:mm", " HH:mm:ss.S", " H:mm", " H:mm:ss", " h:mm a", " h:mm:ss a", " hh:mm:ss a",
        "'T'HH:mm:ss",
        "'T'HH:mm", ", HH:mm", ", HH:mm:ss", ", h:mm:ss a", " HH.mm",
    ]

    private static func time(_ values: [String]) -> ProposedType? {
        guard values.allSatisfy({ $0.utf8.count <= 40 && $0.contains(where: \.isNumber) }) else { return nil }
        func fitting(_ patterns: [String], _ type: ColumnType) -> [TimePattern] {
            patterns.compactMap { TimePattern($0) }.filter { pattern in
                var probe = ValueProbe(type, format: .time(pattern))
                return values.allSatisfy { probe.accepts($0) }
            }
        }
        for (physicalType, isUTC) in [("timestamp_ntz", false), ("timestamp", true)] {
            var probe = ValueProbe(.timestamp(.microseconds, isAdjustedToUTC: isUTC), truncates: true)
            if values.allSatisfy({ probe.accepts($0) }) {
                return .formatted(
                    "timestamp", physicalType, ["customProperties: [{property: excessFraction, value: truncate}]"],
                    note: "digits beyond microseconds are cut off")
            }
        }
        var (found, isDate) = (fitting(dates, .date), true)
        if found.isEmpty {
            let patterns = (dates + ["yyyy-MM-dd", "EEE, dd MMM yyyy"]).flatMap { date in times.map { date + $0 } }
            (found, isDate) = (fitting(patterns, .timestamp(.microseconds, isAdjustedToUTC: false)), false)
        }
        guard let first = found.first else { return nil }
        let other = found.first { $0.beginsWithMonth != first.beginsWithMonth }
        let note = other.map { "every value is also one of the format \($0.text): check which is meant" }
        return .formatted(
            isDate ? "date" : "timestamp", isDate ? "date" : "timestamp_ntz",
            ["logicalTypeOptions: {format: \(YAMLText.scalar(first.text))}"], note: note)
    }
}

extension TimePattern {
    fileprivate var beginsWithMonth: Bool { if case .month = parts.first { true } else { false } }
}
