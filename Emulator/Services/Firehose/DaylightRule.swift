internal import Time

/// A zone's standard time, and when it has daylight saving time: `CET-1CEST,M3.5.0,M10.5.0/3`.
/// - SeeAlso: <https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/V1_chap08.html>
struct DaylightRule: Sendable {
    /// The weekday of a week of a month, the last one for the week 5, and the second of that day.
    private struct Day {
        let month: Int
        let week: Int
        let weekday: Int
        let second: Int64

        /// Seconds since 1970, as if the clock showed UTC.
        func moment(in year: Int) -> Int64 {
            guard let first = CalendarDate(year: year, month: month, day: 1) else { return .max }
            var day = 1 + (weekday - first.weekday + 7) % 7 + (week - 1) * 7
            if day > CalendarDate.days(inMonth: month, of: year) { day -= 7 }
            return Int64(first.daysSinceEpoch + day - 1) * 86_400 + second
        }
    }

    private let standard: Int64
    private let daylight: (offset: Int64, from: Day, to: Day)?

    /// - Returns: nil for an empty text, and for forms that no zone of the database uses.
    init?(_ text: String) {
        var rest = text[...]
        guard Self.name(&rest), let standard = Self.time(&rest) else { return nil }
        self.standard = -standard
        guard !rest.isEmpty else {
            daylight = nil
            return
        }
        guard Self.name(&rest) else { return nil }
        let offset = rest.hasPrefix(",") ? 3600 - standard : Self.time(&rest).map { -$0 }
        guard let offset, let from = Self.day(&rest), let to = Self.day(&rest), rest.isEmpty else { return nil }
        daylight = (offset, from, to)
    }

    /// - Parameter seconds: since 1970 in UTC.
    func offset(at seconds: Int64) -> Int64 {
        guard let daylight else { return standard }
        let year = Timestamp(seconds: seconds + standard).date.year
        // The clocks change by the time that they show until then.
        let from = daylight.from.moment(in: year) - standard
        let to = daylight.to.moment(in: year) - daylight.offset
        let isDaylight = from < to ? from <= seconds && seconds < to : !(to <= seconds && seconds < from)
        return isDaylight ? daylight.offset : standard
    }

    // MARK: Reading

    /// Letters, or anything between angle brackets.
    private static func name(_ rest: inout Substring) -> Bool {
        if rest.hasPrefix("<") {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    private static func time(_ rest: inout Substring) -> Int64? {
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        let text = rest.prefix { $0.isNumber || $0 == ":" }
        rest = rest.dropFirst(text.count)
        let numbers = text.split(separator: ":").compactMap { Int64($0) }
        guard let hours = numbers.first, numbers.count <= 3 else { return nil }
        let seconds = hours * 3600 + (numbers.count > 1 ? numbers[1] * 60 : 0) + (numbers.count > 2 ? numbers[2] : 0)
        return isNegative ? -seconds : seconds
    }

    /// `,Mm.w.d[/time]`; the time is 02:00 by default.
    private static func day(_ rest: inout Substring) -> Day? {
        guard rest.hasPrefix(",M") else { return nil }
        rest = rest.dropFirst(2)
        let text = rest.prefix { $0.isNumber || $0 == "." }
        rest = rest.dropFirst(text.count)
        let numbers = text.split(separator: ".").compactMap { Int($0) }
        guard numbers.count == 3, 1...12 ~= numbers[0], 1...5 ~= numbers[1], 0...6 ~= numbers[2] else { return nil }
        guard rest.hasPrefix("/") else {
            return Day(month: numbers[0], week: numbers[1], weekday: numbers[2], second: 7200)
        }
        rest.removeFirst()
        guard let second = time(&rest) else { return nil }
        return Day(month: numbers[0], week: numbers[1], weekday: numbers[2], second: second)
    }
}
