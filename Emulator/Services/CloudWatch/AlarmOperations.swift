internal import EmulatorCore
internal import JSON
internal import Time

/// Operations on alarms.
extension CloudWatchService {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    func putAlarm(_ input: JSON) async throws -> JSON {
        let alarm = try PutAlarm(input)
        try await keep([alarm])
        try await evaluateAlarms(named: [alarm.name])
        return [:]
    }

    /// Keeps alarms without evaluating them.
    func keep(_ alarms: [PutAlarm]) async throws {
        let now = clock.now().milliseconds
        try await store.write { transaction in
            for put in alarms {
                var alarm = StoredAlarm(name: put.name, document: put.document, tags: put.tags, at: now)
                if var existing = try StoredAlarm.find(put.name, in: transaction.snapshot) {
                    existing.document = put.document
                    existing.changedAt = now
                    alarm = existing
                }
                try alarm.save(in: transaction)
                try alarm.record(
                    "ConfigurationUpdate", "Alarm \"\(put.name)\" \(alarm.stateAt == now ? "created" : "updated")",
                    ["version": "1.0", "type": "Update"], at: now, in: transaction)
            }
        }
    }

    static func tags(_ json: JSON?) -> JSONObject {
        JSONObject((json?.array ?? []).map { ($0["Key"]?.string ?? "", $0["Value"] ?? "") })
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
    func describeAlarms(_ input: JSON) async throws -> JSON {
        let names = input["AlarmNames"]?.array.map { Set($0.compactMap(\.string)) }
        let kinds = (input["AlarmTypes"]?.array ?? []).compactMap(\.string)
        try await evaluateAlarms(named: names)
        let all = try store.read { try StoredAlarm.all(in: $0) }.filter { alarm in
            (names?.contains(alarm.name) ?? true)
                && (input["AlarmNamePrefix"]?.string.map { alarm.name.hasPrefix($0) } ?? true)
                && (input["StateValue"]?.string.map { $0 == alarm.state.rawValue } ?? true)
                && (input["ActionPrefix"]?.string.map { prefix in alarm.actions.contains { $0.hasPrefix(prefix) } }
                    ?? true)
                && (kinds.isEmpty || kinds.contains("MetricAlarm"))
        }
        let page = try CloudWatchPage(input, size: 100, named: "MaxRecords")
        var answer = page.answer(all.map { $0.description(in: account) }, as: "MetricAlarms").object ?? [:]
        answer["CompositeAlarms"] = []
        return .object(answer)
    }

    func describeAlarmsForMetric(_ input: JSON) async throws -> JSON {
        let metric = try MetricIdentity(
            namespace: input["Namespace"]?.string, name: input["MetricName"]?.string, dimensions: input["Dimensions"])
        let alarms = try store.read { try StoredAlarm.all(in: $0) }.filter { alarm in
            alarm.document["MetricName"] != nil
                && (try? AlarmRule(.object(alarm.document)))?.metrics.contains(metric) == true
        }
        return ["MetricAlarms": .array(alarms.map { $0.description(in: account) })]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>
    func alarmHistory(_ input: JSON) throws -> JSON {
        let isAscending = input["ScanBy"]?.string == "TimestampAscending"
        let (start, end) = (input["StartDate"]?.moment ?? .min, input["EndDate"]?.moment ?? .max)
        let items = try store.read { snapshot in
            try snapshot.all(
                """
                SELECT alarm, time, type, summary, data FROM cloudwatch_history
                WHERE (?1 IS NULL OR alarm = ?1) AND (?2 IS NULL OR type = ?2) AND time >= ?3 AND time <= ?4
                ORDER BY id \(isAscending ? "ASC" : "DESC")
                """, .text(input["AlarmName"]?.string), .text(input["HistoryItemType"]?.string), .integer(start),
                .integer(end)
            ) { row in
                [
                    "AlarmName": .string(row.text(0)), "AlarmType": "MetricAlarm",
                    "Timestamp": Timestamp.json(row.integer(1)), "HistoryItemType": .string(row.text(2)),
                    "HistorySummary": .string(row.text(3)), "HistoryData": .string(row.text(4)),
                ] as JSON
            }
        }
        return try CloudWatchPage(input, size: 100, named: "MaxRecords").answer(items, as: "AlarmHistoryItems")
    }

    func deleteAlarms(_ input: JSON) async throws -> JSON {
        let names = (input["AlarmNames"]?.array ?? []).compactMap(\.string)
        guard !names.isEmpty else { throw AWSFault.missingMetric("AlarmNames") }
        try await store.write { transaction in
            for name in names {
                try transaction.execute("DELETE FROM cloudwatch_alarm WHERE name = ?", .text(name))
            }
        }
        return [:]
    }

    func setActions(_ areEnabled: Bool, _ input: JSON) async throws -> JSON {
        let names = (input["AlarmNames"]?.array ?? []).compactMap(\.string)
        try await store.write { transaction in
            for name in names {
                guard var alarm = try StoredAlarm.find(name, in: transaction.snapshot) else { continue }
                alarm.document["ActionsEnabled"] = .bool(areEnabled)
                try alarm.save(in: transaction)
            }
        }
        return [:]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html>
    func setAlarmState(_ input: JSON) async throws -> JSON {
        guard let name = input["AlarmName"]?.string else { throw AWSFault.missingMetric("AlarmName") }
        guard let state = StoredAlarm.State(rawValue: input["StateValue"]?.string ?? "") else {
            throw AWSFault("ValidationError", "The parameter StateValue must be OK, ALARM or INSUFFICIENT_DATA.")
        }
        guard let reason = input["StateReason"]?.string else { throw AWSFault.missingMetric("StateReason") }
        let data = input["StateReasonData"]?.string
        if let data, (try? JSON(parsing: data)) == nil {
            throw AWSFault("InvalidFormat", "The StateReasonData is no JSON.")
        }
        let now = clock.now().milliseconds
        try await store.write { [self] transaction in
            guard let alarm = try StoredAlarm.find(name, in: transaction.snapshot) else {
                throw AWSFault("ResourceNotFound", "Unknown alarm \(name)", status: 404)
            }
            try change(alarm, to: state, because: reason, data, at: now, in: transaction)
        }
        return [:]
    }

    func tagging(_ action: String, _ input: JSON) async throws -> JSON {
        let arn = input["ResourceARN"]?.string ?? ""
        let prefix = account.arn("cloudwatch", "alarm:")
        let name = arn.hasPrefix(prefix) ? String(arn.dropFirst(prefix.count)) : ""
        let added = Self.tags(input["Tags"])
        let removed = (input["TagKeys"]?.array ?? []).compactMap(\.string)
        return try await store.write { transaction in
            guard var alarm = try StoredAlarm.find(name, in: transaction.snapshot) else {
                throw AWSFault("ResourceNotFoundException", "Unknown resource \(arn)", status: 404)
            }
            if action == "ListTagsForResource" {
                return ["Tags": .array(alarm.tags.map { ["Key": .string($0.name), "Value": $0.value] })]
            }
            for (name, value) in added { alarm.tags[name] = value }
            for name in removed { alarm.tags[name] = nil }
            try alarm.save(in: transaction)
            return [:]
        }
    }
}

extension StoredAlarm {
    /// All ARNs that the alarm tells of its changes.
    var actions: [String] {
        ["OKActions", "AlarmActions", "InsufficientDataActions"].flatMap {
            (document[$0]?.array ?? []).compactMap(\.string)
        }
    }
}
