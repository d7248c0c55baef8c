internal import Contracts
internal import Time

// Dates and times in ISO 8601, as written by databases: nothing is guessed, and nothing smaller than a microsecond is
// cut off unless the contract says so.

extension ColumnType.TimeUnit {
    var fractionDigits: Int { self == .milliseconds ? 3 : 6 }
    var perSecond: Int64 { self == .milliseconds ? 1000 : 1_000_000 }
}

extension FieldText {
    /// Days since 1970-01-01 of a date `YYYY-MM-DD` in the years 1 to 9999 of the Gregorian calendar. Midnight may follow, in
    /// no zone or in UTC, as programs write it that have no dates but timestamps.
    func parseDate() throws(FieldFault) -> Int32 {
        guard count == 10 || count >= 16, let days = days(at: 0) else {
            throw FieldFault(
                .notADate,
                "is not a date; expected YYYY-MM-DD, or the 'format' in the contract's logicalTypeOptions"
                    + nullHint)
        }
        guard count == 10 || isMidnight(at: 10) else {
            throw FieldFault(.notADate, "has a time of day or a zone; a date has none, or midnight")
        }
        return Int32(days)
    }

    /// Whether a time of zeros alone follows, in no zone or in UTC.
    private func isMidnight(at start: Int) -> Bool {
        guard self[start] == UInt8(ascii: "T") || self[start] == UInt8(ascii: " ") else { return false }
        var index = start + 1
        guard let second = parseSecondOfDay(&index), second == 0,
            let fraction = try? parseFraction(&index, .microseconds, false), fraction == 0,
            let offset = parseZone(&index), offset == 0
        else { return false }
        return index == count
    }

    /// Units since 1970-01-01T00:00:00 of `YYYY-MM-DDTHH:MM:SS`, where a space may stand for the T, where the seconds may
    /// be missing, and where after them a fraction of up to 9 digits (zeros beyond the unit), and a zone (`Z`, `UTC`, `+HH`,
    /// `+HHMM`, `+HH:MM`) may follow, which SQL Server and BigQuery write behind a space.
    ///
    /// In UTC a text without a zone is UTC; a local time must not have one. 24:00 and leap seconds do not exist here. The
    /// years are 1 to 9999, in UTC too.
    /// - Parameter truncates: whether digits beyond the unit are cut off.
    func parseTimestamp(
        _ unit: ColumnType.TimeUnit, isAdjustedToUTC: Bool, truncates: Bool = false
    ) throws(FieldFault) -> Int64 {
        var index = 11
        guard count >= 16, let days = days(at: 0),
            self[10] | 0x20 == UInt8(ascii: "t") || self[10] == UInt8(ascii: " "),
            let second = parseSecondOfDay(&index)
        else {
            throw FieldFault(.notATimestamp, Self.notATimestamp.complaint + formatHint)
        }
        let parts = try parseParts(&index, unit, isAdjustedToUTC, truncates, otherwise: Self.notATimestamp)
        let seconds = Int64(days) * 86400 + second - parts.offset
        guard Self.secondsOfYears1To9999.contains(seconds) else {
            throw FieldFault(.notATimestamp, "is outside the years 1 to 9999 in UTC")
        }
        return seconds * unit.perSecond + parts.fraction
    }

    /// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    private static var secondsOfYears1To9999: ClosedRange<Int64> { -62_135_596_800...253_402_300_799 }

    /// Units since midnight of `HH:MM` or `HH:MM:SS`, with a fraction and a zone as timestamps have them. With a zone it is
    /// the time of day in UTC at that moment.
    func parseTime(
        _ unit: ColumnType.TimeUnit, isAdjustedToUTC: Bool, truncates: Bool = false
    ) throws(FieldFault) -> Int64 {
        var index = 0
        guard let second = parseSecondOfDay(&index) else { throw Self.notATime }
        let parts = try parseParts(&index, unit, isAdjustedToUTC, truncates, otherwise: Self.notATime)
        return (second - parts.offset + 2 * 86400) % 86400 * unit.perSecond + parts.fraction
    }

    private static var notATimestamp: FieldFault {
        FieldFault(.notATimestamp, "is not a timestamp; expected YYYY-MM-DDTHH:MM[:SS[.ffffff]][Z or +HH:MM]")
    }

    /// Advice for what may be a timestamp in another form.
    private var formatHint: String {
        let digits = first == UInt8(ascii: "-") ? dropFirst() : self[...]
        if digits.count >= 9, digits.count <= 20, digits.allSatisfy(\.isDigit) {
            let unit =
                switch digits.count {
                case ..<12: "epoch_s"
                case ..<15: "epoch_ms"
                case ..<18: "epoch_us"
                default: "epoch_ns"
                }
            return "; if it counts from 1970, say so in the column's logicalTypeOptions: {format: \(unit)}"
        }
        let isISO = count > 10 && self[4] == UInt8(ascii: "-") && self[7] == UInt8(ascii: "-")
        guard count >= 8, count <= 40, contains(where: \.isDigit), !isISO else { return nullHint }
        return
            "; if it is meant so, say how with the 'format' in the column's logicalTypeOptions, such as dd/MM/yyyy HH:mm:ss"
    }

