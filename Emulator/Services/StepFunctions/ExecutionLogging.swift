internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Logs the events of an execution according to its state machine's loggingConfiguration.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>
struct ExecutionLogging: Sendable {
    enum Level: String, Sendable {
        case all = "ALL"
        case error = "ERROR"
        case fatal = "FATAL"

        func includes(_ type: String) -> Bool {
            let isFatal = ["ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"].contains(type)
            return switch self {
            case .all: true
            case .error: isFatal || ["Failed", "TimedOut", "Aborted"].contains { type.hasSuffix($0) }
            case .fatal: isFatal
            }
        }
    }

    private let writer: any LogWriting
    private let group: String
    private let stream: String
    private let level: Level
    private let includesData: Bool

    /// - Returns: nil if nothing is logged.
    init?(_ configuration: JSON, to writer: (any LogWriting)?, stream: String) {
        guard let writer, let level = configuration["level"]?.string.flatMap({ Level(rawValue: $0) }),
            let arn = configuration["destinations"]?[0]?["cloudWatchLogsLogGroup"]?["logGroupArn"]?.string,
            let group = Self.logGroup(arn)
        else { return nil }
        self.writer = writer
        self.group = group
        self.stream = stream
        self.level = level
        includesData = configuration["includeExecutionData"]?.bool ?? false
    }

    /// `arn:aws:logs:us-east-1:000000000000:log-group:NAME:*` -> `NAME`
    static func logGroup(_ arn: String) -> String? {
        let parts = arn.split(separator: ":")
        return parts.count > 6 ? String(parts[6]) : nil
    }

    func write(_ event: HistoryEvent, of execution: String) {
        guard level.includes(event.type) else { return }
        var details = event.details ?? [:]
        if !includesData {
            for name in ["input", "inputDetails", "output", "outputDetails", "parameters"] { details[name] = nil }
        }
        let line: JSON = [
            "id": .string("\(event.id)"), "type": .string(event.type), "details": .object(details),
            "redrive_count": "0", "previous_event_id": .string("\(event.previousEventID)"),
            "event_timestamp": .string("\(event.at.milliseconds)"), "execution_arn": .string(execution),
        ]
        writer.write(line.text, group: group, stream: stream)
    }
}

extension StepFunctionsService {
    func logging(of revision: StateMachineRevision, machine: String, at now: Int64) -> ExecutionLogging? {
        let date = Timestamp(milliseconds: now).rfc3339.prefix(16).map { "T:".contains($0) ? "-" : String($0) }.joined()
        return ExecutionLogging(
            revision.logging, to: peers, stream: "states/\(machine)/\(date)/\(clock.uuid().prefix(8))")
    }

    /// A log group must exist before a state machine can name it.
    func checkLogGroup(of logging: JSON) async throws {
        guard let destination = logging["destinations"]?[0] else { return }
        guard let arn = destination["cloudWatchLogsLogGroup"]?["logGroupArn"]?.string else {
            throw AWSFault("InvalidLoggingConfiguration", "Invalid Logging Configuration: Log Destination not found.")
        }
        guard let logs = peers.action("logs") else { return }
        let name = ExecutionLogging.logGroup(arn) ?? ""
        let answer = try await logs.perform("DescribeLogGroups", ["logGroupNamePrefix": .string(name)])
        guard (answer["logGroups"]?.array ?? []).contains(where: { $0["logGroupName"]?.string == name }) else {
            throw AWSFault(
                "InvalidLoggingConfiguration", "Invalid Logging Configuration: Log Destination not found.")
        }
    }
}
