internal import EmulatorCore
internal import Time

/// Six fields: minutes, hours, day of month, month, day of week, year, with `*`, `?`, lists, ranges, steps and names.
///
/// `L`, `W` and `#` are not emulated.
struct CronExpression: Sendable, Hashable {
    private let minutes: Set<Int>
    private let hours: Set<Int>
    /// Nil means any day.
    private let daysOfMonth: Set<Int>?
    private let months: Set<Int>
    /// 1 is Sunday; nil means any day.
    private let daysOfWeek: Set<Int>?
    private let years: ClosedRange<Int>
    private let chosenYears: Set<Int>?

    private static let monthNames = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    private static let dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    /// Nil if the text is not such an expression.
    init?(_ text: String) {
        let fields = text.split(separator: " ").map(String.init)
        guard fields.count == 6, let minutes = Self.values(fields[0], in: 0...59),
            let hours = Self.values(fields[1], in: 0...23),
            let months = Self.values(fields[3], in: 1...12, Self.monthNames)
        else { return nil }
        let days = fields[2] == "?" ? [] : Self.values(fields[2], in: 1...31)
        let weekdays = fields[4] == "?" ? [] : Self.values(fields[4], in: 1...7, Self.dayNames)
        years = 1970...2199
        let chosenYears = Self.values(fields[5], in: years)
        guard let days, let weekdays, let chosenYears else { return nil }
        self.minutes = minutes
        self.hours = hours
        self.months = months
        daysOfMonth = fields[2] == "?" || fields[2] == "*" ? nil : days
        daysOfWeek = fields[4] == "?" || fields[4] == "*" ? nil : weekdays
        self.chosenYears = fields[5] == "*" ? nil : chosenYears
    }

    private static func values(_ field: String, in range: ClosedRange<Int>, _ names: [String] = []) -> Set<Int>? {
        func number(_ text: Substring) -> Int? {
            if let position = names.firstIndex(of: text.uppercased()) { return position + 1 }
            return Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
        var values: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false)
            guard halves.count <= 2, let step = halves.count == 2 ? Int(halves[1]) : 1, (1...2199).contains(step)
            else { return nil }
            let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
            let first: Int?
            let last: Int?
            if halves[0] == "*" {
                (first, last) = (range.lowerBound, range.upperBound)
            } else if bounds.count == 2 {
                (first, last) = (number(bounds[0]), number(bounds[1]))
            } else {
                first = number(halves[0])
                last = halves.count == 2 ? range.upperBound : first
            }
            guard let first, let last, first <= last else { return nil }
            values.formUnion(stride(from: first, through: last, by: step))
        }
        return values
    }

    /// Five years, which is longer than from one 29 February to the next.
    private static let horizonInDays: Int64 = 366 * 5

    /// The first matching minute after `time`, in milliseconds since 1970; nil if there is none within five years.
    func next(after time: Int64) -> Int64? {
        let start = (time / 60_000 + 1) * 60_000
        let firstDay = start / 86_400_000
        let latestMinutes = minutes.sorted()
        for day in firstDay...firstDay + Self.horizonInDays where fits(day) {
            for hour in hours.sorted() {
                for minute in latestMinutes {
                    let moment = day * 86_400_000 + Int64(hour * 60 + minute) * 60_000
                    if moment >= start { return moment }
                }
            }
        }
        return nil
    }

    private func fits(_ day: Int64) -> Bool {
        let date = CalendarDate(daysSinceEpoch: Int(day))
        return months.contains(date.month) && (chosenYears?.contains(date.year) ?? true)
            && (daysOfMonth?.contains(date.day) ?? true) && (daysOfWeek?.contains(date.weekday + 1) ?? true)
    }
}
