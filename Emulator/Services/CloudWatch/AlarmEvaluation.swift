internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Alarms by the values of their metrics, and who hears of their changes.
extension CloudWatchService {
    /// Evaluates alarms.
    /// - Parameters:
    ///   - names: nil for all.
    ///   - changed: only alarms on any of these metrics; nil for all.
    func evaluateAlarms(named names: Set<String>? = nil, on changed: Set<MetricIdentity>? = nil) async throws {
        let now = clock.now().milliseconds
        let due = try store.read { snapshot in
            var names = names
            if let changed {
                let watching = try alarms(on: changed, snapshot)
                names = names.map { $0.intersection(watching) } ?? watching
            }
            let alarms =
                try names.map { try $0.sorted().compactMap { try StoredAlarm.find($0, in: snapshot) } }
                ?? StoredAlarm.all(in: snapshot)
            return try alarms.filter { alarm in
                guard let rule = try? AlarmRule(.object(alarm.document)) else { return false }
                guard let verdict = try rule.verdict(at: now, snapshot) else { return false }
                return verdict.state != alarm.state
            }.map(\.name)
        }
        guard !due.isEmpty else { return }
        try await store.write { [self] transaction in
            for name in due {
                guard let alarm = try StoredAlarm.find(name, in: transaction.snapshot),
                    let rule = try? AlarmRule(.object(alarm.document)),
                    let verdict = try rule.verdict(at: now, transaction.snapshot), verdict.state != alarm.state
                else { continue }
                try change(
                    alarm, to: verdict.state, because: verdict.reason, verdict.data.text, at: now, in: transaction)
            }
        }
    }

    /// The alarms on any of these metrics. Each put of metrics asks for them, so their rules are read again only when an alarm has
    /// changed.
    private func alarms(on changed: Set<MetricIdentity>, _ snapshot: borrowing Snapshot) throws -> Set<String> {
        let version = try snapshot.first(
            "SELECT count(*), coalesce(sum(changed_at), 0), coalesce(max(changed_at), 0) FROM cloudwatch_alarm"
        ) { [$0.integer(0), $0.integer(1), $0.integer(2)] }
        let known = watched.withLock { $0.version == version ? $0.metrics : nil }
        let metrics: [String: Set<MetricIdentity>]
        if let known {
            metrics = known
        } else {
            metrics = Dictionary(
                uniqueKeysWithValues: try StoredAlarm.all(in: snapshot).compactMap { alarm in
                    (try? AlarmRule(.object(alarm.document))).map { (alarm.name, $0.metrics) }
                })
            watched.withLock { $0 = (version, metrics) }
        }
        return Set(metrics.filter { !$0.value.isDisjoint(with: changed) }.keys)
    }

    func change(
        _ alarm: StoredAlarm, to state: StoredAlarm.State, because reason: String, _ data: String?, at now: Int64,
        in transaction: borrowing Transaction
    ) throws {
        var changed = alarm
        changed.state = state
        changed.reason = reason
        changed.reasonData = data
        changed.stateAt = now
        try changed.save(in: transaction)
        guard state != alarm.state else { return }
        let summary = "Alarm updated from \(alarm.state.rawValue) to \(state.rawValue)"
        try changed.record(
            "StateUpdate", summary,
            ["version": "1.0", "oldState": alarm.stateDocument, "newState": changed.stateDocument], at: now,
            in: transaction)
        try tellBus(of: changed, after: alarm, at: now, in: transaction)
        guard changed.sendsActions else { return }
        for action in (changed.document[state.actions]?.array ?? []).compactMap(\.string) {
            try tell(action, of: changed, after: alarm, at: now, in: transaction)
        }
    }