    /// Advice for a word that stands for a null.
    private var nullHint: String {
        let word = String(decoding: prefix(8), as: UTF8.self).lowercased()
        return ["null", "na", "n/a", "none", "nan", "nat", "\\n", "nil", "-", "0000-00-"].contains(word)
            ? "; if it stands for a null, say so with the contract's custom property 'csvNull'" : ""
    }

    private static var notATime: FieldFault {
        FieldFault(.notATime, "is not a time; expected HH:MM[:SS[.ffffff]][Z or +HH:MM]")
    }

    /// The seconds since midnight of `HH:MM` or `HH:MM:SS` at `index`, which moves behind it; nil if it is neither.
    private func parseSecondOfDay(_ index: inout Int) -> Int64? {
        guard let hour = number(at: index, digits: 2), hour < 24, index + 5 <= count,
            self[index + 2] == UInt8(ascii: ":"), let minute = number(at: index + 3, digits: 2), minute < 60
        else {
            return nil
        }
        index += 5
        guard index < count, self[index] == UInt8(ascii: ":") else { return Int64(hour * 3600 + minute * 60) }
        guard let second = number(at: index + 1, digits: 2), second < 60 else { return nil }
        index += 3
        return Int64(hour * 3600 + minute * 60 + second)
    }

    /// What follows the time of day: a fraction in units, and a zone's seconds east of UTC. Nothing else may follow.
    private func parseParts(
        _ index: inout Int, _ unit: ColumnType.TimeUnit, _ isAdjustedToUTC: Bool, _ truncates: Bool,
        otherwise fault: FieldFault
    ) throws(FieldFault) -> (fraction: Int64, offset: Int64) {
        guard let fraction = try parseFraction(&index, unit, truncates) else { throw fault }
        let hasZone = index < count
        guard let offset = parseZone(&index), index == count else { throw fault }
        guard isAdjustedToUTC || !hasZone else {
            throw FieldFault(fault.reason, "has a time zone, and the column is of local time")
        }
        return (fraction, Int64(offset))
    }

    /// The fraction that may begin at `index`, in units; nil if it is none.
    private func parseFraction(
        _ index: inout Int, _ unit: ColumnType.TimeUnit, _ truncates: Bool
    ) throws(FieldFault) -> Int64? {
        // Only seconds have a fraction: there are two colons before it.
        // ISO 8601 has a comma beside the point.
        guard index < count, self[index] == UInt8(ascii: ".") || self[index] == UInt8(ascii: ","), index >= 8,
            self[index - 3] == UInt8(ascii: ":"),
            self[index - 6] == UInt8(ascii: ":")
        else { return 0 }
        index += 1
        let digits = self[index...].prefix { $0.isDigit }
        guard (1...9).contains(digits.count) else { return nil }
        guard truncates || digits.dropFirst(unit.fractionDigits).allSatisfy({ $0 == UInt8(ascii: "0") }) else {
            throw FieldFault(
                .outOfRange,
                "is finer than a \(unit == .milliseconds ? "millisecond" : "microsecond"); the contract's "
                    + "'excessFraction: truncate' cuts it off")
        }
        index += digits.count
        var value: Int64 = 0
        for place in 0..<unit.fractionDigits {
            value = value * 10 + (place < digits.count ? Int64(digits[digits.startIndex + place].digit) : 0)
        }
        return value
    }

    /// The seconds east of UTC of the zone that may begin at `index`; nil if it is none.
    private func parseZone(_ index: inout Int) -> Int? {
        guard index < count else { return 0 }
        if self[index] == UInt8(ascii: " ") {
            index += 1
            guard index < count else { return nil }
        }
        if count - index == 3, self[index...].elementsEqual("UTC".utf8) {
            index = count
            return 0
        }
        let sign = self[index]
        index += 1
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(at: index, digits: 2) else {
            return nil
        }
        index += 2
        var minutes = 0
        if index < count {
            if self[index] == UInt8(ascii: ":") { index += 1 }
            guard let given = number(at: index, digits: 2) else { return nil }
            minutes = given
            index += 2
        }
        guard hours < 24, minutes < 60 else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// The number in exactly `digits` digits; nil where there are fewer.
    private func number(at index: Int, digits: Int) -> Int? {
        guard index + digits <= count else { return nil }
        var value = 0
        for byte in self[index..<index + digits] {
            guard byte.isDigit else { return nil }
            value = value * 10 + byte.digit
        }
        return value
    }

    private func days(at index: Int) -> Int? {
        guard let year = number(at: index, digits: 4), year >= 1, index + 10 <= count,
            self[index + 4] == UInt8(ascii: "-"), let month = number(at: index + 5, digits: 2),
            self[index + 7] == UInt8(ascii: "-"), let day = number(at: index + 8, digits: 2)
        else {
            return nil
        }
        return CalendarDate(year: year, month: month, day: day)?.daysSinceEpoch
    }
}
