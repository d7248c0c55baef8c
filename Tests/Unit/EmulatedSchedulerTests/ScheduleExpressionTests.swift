import EmulatorCore
import Testing
import Time

@testable import EmulatedScheduler

@Suite struct ScheduleExpressionTests {
    /// 2026-02-03T16:45:09.120Z, a Tuesday.
    static let now: Int64 = 1_770_137_109_120

    @Test(
        "an expression has its next time",
        arguments: [
            ("rate(5 minutes)", "2026-02-03T16:50:09.120Z"), ("rate(1 hour)", "2026-02-03T17:45:09.120Z"),
            ("rate(2 days)", "2026-02-05T16:45:09.120Z"), ("at(2026-03-01T12:30:59)", "2026-03-01T12:30:00.000Z"),
            ("cron(0/15 * * * ? *)", "2026-02-03T17:00:00.000Z"), ("cron(46 16 * * ? *)", "2026-02-03T16:46:00.000Z"),
            ("cron(45 16 * * ? *)", "2026-02-04T16:45:00.000Z"), ("cron(0 12 1 * ? *)", "2026-03-01T12:00:00.000Z"),
            ("cron(15 10 ? * MON-FRI *)", "2026-02-04T10:15:00.000Z"),
            ("cron(0 0 ? * 1 *)", "2026-02-08T00:00:00.000Z"),
            ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00:00.000Z"),
            ("cron(0,30 8-9 ? * SAT,SUN *)", "2026-02-07T08:00:00.000Z"),
            ("cron(0 0 1 1 ? 2027)", "2027-01-01T00:00:00.000Z"),
        ])
    func nextTime(text: String, next: String) throws {
        let time = try #require(try ScheduleExpression(text).next(after: Self.now))
        #expect(Timestamp(milliseconds: time).rfc3339 == next)
    }

    @Test(
        "an expression in the past or of an impossible date has no next time",
        arguments: ["at(2020-01-01T00:00:00)", "cron(0 0 31 2 ? *)", "cron(0 0 1 1 ? 2020)"])
    func noNextTime(text: String) throws {
        #expect(try ScheduleExpression(text).next(after: Self.now) == nil)
    }

    @Test(
        "an invalid expression is refused",
        arguments: [
            "rate(0 minutes)", "rate(5)", "rate(5 weeks)", "cron(0 12 * * ?)", "cron(60 * * * ? *)",
            "cron(0 0 L * ? *)",
            "every(1 minute)", "rate 5 minutes", "at(tomorrow)", "at(2026-02-30T00:00:00)", "at(2026-03-01 00:00:00)",
            "at(2200-01-01T00:00:00)", "cron(5-1 * * * ? *)",
        ])
    func invalidExpression(text: String) {
        let fault = #expect(throws: AWSFault.self) { try ScheduleExpression(text) }
        #expect(fault?.message == "Invalid Schedule Expression \(text).")
    }
}
