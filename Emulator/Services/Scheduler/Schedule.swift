internal import EmulatorCore
internal import JSON
internal import Time

/// A schedule of EventBridge Scheduler, or a scheduled rule of EventBridge.
struct Schedule: Sendable {
    struct Target: Sendable {
        let arn: String
        /// JSON text; nil means the service's own event.
        let input: String?
        /// The ARN of the role as which the target is called.
        let role: String?
    }

    /// Unique among both kinds.
    let arn: String
    let name: String
    let declaration: JSONObject
    let expression: ScheduleExpression
    let targets: [Target]
    let isEnabled: Bool
    private let isRule: Bool

    /// - Throws: ``AWSFault``, which names a part that is not emulated.
    init(_ declaration: JSONObject, isRule: Bool, account: Account) throws(AWSFault) {
        let name = declaration["Name"]?.string ?? ""
        self.name = name
        self.isRule = isRule
        self.declaration = declaration
        arn =
            isRule
            ? account.arn("events", "rule/\(name)")
            : account.arn("scheduler", "schedule/\(declaration["GroupName"]?.string ?? "default")/\(name)")
        guard let text = declaration["ScheduleExpression"]?.string else {
            throw .notEmulated("The rule \(name), which matches events of a bus,")
        }
        let zone = declaration["ScheduleExpressionTimezone"]?.string ?? "UTC"
        guard zone == "UTC" else { throw .notEmulated("The time zone \(zone) of the schedule \(name)") }
        expression = try ScheduleExpression(text)
        isEnabled = declaration["State"]?.string != "DISABLED"
        var targets: [Target] = []
        for target in isRule ? declaration["Targets"]?.array ?? [] : [declaration["Target"] ?? [:]] {
            targets.append(
                Target(
                    arn: target["Arn"]?.string ?? "", input: target["Input"]?.string, role: target["RoleArn"]?.string))
        }
        self.targets = targets
    }

    /// The input for `target` when the schedule fires at `time`.
    func input(for target: Target, at time: Int64, id: String, account: Account) -> JSON {
        let moment = Timestamp(milliseconds: time).rfc3339.dropLast(5) + "Z"
        if let input = target.input {
            let filled = input.replacing("<aws.scheduler.scheduled-time>", with: moment)
                .replacing("<aws.scheduler.execution-id>", with: id)
                .replacing("<aws.scheduler.schedule-arn>", with: arn)
                .replacing("<aws.scheduler.attempt-number>", with: "1")
            return (try? JSON(parsing: filled)) ?? .string(filled)
        }
        return [
            "version": "0", "id": .string(id), "detail-type": "Scheduled Event",
            "source": isRule ? "aws.events" : "aws.scheduler", "account": .string(account.id),
            "time": .string(String(moment)), "region": .string(account.region), "resources": [.string(arn)],
            "detail": isRule ? [:] : "{}",
        ]
    }
}
