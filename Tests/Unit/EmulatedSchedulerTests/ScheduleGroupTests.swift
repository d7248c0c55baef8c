import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedScheduler

/// Groups of schedules.
@Suite struct ScheduleGroupTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let schedules: ScheduleService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: ScheduleService.schema)
        schedules = ScheduleService(
            store: store, peers: Peers(TableTarget("lambda")), clock: TestClock().clockAndChance)
    }

    private func call(_ method: String, _ path: String, _ body: JSON = [:], query: String = "") async throws -> (
        Int, JSON
    ) {
        let answer = await schedules.respond(
            to: HTTPRequest(method: method, path: path, query: query, body: RequestBody(body.bytes)))
        return (answer.status, try JSON(parsing: answer.text))
    }

    private func schedule(_ group: String) -> JSON {
        [
            "ScheduleExpression": "rate(5 minutes)", "FlexibleTimeWindow": ["Mode": "OFF"], "GroupName": .string(group),
            "Target": ["Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "r"],
        ]
    }

    @Test("a group is made, listed beside the default one, and deleted with its schedules")
    func life() async throws {
        let (status, made) = try await call("POST", "/schedule-groups/nightly")
        #expect(status == 200)
        #expect(made["ScheduleGroupArn"] == "arn:aws:scheduler:us-east-1:000000000000:schedule-group/nightly")
        #expect(try await call("POST", "/schedule-groups/nightly").0 == 409)
        let listed = try await call("GET", "/schedule-groups").1["ScheduleGroups"]?.array ?? []
        #expect(listed.map { $0["Name"] } == ["default", "nightly"])
        #expect(try await call("GET", "/schedule-groups/nightly").1["State"] == "ACTIVE")

        // Schedules of two groups share a name.
        #expect(try await call("POST", "/schedules/s", schedule("nightly")).0 == 200)
        #expect(try await call("POST", "/schedules/s", schedule("default")).0 == 200)
        #expect(try await call("GET", "/schedules/s", query: "groupName=nightly").1["GroupName"] == "nightly")
        let inGroup = try await call("GET", "/schedules", query: "ScheduleGroup=nightly").1["Schedules"]?.array
        #expect(inGroup?.count == 1)
        #expect(try await call("DELETE", "/schedule-groups/nightly").0 == 200)
        #expect(try await call("GET", "/schedules/s", query: "groupName=nightly").0 == 404)
        #expect(try await call("GET", "/schedules/s").0 == 200)
        store.close()
    }

    @Test("a schedule in a group that is not there is refused, and so is the end of the default group")
    func refusals() async throws {
        let (status, answer) = try await call("POST", "/schedules/s", schedule("none"))
        #expect(status == 404 && answer["Message"] == "Schedule group none does not exist.")
        #expect(try await call("DELETE", "/schedule-groups/default").0 == 400)
        #expect(try await call("DELETE", "/schedule-groups/none").0 == 404)
        #expect(try await call("POST", "/schedule-groups/a%20b").0 == 400)
        store.close()
    }

    @Test("a template makes a group") func template() async throws {
        let made = try await schedules.provision(
            DeclaredResource(
                logicalID: "G", type: "AWS::Scheduler::ScheduleGroup", properties: ["Name": "weekly"], stack: "app"))
        #expect(made.ref == "weekly")
        #expect(made.attributes["Arn"] == "arn:aws:scheduler:us-east-1:000000000000:schedule-group/weekly")
        #expect(try await call("POST", "/schedules/s", schedule("weekly")).0 == 200)
        try await schedules.remove("AWS::Scheduler::ScheduleGroup", "weekly")
        #expect(try await call("GET", "/schedule-groups/weekly").0 == 404)
        store.close()
    }
}
