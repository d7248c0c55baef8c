internal import EmulatorCore

/// When a schedule fires: `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-01-01T00:00:00)`, all in UTC.
/// - SeeAlso: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
enum ScheduleExpression: Sendable, Hashable {
    /// In milliseconds.
    case rate(Int64)
    case cron(CronExpression)
    /// Milliseconds since 1970.
    case at(Int64)

    /// - Throws: ``AWSFault`` `ValidationException`.
    init(_ text: String) throws(AWSFault) {
        let invalid = AWSFault("ValidationException", "Invalid Schedule Expression \(text).")
        guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { throw invalid }
        let inside = String(text[text.index(after: open)...].dropLast())
        switch text[..<open] {
        case "rate":
            let words = inside.split(separator: " ").map(String.init)
            guard words.count == 2, let count = Int64(words[0]), count > 0, let unit = Self.units[words[1]] else {
                throw invalid
            }
            self = .rate(count * unit)
        case "cron":
            guard let cron = CronExpression(inside) else { throw invalid }
            self = .cron(cron)
        case "at":
            guard let time = CalendarTime(iso8601: inside) else { throw invalid }
            self = .at(time.milliseconds)
        default: throw invalid
        }
    }

    private static let units: [String: Int64] = [
        "minute": 60_000, "minutes": 60_000, "hour": 3_600_000, "hours": 3_600_000, "day": 86_400_000,
        "days": 86_400_000,
    ]

    /// The first time after `time`, in milliseconds since 1970; nil when there is none.
    func next(after time: Int64) -> Int64? {
        switch self {
        case .rate(let interval): time + interval
        case .cron(let cron): cron.next(after: time)
        case .at(let moment): moment > time ? moment : nil
        }
    }
}

/// A minute in UTC, as calendars show it.
struct CalendarTime: Hashable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int

    /// Of the day in which `milliseconds` since 1970 lies.
    init(milliseconds: Int64) {
        let fields = Timestamp(milliseconds: milliseconds).iso8601.split(whereSeparator: { !$0.isNumber }).compactMap {
            Int($0)
        }
        (year, month, day, hour, minute) = (fields[0], fields[1], fields[2], fields[3], fields[4])
    }

    /// - Parameter text: `2026-02-03T16:45:00`
    init?(iso8601 text: String) {
        let fields = text.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
        guard fields.count == 6, text.count == 19, (1970...2199).contains(fields[0]), (1...12).contains(fields[1]),
            (1...31).contains(fields[2]), (0...23).contains(fields[3]), (0...59).contains(fields[4])
        else { return nil }
        (year, month, day, hour, minute) = (fields[0], fields[1], fields[2], fields[3], fields[4])
    }

    var milliseconds: Int64 { (daysSince1970 * 1440 + Int64(hour * 60 + minute)) * 60_000 }

    /// Years begin in March here, so that the leap day is the last of its year.
    private var daysSince1970: Int64 {
        let year = Int64(month <= 2 ? year - 1 : year)
        let month = Int64(month > 2 ? month - 3 : month + 9)
        let daysInYear = (153 * month + 2) / 5 + Int64(day) - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + daysInYear - 719_468
    }
}
