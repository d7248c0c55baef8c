import EmulatorCore
import JSON
import Synchronization
import Testing
import TestServices
import Time

@testable import EmulatedScheduler

@Suite struct ScheduleServiceTests {
    /// A clock that only the test advances; a sleeper wakes when its time is reached.
    private final class Clock: Sendable {
        private let time = Mutex(ScheduleExpressionTests.now)
        var now: Int64 { time.withLock { $0 } }
        func advance(minutes: Int64) { time.withLock { $0 += minutes * 60_000 } }
        var clockAndChance: ClockAndChance {
            ClockAndChance(
                now: { Timestamp(milliseconds: self.now) },
                sleep: { until in while self.now < until.milliseconds { try await Task.sleep(for: .milliseconds(1)) } })
        }
    }

    private let directory: TemporaryDirectory
    private let functions = TableTarget("lambda")
    private let executions = TableTarget("states")
    private let clock = Clock()
    private let logs = RecordedLogs()

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> (store: Store, schedules: ScheduleService) {
        let store = try Store(directory: directory.path, schema: ScheduleService.schema + [TableTarget.schema])
        return (
            store,
            ScheduleService(store: store, peers: Peers(functions, executions, logs), clock: clock.clockAndChance)
        )
    }

    private func schedule(_ changes: JSON = [:]) -> DeclaredResource {
        var properties: JSONObject = [
            "Name": "replay", "ScheduleExpression": "rate(5 minutes)",
            "Target": ["Arn": "arn:aws:lambda:us-east-1:000000000000:function:replayer", "Input": #"{"a": 1}"#],
        ]
        for (name, value) in changes.object ?? [:] { properties[name] = value }
        return DeclaredResource(logicalID: "S", type: "AWS::Scheduler::Schedule", properties: .object(properties))
    }

    private func fired(_ store: Store) throws -> [String] {
        try TableTarget.bodies(in: store)
    }

    private func waitForFired(_ count: Int, _ store: Store) async throws {
        while try fired(store).count < count { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("a rate fires at the end of each interval and not before")
    func rate() async throws {
        let (store, schedules) = try open()
        try await schedules.start()
        _ = try await schedules.provision(schedule())
        for round in 1...3 {
            clock.advance(minutes: 4)
            try await Task.sleep(for: .milliseconds(20))
            #expect(try fired(store).count == round - 1)
            clock.advance(minutes: 1)
            try await waitForFired(round, store)
        }
        #expect(try fired(store) == Array(repeating: #"{"a":1}"#, count: 3))
        await schedules.stop()
        store.close()
    }

    @Test("times missed while the emulator was stopped fire once")
    func missedTimes() async throws {
        let first = try open()
        _ = try await first.schedules.provision(schedule())
        first.store.close()
        clock.advance(minutes: 23)
        let second = try open()
        try await second.schedules.start()
        _ = try await second.schedules.provision(schedule())
        try await waitForFired(1, second.store)
        clock.advance(minutes: 5)
        try await waitForFired(2, second.store)
        #expect(try fired(second.store).count == 2)
        await second.schedules.stop()
        second.store.close()
    }

    @Test("a failed target is retried")
    func retry() async throws {
        let (store, schedules) = try open()
        functions.fail(1)
        try await schedules.start()
        _ = try await schedules.provision(schedule())
        clock.advance(minutes: 5)
        while logs.all.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        clock.advance(minutes: 1)
        try await waitForFired(1, store)
        await schedules.stop()
        store.close()
    }

    @Test("a rule sends its own event, and a disabled schedule sends none")
    func rules() async throws {
        let (store, schedules) = try open()
        try await schedules.start()
        _ = try await schedules.provision(schedule(["State": "DISABLED"]))
        let rule = try await schedules.provision(
            DeclaredResource(
                logicalID: "Nightly", type: "AWS::Events::ScheduledRule",
                properties: [
                    "ScheduleExpression": "cron(0 0 * * ? *)",
                    "Targets": [["Id": "t", "Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m"]],
                ]))
        #expect(rule.attributes["Arn"] == "arn:aws:events:us-east-1:000000000000:rule/Nightly")
        clock.advance(minutes: 60 * 24)
        try await waitForFired(1, store)
        let event = try JSON(parsing: try fired(store)[0])
        #expect(event["source"] == "aws.events")
        #expect(event["time"] == "2026-02-04T00:00:00Z")
        #expect(event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/Nightly"])
        await schedules.stop()
        store.close()
    }

    @Test("a target or time zone that is not emulated is refused by name")
    func notEmulated() async throws {
        let (store, schedules) = try open()
        for (change, reason): (JSON, String) in [
            (["Target": ["Arn": "arn:aws:sqs:us-east-1:0:q"]], "arn:aws:sqs"),
            (["ScheduleExpressionTimezone": "Europe/Lisbon"], "Europe/Lisbon"),
        ] {
            let fault = await #expect(throws: AWSFault.self) { try await schedules.provision(schedule(change)) }
            #expect(fault?.code == "NotImplemented")
            #expect(fault?.message.contains(reason) == true)
        }
        store.close()
    }

    @Test("schedules are listed and described")
    func description() async throws {
        let (store, schedules) = try open()
        _ = try await schedules.provision(schedule())
        let list = await schedules.respond(to: HTTPRequest(method: "GET", path: "/schedules"))
        #expect(list.json?["Schedules"]?[0]?["Name"] == "replay")
        let one = await schedules.respond(to: HTTPRequest(method: "GET", path: "/schedules/replay"))
        #expect(one.json?["Arn"] == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/replay")
        #expect(await schedules.respond(to: HTTPRequest(method: "GET", path: "/schedules/no")).status == 404)
        store.close()
    }
}