    /// Sends what the alarm's action is sent: a topic gets the message that people read, a function an event.
    private func tell(
        _ action: String, of alarm: StoredAlarm, after earlier: StoredAlarm, at now: Int64,
        in transaction: borrowing Transaction
    ) throws {
        let isTopic = ARN(action)?.service == "sns"
        let body = isTopic ? notice(alarm, after: earlier) : functionEvent(alarm, after: earlier, at: now)
        do {
            try peers.deliver(TargetEvent(body), to: action, in: transaction)
            try alarm.record(
                "Action", "Successfully executed action \(action)", ["actionState": "Succeeded"], at: now,
                in: transaction)
        } catch let fault as AWSFault {
            try alarm.record(
                "Action", "Failed to execute action \(action)",
                ["actionState": "Failed", "error": .string(fault.message)], at: now, in: transaction)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>
    private func notice(_ alarm: StoredAlarm, after earlier: StoredAlarm) -> JSON {
        let document = alarm.document
        var trigger: JSONObject = [
            "Period": document["Period"] ?? .null, "EvaluationPeriods": document["EvaluationPeriods"] ?? .null,
            "ComparisonOperator": document["ComparisonOperator"] ?? .null, "Threshold": document["Threshold"] ?? .null,
            "TreatMissingData": document["TreatMissingData"] ?? "missing", "EvaluateLowSampleCountPercentile": "",
        ]
        if let name = document["MetricName"] {
            trigger["MetricName"] = name
            trigger["Namespace"] = document["Namespace"]
            trigger["StatisticType"] = document["Statistic"] == nil ? "ExtendedStatistic" : "Statistic"
            trigger["Statistic"] = document["Statistic"]?.string.map { .string($0.uppercased()) }
            trigger["ExtendedStatistic"] = document["ExtendedStatistic"]
            trigger["Unit"] = document["Unit"] ?? .null
            trigger["Dimensions"] = .array(
                (document["Dimensions"]?.array ?? []).map {
                    ["value": $0["Value"] ?? .null, "name": $0["Name"] ?? .null]
                })
        } else {
            trigger["Metrics"] = document["Metrics"]
        }
        return [
            "AlarmName": .string(alarm.name), "AlarmDescription": document["AlarmDescription"] ?? .null,
            "AWSAccountId": .string(account.id),
            "AlarmConfigurationUpdatedTimestamp": .string(Timestamp(milliseconds: alarm.changedAt).rfc3339),
            "NewStateValue": .string(alarm.state.rawValue), "NewStateReason": .string(alarm.reason),
            "StateChangeTime": .string(Timestamp(milliseconds: alarm.stateAt).rfc3339),
            "Region": .string(account.region), "AlarmArn": .string(alarm.arn(in: account)),
            "OldStateValue": .string(earlier.state.rawValue), "OKActions": document["OKActions"] ?? [],
            "AlarmActions": document["AlarmActions"] ?? [],
            "InsufficientDataActions": document["InsufficientDataActions"] ?? [], "Trigger": .object(trigger),
        ]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>
    private func functionEvent(_ alarm: StoredAlarm, after earlier: StoredAlarm, at now: Int64) -> JSON {
        [
            "source": "aws.cloudwatch", "alarmArn": .string(alarm.arn(in: account)), "accountId": .string(account.id),
            "time": .string(Timestamp(milliseconds: now).rfc3339), "region": .string(account.region),
            "alarmData": .object(changeDocument(alarm, after: earlier)),
        ]
    }

    private func changeDocument(_ alarm: StoredAlarm, after earlier: StoredAlarm) -> JSONObject {
        var metrics = alarm.document["Metrics"] ?? .null
        if alarm.document["Metrics"] == nil {
            let dimensions = (alarm.document["Dimensions"]?.array ?? []).map {
                ($0["Name"]?.string ?? "", $0["Value"] ?? .null)
            }
            metrics = [
                [
                    "id": "m1", "returnData": true,
                    "metricStat": [
                        "metric": [
                            "namespace": alarm.document["Namespace"] ?? .null,
                            "name": alarm.document["MetricName"] ?? .null,
                            "dimensions": .object(JSONObject(dimensions)),
                        ],
                        "period": alarm.document["Period"] ?? .null,
                        "stat": alarm.document["Statistic"] ?? alarm.document["ExtendedStatistic"] ?? .null,
                    ],
                ]
            ]
        }
        return [
            "alarmName": .string(alarm.name), "state": alarm.stateDocument, "previousState": earlier.stateDocument,
            "configuration": ["description": alarm.document["AlarmDescription"] ?? "", "metrics": metrics],
        ]
    }

    /// Puts the change on the default bus.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
    private func tellBus(
        of alarm: StoredAlarm, after earlier: StoredAlarm, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        let bus = account.arn("events", "event-bus/default")
        guard peers.acceptsEvents(for: bus) else { return }
        let arn = alarm.arn(in: account)
        let event: JSON = [
            "version": "0", "id": .string(clock.uuid()), "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch", "account": .string(account.id),
            "time": .string(Timestamp(milliseconds: now).rfc3339.dropLast(5) + "Z"), "region": .string(account.region),
            "resources": [.string(arn)], "detail": .object(changeDocument(alarm, after: earlier)),
        ]
        try peers.deliver(TargetEvent(event), to: bus, in: transaction)
    }
}

extension StoredAlarm {
    /// The state as events have it.
    var stateDocument: JSON {
        var document: JSONObject = [
            "value": .string(state.rawValue), "reason": .string(reason),
            "timestamp": .string(Timestamp(milliseconds: stateAt).rfc3339),
        ]
        document["reasonData"] = reasonData.map { .string($0) }
        return .object(document)
    }
}
