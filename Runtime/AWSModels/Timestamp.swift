#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An instant in UTC with millisecond precision, as in AWS's messages and the control record.
///
/// The RFC 3339 text has a fixed width, so texts compare as the instants do.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3339>
public struct Timestamp: Sendable, Hashable {
    public let millisecondsSinceEpoch: Int64

    public init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

    /// The current time of the wall clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The instant `milliseconds` later.
    public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: millisecondsSinceEpoch + milliseconds)
    }

    /// Milliseconds from `earlier` to this instant.
    public func milliseconds(since earlier: Timestamp) -> Int64 {
        millisecondsSinceEpoch - earlier.millisecondsSinceEpoch
    }
}

extension Timestamp: Comparable {
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}

// MARK: Text

extension Timestamp: CustomStringConvertible {
    /// `2026-03-01T09:30:00.250Z`
    public var rfc3339: String {
        let (date, time) = (calendarDate, timeOfDay)
        return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))"
            + "T\(digits(time.hour, 2)):\(digits(time.minute, 2)):\(digits(time.second, 2))"
            + ".\(digits(time.millisecond, 3))Z"
    }

    /// `20260301T093000Z`, the form that Signature Version 4 signs.
    public var basicISO8601: String {
        let (date, time) = (calendarDate, timeOfDay)
        return "\(digits(date.year, 4))\(digits(date.month, 2))\(digits(date.day, 2))"
            + "T\(digits(time.hour, 2))\(digits(time.minute, 2))\(digits(time.second, 2))Z"
    }

    public var description: String { rfc3339 }

    /// Parses `2026-03-01T09:30:00Z`, with or without a fraction, with `Z` or an offset such as `+02:00`. Digits beyond
    /// milliseconds are dropped. Nil for any other text.
    public init?(rfc3339 text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), (1...12).contains(month), day >= 1,
            day <= CalendarDate.daysIn(month: month, year: year), hour < 24, minute < 60, second <= 60
        else { return nil }
        var millisecond = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            millisecond = fraction
        }
        guard let offset = reader.offsetInMinutes(), reader.isAtEnd else { return nil }
        let days = CalendarDate(year: year, month: month, day: day).daysSinceEpoch
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
        self.init(millisecondsSinceEpoch: Int64(seconds) * 1000 + Int64(millisecond))
    }

    private func digits(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

// MARK: Calendar

extension Timestamp {
    private static let millisecondsInDay: Int64 = 86_400_000

    /// The day in UTC.
    public var calendarDate: CalendarDate {
        let days = millisecondsSinceEpoch.quotientRoundingDown(by: Self.millisecondsInDay)
        return CalendarDate(daysSinceEpoch: Int(days))
    }

    private var timeOfDay: (hour: Int, minute: Int, second: Int, millisecond: Int) {
        let days = millisecondsSinceEpoch.quotientRoundingDown(by: Self.millisecondsInDay)
        let rest = Int(millisecondsSinceEpoch - days * Self.millisecondsInDay)
        return (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000)
    }
}

/// A day of the proleptic Gregorian calendar.
public struct CalendarDate: Sendable, Hashable {
    public let year: Int
    public let month: Int
    public let day: Int

    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// - SeeAlso: <https://howardhinnant.github.io/date_algorithms.html> (civil_from_days)
    init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.quotientRoundingDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.quotientRoundingDown(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func daysIn(month: Int, year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }
}

extension BinaryInteger {
    fileprivate func quotientRoundingDown(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

private struct DigitReader {
    private let text: [UInt8]
    private var at = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool { at == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < text.count, UInt32(text[at]) == character.value else { return false }
        at += 1
        return true
    }

    mutating func number(_ width: Int) -> Int? {
        guard at + width <= text.count else { return nil }
        var value = 0
        for byte in text[at..<at + width] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        at += width
        return value
    }

    /// The digits after the point, in milliseconds.
    mutating func fraction() -> Int? {
        var (value, count) = (0, 0)
        while let digit = number(1) {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }

    mutating func offsetInMinutes() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
