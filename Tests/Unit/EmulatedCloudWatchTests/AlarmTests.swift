import EmulatorCore
import JSON
import TestServices
import Testing
import Time

@testable import EmulatedCloudWatch

struct AlarmTests {
    private let fixture: CloudWatchFixture

    init() throws { fixture = try CloudWatchFixture() }

    private let topic: JSON = "arn:aws:sns:us-east-1:000000000000:alarms"

    private func alarm(_ more: JSONObject = [:]) -> JSON {
        var alarm: JSONObject = [
            "AlarmName": "a", "Namespace": "N", "MetricName": "m", "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": [topic], "OKActions": [topic],
        ]
        for (name, value) in more { alarm[name] = value }
        return .object(alarm)
    }

    @Test("an alarm follows its metric and tells its topic and the bus")
    func follows() async throws {
        _ = try await fixture.send("PutMetricAlarm", alarm())
        #expect(try await fixture.state(of: "a") == "INSUFFICIENT_DATA")
        try await fixture.put(6)
        #expect(try await fixture.state(of: "a") == "ALARM")
        fixture.clock.advance(60_000)
        try await fixture.put(5)
        #expect(try await fixture.state(of: "a") == "OK")
        #expect(fixture.topics.received.map { $0["NewStateValue"] } == ["ALARM", "OK"])
        #expect(fixture.topics.received.first?["Trigger"]?["Statistic"] == "MAXIMUM")
        #expect(fixture.bus.received.map { $0["detail"]?["state"]?["value"] } == ["ALARM", "OK"])
        let history = try await fixture.send(
            "DescribeAlarmHistory", ["AlarmName": "a", "HistoryItemType": "StateUpdate"])
        #expect(history["AlarmHistoryItems"]?.array?.count == 2)
    }

    @Test("a template's alarm that is declared again is updated only if it is another one")
    func declared() async throws {
        func updates(threshold: Double) async throws -> Int? {
            let properties = alarm(["Threshold": .decimal(threshold)])
            _ = try await fixture.service.provision(
                DeclaredResource(logicalID: "A", type: "AWS::CloudWatch::Alarm", properties: properties))
            try await fixture.service.keepProvisioned()
            let history = try await fixture.send(
                "DescribeAlarmHistory", ["AlarmName": "a", "HistoryItemType": "ConfigurationUpdate"])
            return history["AlarmHistoryItems"]?.array?.count
        }
        #expect(try await updates(threshold: 5) == 1)
        #expect(try await updates(threshold: 5) == 1)
        #expect(try await updates(threshold: 0.5) == 2)
        #expect(try await updates(threshold: 0.5) == 2)
    }

    @Test(
        "missing values count as the alarm says",
        arguments: [
            ("missing", "INSUFFICIENT_DATA"), ("ignore", "ALARM"), ("breaching", "ALARM"), ("notBreaching", "OK"),
        ] as [(JSON, String)])
    func missing(treatment: JSON, state: String) async throws {
        _ = try await fixture.send("PutMetricAlarm", alarm(["TreatMissingData": treatment]))
        try await fixture.put(6)
        #expect(try await fixture.state(of: "a") == "ALARM")
        fixture.clock.advance(600_000)
        #expect(try await fixture.state(of: "a") == state)
    }

    @Test("so many of the last periods must breach")
    func datapointsToAlarm() async throws {
        _ = try await fixture.send("PutMetricAlarm", alarm(["EvaluationPeriods": 3, "DatapointsToAlarm": 2]))
        for (value, expected) in [(6, "OK"), (1, "OK"), (6, "ALARM"), (1, "OK")] as [(JSON, String)] {
            if value == 6, expected == "OK" { try await fixture.put(1) }
            fixture.clock.advance(60_000)
            try await fixture.put(value)
            #expect(try await fixture.state(of: "a") == expected)
        }
    }

    @Test("an alarm may watch an expression over several metrics")
    func expression() async throws {
        func query(_ id: JSON, _ name: JSON) -> JSON {
            [
                "Id": id, "ReturnData": false,
                "MetricStat": ["Metric": ["Namespace": "N", "MetricName": name], "Period": 60, "Stat": "Sum"],
            ]
        }
        _ = try await fixture.send(
            "PutMetricAlarm",
            [
                "AlarmName": "a", "EvaluationPeriods": 1, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold",
                "Metrics": [["Id": "all", "Expression": "SUM(METRICS())"], query("x", "x"), query("y", "y")],
            ])
        try await fixture.put(3, "x")
        #expect(try await fixture.state(of: "a") == "OK")
        try await fixture.put(3, "y")
        #expect(try await fixture.state(of: "a") == "ALARM")
    }

