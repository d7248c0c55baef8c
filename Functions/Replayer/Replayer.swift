internal import AWSModels
internal import Control
internal import JSON
internal import LambdaRuntime
internal import Time

/// Makes records pending again, each once, and answers what it did.
///
/// An event without `ids`, `status`, `table` and `since` is the scheduled run: expired leases, errors below the attempt
/// limit and stale pending records. An event with any of them replays the records it selects, whatever their attempts.
struct Replayer: JSONHandler {
    let control: ControlTable
    /// The scheduled run restarts a pending record that has not changed for this long.
    let stalePendingSeconds: Int
    /// The name of the pipeline in the metrics of the scheduled run; nil writes none.
    var pipeline: String?

    /// An answer has at most 6 MB; a scheduled run leaves the rest to the next one.
    static let resultLimit = 5000
    /// The time kept for the answer.
    static let reserve = Duration.seconds(5)

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        let request = try ReplayRequest(event)
        let selection = request.selection ?? .overdue
        let rules =
            request.selection == nil
            ? ReplayRules(attemptLimit: control.attemptLimit, stalePendingSeconds: stalePendingSeconds)
            : ReplayRules(force: request.force)
        if request.selection == nil, let pipeline {
            let backlog = try control.limited(to: context.deadline).backlog(in: .bronze)
            context.log.write(EmbeddedMetrics(backlog.metrics, by: [[.init("Pipeline", pipeline)]]))
        }
        var results: [JSON] = []
        var replayed = 0
        var isComplete = true
        try control.limited(to: context.deadline).replay(selection, rules, dryRun: request.dryRun) { result in
            if case .replayed = result.outcome { replayed += 1 }
            let entry = Self.entry(for: result)
            context.log.info(request.dryRun ? "would replay" : "replay", entry)
            results.append(.object(entry))
            isComplete = results.count < Self.resultLimit && context.remainingTime > Self.reserve
            return isComplete
        }
        return [
            "dry_run": .bool(request.dryRun), "replayed": .int(replayed), "complete": .bool(isComplete),
            "records": .array(results),
        ]
    }

    private static func entry(for result: ReplayResult) -> JSONObject {
        var entry: JSONObject = ["control_id": .string(result.id.text)]
        entry["object_key"] = (result.record?.objectKey).map(JSON.string)
        entry["table_name"] = (result.record?.table).map(JSON.string)
        entry["attempt_count"] = (result.record?.attemptCount).map(JSON.int)
        entry["outcome"] = .string(result.outcome.description)
        return entry
    }
}

extension Backlog {
    var metrics: [Metric] {
        [
            Metric("PendingFiles", pendingCount, .count), Metric("RunningFiles", runningCount, .count),
            Metric("StuckLeases", expiredLeaseCount, .count), Metric("RetriedFiles", retriedCount, .count),
            Metric("FailedFiles", failedCount, .count),
            Metric("AgeOfOldestPendingSeconds", oldestPendingAgeInSeconds, .seconds),
        ]
    }
}

/// The request in an event.
struct ReplayRequest: Equatable {
    /// Nil if the event selects nothing in particular.
    let selection: ReplaySelection?
    let dryRun: Bool
    let force: Bool

    /// - Throws: ``ReplayRequestError`` that names the member. Other members, such as those of a schedule's event, are
    ///   ignored.
    init(_ event: JSON) throws(ReplayRequestError) {
        dryRun = try Self.flag("dry_run", event)
        force = try Self.flag("force", event)
        let status = try Self.value("status", event, "pending, running, success or error") {
            ControlRecord.Status(rawValue: $0)
        }
        let table = try Self.value("table", event, "a table's name") { $0 }
        let since = try Self.value("since", event, "a time such as 2026-03-01T00:00:00Z") { Timestamp(rfc3339: $0) }
        if let list = event["ids"], !list.isNull {
            var ids: [ControlID] = []
            for entry in list.array ?? [list] {
                guard let id = entry.string.flatMap(ControlID.init) else {
                    throw ReplayRequestError(
                        member: "ids", value: entry, expected: "control IDs of 32 hexadecimal digits")
                }
                ids.append(id)
            }
            selection = .ids(ids)
        } else if status != nil || table != nil || since != nil {
            selection = .matching(status ?? .error, in: .bronze, table: table, since: since)
        } else {
            selection = nil
        }
    }

    private static func flag(_ name: String, _ event: JSON) throws(ReplayRequestError) -> Bool {
        guard let value = event[name], !value.isNull else { return false }
        guard let flag = value.bool else {
            throw ReplayRequestError(member: name, value: value, expected: "true or false")
        }
        return flag
    }

    private static func value<Value>(
        _ name: String, _ event: JSON, _ expected: String, _ read: (String) -> Value?
    ) throws(ReplayRequestError) -> Value? {
        guard let member = event[name], !member.isNull else { return nil }
        guard let value = member.string.flatMap(read) else {
            throw ReplayRequestError(member: name, value: member, expected: expected)
        }
        return value
    }
}

struct ReplayRequestError: LambdaFailure, CustomStringConvertible {
    let member: String
    let value: JSON
    let expected: String

    var errorType: String { "InvalidEvent" }
    var description: String { "the event's \(member) is \(value); expected \(expected)" }
}
