internal import Columnar
internal import Contracts

/// The types that accept all single values of one field, as texts.
struct TextProfile {
    /// The candidate types of text that is not a number, narrowest first. A time either has a zone or has none, so at
    /// most one of each pair remains.
    private static let candidates: [ColumnType] = [
        .date, .timestamp(.microseconds, isAdjustedToUTC: false), .timestamp(.microseconds, isAdjustedToUTC: true),
        .time(.microseconds, isAdjustedToUTC: false), .time(.microseconds, isAdjustedToUTC: true), .uuid,
    ]
    private static let distinctLimit = 20

    private var probes = candidates.map { (type: $0, probe: ValueProbe($0), holds: true) }
    private var long = ValueProbe(.int64)
    private var unsignedLong = ValueProbe(.uint64)
    private var double = ValueProbe(.double)
    private var (isLong, isUnsignedLong, isDouble, isBoolean, isJSON) = (true, true, true, true, true)
    private var digits = DigitCount()

    private(set) var count = 0
    private(set) var longest = 0
    private var shortest = Int.max
    /// The distinct values; nil if there are too many for a list.
    private(set) var distinct: [String]? = []
    private var seen: Set<String> = []
    private var repeats = false

    /// Whether no value repeats.
    var isUnique: Bool { count > 0 && !repeats }
    /// The decimal type that keeps all digits, if the values are numbers and such a type exists.
    var exactDecimal: (precision: Int, scale: Int)? { isDouble && count > 0 ? digits.decimal : nil }

    mutating func observe(_ text: String) {
        count += 1
        longest = max(longest, text.unicodeScalars.count)
        shortest = min(shortest, text.unicodeScalars.count)
        for index in probes.indices where probes[index].holds {
            // A date column accepts midnight, but a column of midnights is one of timestamps.
            let isTooLong = probes[index].type == .date && text.utf8.count > 10
            probes[index].holds = !isTooLong && probes[index].probe.accepts(text)
        }
        // A leading zero means that the text is a code, not a number.
        let isCode = Self.hasLeadingZero(text)
        // The readers take 5.0 for an integer, but a column that writes it may hold 5.5 later.
        let isPlain = !isCode && !text.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
        isLong = isLong && isPlain && long.accepts(text)
        isUnsignedLong = isUnsignedLong && isPlain && unsignedLong.accepts(text)
        isDouble = isDouble && !isCode && double.accepts(text)
        if isDouble { digits.observe(text) }
        isBoolean = isBoolean && ["true", "false"].contains(text.lowercased())
        isJSON = isJSON && (text.hasPrefix("{") || text.hasPrefix("[")) && Self.isJSON(text)
        if !repeats { repeats = !seen.insert(text).inserted }
        if repeats, !seen.isEmpty, seen.count > Self.distinctLimit { seen = [] }
        if let values = distinct, !values.contains(text) {
            distinct = values.count < Self.distinctLimit ? values + [text] : nil
        }
    }

    /// The narrowest type that accepts every value and is safe for later ones.
    /// - Parameters:
    ///   - allowsNumbers: Whether the values may be numbers; false if the file itself marks them as text.
    ///   - name: of the column, which may say that they are money; nil inside objects and arrays.
    ///   - isMoney: whether they have a currency.
    func type(allowsNumbers: Bool, name: String? = nil, isMoney: Bool = false) -> ProposedType {
        guard count > 0 else { return .single("string", "string", note: "no value in the sample") }
        if let type = probes.first(where: \.holds)?.type { return Self.named(type) }
        guard allowsNumbers else { return text }
        if isBoolean { return .single("boolean", "boolean") }
        if isLong { return .single("integer", "bigint", note: name.flatMap(epochNote)) }
        // Hive and Athena read an unsigned 64-bit integer as a negative one.
        if isUnsignedLong { return .single("number", "decimal(20,0)", note: "values exceed a bigint") }
        guard isDouble else { return text }
        guard let (precision, scale) = digits.decimal else { return .single("number", "double") }
        if digits.mayHaveThousands {
            return .single(
                "number", "decimal(\(max(precision - scale, 14) + scale),\(scale))",
                note: "every value is also one of the format 1.234,56: check which is meant")
        }
        let isNamedSo = name.map(Self.isMoney) ?? false
        if scale <= 4, precision <= 18, isMoney || isNamedSo || digits.hasCents {
            let note = isMoney || isNamedSo ? "money" : "always two decimals"
            let whole = max(precision - scale, 14)
            return .single(
                "number", "decimal(\(min(whole + max(scale, 2), 38)),\(max(scale, 2)))",
                note: "\(note): kept exactly, which a double is not")
        }
        guard digits.significant > DigitCount.ofDouble else {
            return .single(
                "number", "double",
                note:
                    "at most \(scale) decimals: decimal(\(min(max(precision + 4, 9), 38)),\(scale)) would keep them exactly"
            )
        }
        return .single("number", "decimal(38,\(scale))", note: "more digits than a double keeps")
    }