    @Test("a state that is set holds until the alarm is evaluated; actions that are switched off are not taken")
    func setState() async throws {
        _ = try await fixture.send("PutMetricAlarm", alarm(["TreatMissingData": "ignore"]))
        _ = try await fixture.send("DisableAlarmActions", ["AlarmNames": ["a"]])
        let change: JSON = ["AlarmName": "a", "StateValue": "ALARM", "StateReason": "a try"]
        _ = try await fixture.send("SetAlarmState", change)
        #expect(try await fixture.state(of: "a") == "ALARM")
        #expect(fixture.topics.received.isEmpty)
        _ = try await fixture.send("EnableAlarmActions", ["AlarmNames": ["a"]])
        _ = try await fixture.send("SetAlarmState", ["AlarmName": "a", "StateValue": "OK", "StateReason": "over"])
        #expect(fixture.topics.received.map { $0["NewStateReason"] } == ["over"])
    }

    @Test("an action that fails is in the history, and the alarm changes all the same")
    func failedAction() async throws {
        _ = try await fixture.send(
            "PutMetricAlarm", alarm(["AlarmActions": ["arn:aws:sns:us-east-1:000000000000:gone", topic]]))
        try await fixture.put(6)
        #expect(try await fixture.state(of: "a") == "ALARM")
        #expect(fixture.topics.received.count == 1)
        let history = try await fixture.send("DescribeAlarmHistory", ["AlarmName": "a", "HistoryItemType": "Action"])
        #expect(history["AlarmHistoryItems"]?.array?.count == 2)
    }

    @Test("an alarm is found by name, prefix and state, and keeps its tags")
    func describing() async throws {
        _ = try await fixture.send("PutMetricAlarm", alarm(["Tags": [["Key": "k", "Value": "v"]]]))
        _ = try await fixture.send("PutMetricAlarm", alarm(["AlarmName": "b"]))
        func names(_ request: JSON) async throws -> [JSON?] {
            try await fixture.send("DescribeAlarms", request)["MetricAlarms"]?.array?.map { $0["AlarmName"] } ?? []
        }
        #expect(try await names([:]) == ["a", "b"])
        #expect(try await names(["AlarmNamePrefix": "b"]) == ["b"])
        #expect(try await names(["StateValue": "OK"]) == [])
        #expect(try await names(["MaxRecords": 1]) == ["a"])
        let arn: JSON = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"
        let tags = try await fixture.send("ListTagsForResource", ["ResourceARN": arn])
        #expect(tags["Tags"] == [["Key": "k", "Value": "v"]])
        let found = try await fixture.send("DescribeAlarmsForMetric", ["Namespace": "N", "MetricName": "m"])
        #expect(found["MetricAlarms"]?.array?.count == 2)
        _ = try await fixture.send("DeleteAlarms", ["AlarmNames": ["a"]])
        #expect(try await names([:]) == ["b"])
    }

    @Test(
        "an alarm that makes no sense is refused",
        arguments: [
            ["ComparisonOperator": "Above"], ["EvaluationPeriods": 0], ["DatapointsToAlarm": 2], ["Period": 7],
            ["TreatMissingData": "zero"], ["Statistic": "Median"], ["Metrics": []],
            ["Period": 86_400, "EvaluationPeriods": 8],
        ] as [JSONObject])
    func refused(change: JSONObject) async throws {
        let code = await fixture.fault("PutMetricAlarm", alarm(change))
        #expect(code == "ValidationError" || code == "InvalidParameterValue", "\(code ?? "accepted")")
    }

    @Test("numbers of forms and templates may be texts")
    func texts() async throws {
        _ = try await fixture.send(
            "PutMetricAlarm", alarm(["Threshold": "5", "Period": "60", "EvaluationPeriods": "1"]))
        try await fixture.put("6")
        #expect(try await fixture.state(of: "a") == "ALARM")
        let described = try await fixture.send("DescribeAlarms", [:])
        #expect(described["MetricAlarms"]?[0]?["Period"] == 60)
    }
}
