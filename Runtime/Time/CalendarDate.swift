/// A day of the proleptic Gregorian calendar.
///
/// Days are counted in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
/// - SeeAlso: <https://howardhinnant.github.io/date_algorithms.html>
@frozen public struct CalendarDate: Sendable, Hashable {
    public let year: Int
    /// 1 is January.
    public let month: Int
    /// 1 is the month's first day.
    public let day: Int

    /// Nil when the month has no such day, or the year no such month.
    @inlinable public init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that is so many days after 1970-01-01, or before it where the number is negative.
    @inlinable public init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + Self.daysFromFirstEraToEpoch
        let era = (shifted >= 0 ? shifted : shifted - (Self.daysInEra - 1)) / Self.daysInEra
        let dayOfEra = shifted - era * Self.daysInEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (monthFromMarch < 10 ? 0 : 1)
    }

    /// Days since 1970-01-01, negative before it.
    @inlinable public var daysSinceEpoch: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * Self.daysInEra + dayOfEra - Self.daysFromFirstEraToEpoch
    }

    /// The day of the week: 0 is Sunday, 6 is Saturday.
    public var weekday: Int { ((daysSinceEpoch + 4) % 7 + 7) % 7 }

    /// - Parameter month: 1 to 12.
    @inlinable public static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    @usableFromInline static var daysInEra: Int { @inlinable get { 146_097 } }
    /// From 0000-03-01 to 1970-01-01.
    @usableFromInline static var daysFromFirstEraToEpoch: Int { @inlinable get { 719_468 } }
}