    /// The parts of names that are amounts of money.
    private static let moneyWords: Set<String> = [
        "price", "amount", "cost", "total", "subtotal", "fee", "balance", "salary", "revenue", "tax", "vat", "discount",
        "payment", "paid", "charge", "fare", "budget", "income", "wage", "refund", "credit", "debit", "money", "usd",
        "eur",
        "gbp", "brl", "inr", "jpy", "chf", "amt", "prices", "amounts", "costs", "fees",
    ]

    private static func isMoney(_ name: String) -> Bool {
        var words: [String] = [""]
        var wasLower = false
        for character in name {
            // unitPrice and unit_price have the same parts.
            if !character.isLetter || character.isUppercase && wasLower { words.append("") }
            if character.isLetter { words[words.count - 1] += character.lowercased() }
            wasLower = character.isLowercase
        }
        return words.contains(where: moneyWords.contains)
    }

    /// A comment for integers that are as large as moments since 1970, in a column whose name says so.
    private func epochNote(_ name: String) -> String? {
        let name = name.lowercased()
        let isMoment =
            ["time", "date", "_at", "_ts", "epoch", "created", "updated", "modified"].contains { name.hasSuffix($0) }
            || name == "ts"
        guard isMoment, shortest == longest else { return nil }
        switch longest {
        case 10: return Self.epochNote("seconds", "epoch_s")
        case 13: return Self.epochNote("milliseconds", "epoch_ms")
        case 16: return Self.epochNote("microseconds", "epoch_us")
        case 19: return Self.epochNote("nanoseconds", "epoch_ns")
        default: return nil
        }
    }

    private static func epochNote(_ unit: String, _ format: String) -> String {
        "\(unit) since 1970? Then: logicalType timestamp, physicalType timestamp, logicalTypeOptions {format: \(format)}"
    }

    private var text: ProposedType {
        isJSON ? .single("string", "json", note: "every value is a JSON object or array") : .single("string", "string")
    }

    private static func named(_ type: ColumnType) -> ProposedType {
        switch type {
        case .date: .single("date", "date")
        case .timestamp(_, isAdjustedToUTC: true): .single("timestamp", "timestamp")
        case .timestamp: .single("timestamp", "timestamp_ntz", note: "no value has a zone")
        case .time:
            .single("string", "string", note: "times of day; with the type time, Spark 3 refuses the whole file")
        default: .single("string", "string", note: "UUIDs; with the type uuid, Spark 3 refuses the whole file")
        }
    }

    private static func hasLeadingZero(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        return digits.count > 1 && digits.first == UInt8(ascii: "0")
            && (0x30...0x39).contains(digits.dropFirst().first ?? 0)
    }

    private static func isJSON(_ text: String) -> Bool {
        var probe = ValueProbe(.json(.any))
        return probe.accepts(text)
    }
}

/// Counts the digits of numbers without an exponent.
private struct DigitCount {
    /// The number of digits that every double keeps.
    static let ofDouble = 15

    private var (whole, fraction) = (0, 0)
    private var hasExponent = false
    private var hasOtherFractions = false
    private var hasOtherGroups = false
    /// Whether each point may stand between thousands, and a decimal point is not more likely.
    var mayHaveThousands: Bool { fraction == 3 && !hasOtherGroups && !hasExponent }
    /// Whether all numbers have two digits behind the point.
    var hasCents: Bool { fraction == 2 && !hasOtherFractions }
    private(set) var significant = 0

    /// The decimal type that keeps all digits; nil if there is none.
    var decimal: (precision: Int, scale: Int)? {
        guard !hasExponent, whole + fraction <= 38 else { return nil }
        return (max(whole + fraction, 1), fraction)
    }

    mutating func observe(_ text: String) {
        let parts = text.utf8.drop { $0 == UInt8(ascii: "-") }.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ $0.allSatisfy { (0x30...0x39).contains($0) } }) else {
            hasExponent = true
            return
        }
        let (before, after) = (parts[0].drop { $0 == UInt8(ascii: "0") }.count, parts.count == 2 ? parts[1].count : 0)
        whole = max(whole, before)
        fraction = max(fraction, after)
        hasOtherFractions = hasOtherFractions || after != 2
        // 0.125 has no thousands, and 1234.5 would have two points.
        let isGroup = parts.count == 2 ? after == 3 && (1...3).contains(before) : before <= 3
        hasOtherGroups = hasOtherGroups || !isGroup
        significant = max(significant, before + after)
    }
}
