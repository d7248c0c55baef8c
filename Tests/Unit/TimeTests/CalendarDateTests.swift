import Testing
import Time

@Suite struct CalendarDateTests {
    /// The day after, by the lengths of the months alone.
    private struct Walker: Equatable {
        var (year, month, day) = (1, 1, 1)

        mutating func step() {
            let isLeapYear = year % 400 == 0 || year % 4 == 0 && year % 100 != 0
            let lengths = (31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
            let length = withUnsafeBytes(of: lengths) { $0.load(fromByteOffset: (month - 1) * 8, as: Int.self) }
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test("every day from 0001-01-01 to 9999-12-31 has its number and its weekday, and back") func everyDay() throws {
        var walker = Walker()
        var days = -719_162
        // 0001-01-01 was a Monday.
        var weekday = 1
        while walker.year < 10_000 {
            let date = CalendarDate(daysSinceEpoch: days)
            let isRight =
                walker == Walker(year: date.year, month: date.month, day: date.day) && date.daysSinceEpoch == days
                && date.weekday == weekday
            try #require(isRight, "day \(days) is \(walker), not \(date)")
            walker.step()
            days += 1
            weekday = weekday == 6 ? 0 : weekday + 1
        }
        #expect(days == 2_932_897)
    }

    @Test(
        "only days that exist make a date",
        arguments: [
            (2026, 2, 29, false), (2024, 2, 29, true), (1900, 2, 29, false), (2000, 2, 29, true), (2026, 4, 31, false),
            (2026, 13, 1, false), (2026, 0, 1, false), (2026, 1, 0, false), (2026, 12, 31, true), (-4, 2, 29, true),
        ])
    func existence(year: Int, month: Int, day: Int, exists: Bool) {
        let date = CalendarDate(year: year, month: month, day: day)
        #expect((date != nil) == exists)
        #expect(date.map { CalendarDate(daysSinceEpoch: $0.daysSinceEpoch) } == date)
    }
}
