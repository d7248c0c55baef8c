import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing
import Time

@testable import EmulatedScheduler

/// The API of schedules, and schedules that call operations of services.
@Suite struct ScheduleActionTests {
    /// A service whose calls the test sees.
    private final class Calls: ActionPerforming {
        let actionService = "dynamodb"
        let made = Promise<JSON>()

        func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
            made.settle(["action": .string(action), "input": input])
            return [:]
        }
    }

    /// A clock that only the test advances.
    private final class Clock: Sendable {
        let time = Mutex<Int64>(1_800_000_000_000)
        var clockAndChance: ClockAndChance {
            ClockAndChance(
                now: { Timestamp(milliseconds: self.time.withLock { $0 }) },
                sleep: { until in
                    while self.time.withLock({ $0 }) < until.milliseconds {
                        try await Task.sleep(for: .milliseconds(1))
                    }
                })
        }
    }

    private let directory: TemporaryDirectory
    private let store: Store
    private let clock = Clock()
    private let calls = Calls()
    private let schedules: ScheduleService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: ScheduleService.schema + [TableTarget.schema])
        schedules = ScheduleService(
            store: store, peers: Peers(calls, TableTarget("lambda"), RecordedLogs()), clock: clock.clockAndChance)
    }

    private func request(_ method: String, _ name: String, _ body: JSON = [:]) async -> HTTPResponse {
        await schedules.respond(
            to: HTTPRequest(method: method, path: "/schedules/\(name)", body: RequestBody(body.bytes)))
    }

    private let rate: JSON = [
        "ScheduleExpression": "rate(5 minutes)", "FlexibleTimeWindow": ["Mode": "OFF"],
        "Target": ["Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "r"],
    ]

    @Test("a schedule is made, changed and deleted")
    func lifecycle() async throws {
        let made = await request("POST", "s", rate)
        #expect(made.json?["ScheduleArn"] == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s")
        #expect(await request("POST", "s", rate).status == 409)
        var changed = rate.object ?? [:]
        changed["ScheduleExpression"] = "rate(1 hour)"
        #expect(await request("PUT", "s", .object(changed)).status == 200)
        #expect(await request("GET", "s").json?["ScheduleExpression"] == "rate(1 hour)")
        #expect(await request("DELETE", "s").status == 200)
        let missing = await request("DELETE", "s")
        #expect(missing.status == 404 && missing.headers["x-amzn-ErrorType"] == "ResourceNotFoundException")
        #expect(await request("PUT", "s", rate).status == 404)
        store.close()
    }

    @Test("a schedule calls an operation once, and is then deleted if it says so")
    func universalTarget() async throws {
        let made = await request(
            "POST", "once",
            [
                "ScheduleExpression": "at(2027-01-15T08:01:00)", "ActionAfterCompletion": "DELETE",
                "Target": [
                    "Arn": "arn:aws:scheduler:::aws-sdk:dynamodb:putItem", "RoleArn": "r",
                    "Input": #"{"TableName": "t", "Item": {"id": {"S": "<aws.scheduler.execution-id>"}}}"#,
                ],
            ])
        #expect(made.status == 200, "\(made.text)")
        try await schedules.start()
        clock.time.withLock { $0 += 120_000 }
        let call = await calls.made.value
        #expect(call["action"] == "PutItem" && call["input"]?["TableName"] == "t")
        #expect(call["input"]?["Item"]?["id"]?["S"]?.string?.isEmpty == false)
        while await request("GET", "once").status == 200 { try await Task.sleep(for: .milliseconds(1)) }
        await schedules.stop()
        let unknown = await request(
            "POST", "x",
            [
                "ScheduleExpression": "rate(1 hour)",
                "Target": ["Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "RoleArn": "r"],
            ])
        #expect(unknown.status == 501 && unknown.text.contains("aws-sdk:ec2"), "\(unknown.text)")
        store.close()
    }

    @Test("a time in the minute that has begun fires at once, an earlier one is refused")
    func begunMinute() async throws {
        func at(_ time: String) -> JSON {
            [
                "ScheduleExpression": .string("at(2027-01-15T\(time))"),
                "Target": ["Arn": "arn:aws:scheduler:::aws-sdk:dynamodb:putItem", "RoleArn": "r", "Input": "{}"],
            ]
        }
        clock.time.withLock { $0 += 30_000 }
        try await schedules.start()
        let past = await request("POST", "past", at("07:59:59"))
        #expect(past.status == 400 && past.text.contains("in the past"), "\(past.text)")
        #expect(past.headers["x-amzn-ErrorType"] == "ValidationException")
        #expect(await request("GET", "past").status == 404)
        #expect(await request("POST", "now", at("08:00:10")).status == 200)
        #expect(await calls.made.value["action"] == "PutItem")
        #expect(await request("PUT", "now", at("07:00:00")).status == 400)
        await schedules.stop()
        store.close()
    }

    @Test("a rate that no number of milliseconds holds is refused")
    func hugeRate() async {
        let huge = await request(
            "POST", "huge",
            [
                "ScheduleExpression": "rate(9223372036854775807 days)",
                "Target": ["Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "r"],
            ])
        #expect(huge.status == 400 && huge.text.contains("Invalid Schedule Expression"))
        store.close()
    }
}
