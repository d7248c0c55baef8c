internal import EmulatorCore
internal import Time

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
            guard words.count == 2, let count = Int64(words[0]), (1...Self.longestRate).contains(count),
                let unit = Self.units[words[1]]
            else { throw invalid }
            self = .rate(count * unit)
        case "cron":
            guard let cron = CronExpression(inside) else { throw invalid }
            self = .cron(cron)
        case "at":
            guard inside.utf8.count == 19, let time = Timestamp(rfc3339: inside + "Z", upperCaseOnly: true),
                (1970...2199).contains(time.date.year)
            else { throw invalid }
            // A schedule fires at a minute.
            self = .at(time.milliseconds / 60_000 * 60_000)
        default: throw invalid
        }
    }

    /// In any unit; more than a life in minutes, and no overflow in days.
    private static let longestRate: Int64 = 100_000_000

    private static let units: [String: Int64] = [
        "minute": 60_000, "minutes": 60_000, "hour": 3_600_000, "hours": 3_600_000, "day": 86_400_000,
        "days": 86_400_000,
    ]

    /// The first time of a schedule that is created at `time`, in milliseconds since 1970; nil if there is none.
    ///
    /// A schedule fires at some second of its minute, so one for the minute that has begun fires at once.
    func first(from time: Int64) -> Int64? {
        guard case .at(let moment) = self else { return next(after: time) }
        return time / 60_000 * 60_000 <= moment ? moment : nil
    }

    /// The first time after `time`, in milliseconds since 1970; nil if there is none.
    func next(after time: Int64) -> Int64? {
        switch self {
        case .rate(let interval): time + interval
        case .cron(let cron): cron.next(after: time)
        case .at(let moment): moment > time ? moment : nil
        }
    }
}
