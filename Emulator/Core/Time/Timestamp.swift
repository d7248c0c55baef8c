package import JSON

/// A moment in UTC, written the ways AWS's protocols write it.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// `2026-02-03T16:45:09.120Z`
    package var iso8601: String {
        let (day, second) = dayAndSecond
        let (year, month, date) = Self.calendarDate(ofDay: day)
        let fraction = Self.padded(Int(milliseconds - (day * 86400 + second) * 1000), 3)
        return
            "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(date, 2))T\(Self.clock(second)).\(fraction)Z"
    }

    /// `Tue, 03 Feb 2026 16:45:09 GMT`
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats>
    package var httpDate: String {
        let (day, second) = dayAndSecond
        let (year, month, date) = Self.calendarDate(ofDay: day)
        let weekday = Self.weekdays[Int(((day + 4) % 7 + 7) % 7)]
        return
            "\(weekday), \(Self.padded(date, 2)) \(Self.months[month - 1]) \(Self.padded(year, 4)) \(Self.clock(second)) GMT"
    }

    /// Reads `Tue, 03 Feb 2026 16:45:09 GMT`; nil when `httpDate` has another form.
    package init?(httpDate: String) {
        let words = httpDate.split(whereSeparator: { $0 == " " || $0 == ":" })
        guard words.count == 8, words[7] == "GMT", let date = Int(words[1]), (1...31).contains(date),
            let month = Self.months.firstIndex(of: String(words[2])), let year = Int(words[3]),
            (1970...9999).contains(year), let hour = Int(words[4]), (0..<24).contains(hour), let minute = Int(words[5]),
            (0..<60).contains(minute), let second = Int(words[6]), (0...60).contains(second)
        else { return nil }
        let day = Self.day(ofYear: year, month: month + 1, date: date)
        milliseconds = (day * 86400 + Int64(hour * 3600 + minute * 60 + second)) * 1000
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Whole days since the epoch, and the second in that day.
    private var dayAndSecond: (day: Int64, second: Int64) {
        let seconds = (milliseconds - (milliseconds % 1000 + 1000) % 1000) / 1000
        let second = (seconds % 86400 + 86400) % 86400
        return ((seconds - second) / 86400, second)
    }

    private static func clock(_ second: Int64) -> String {
        "\(padded(Int(second / 3600), 2)):\(padded(Int(second / 60 % 60), 2)):\(padded(Int(second % 60), 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    // Days are counted in the proleptic Gregorian calendar from 1 March of the year 0, in eras of 400 years: the leap
    // day is then the last of its year, and months before it have a fixed pattern of lengths.
    private static let daysBeforeEpoch: Int64 = 719_468
    private static let daysOfEra: Int64 = 146_097

    private static func calendarDate(ofDay day: Int64) -> (year: Int, month: Int, date: Int) {
        let shifted = day + daysBeforeEpoch
        let era = (shifted - (shifted % daysOfEra + daysOfEra) % daysOfEra) / daysOfEra
        let dayOfEra = shifted - era * daysOfEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let date = Int(dayOfYear - (153 * monthFromMarch + 2) / 5) + 1
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, date)
    }

    private static func day(ofYear year: Int, month: Int, date: Int) -> Int64 {
        let yearFromMarch = Int64(month <= 2 ? year - 1 : year)
        let era = yearFromMarch / 400
        let yearOfEra = yearFromMarch - era * 400
        let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(date) - 1
        return era * daysOfEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - daysBeforeEpoch
    }
}

extension Timestamp {
    /// Seconds since 1970 with milliseconds, as AWS's JSON protocols write instants.
    package var json: JSON {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return JSONNumber("\(seconds).\(Self.padded(Int(rest), 3))").map { .number($0) } ?? .int(seconds)
    }

    package static func json(_ milliseconds: Int64) -> JSON { Timestamp(milliseconds: milliseconds).json }
}
