import EmulatorCore
import JSON
import Synchronization
import Testing
import TestServices
import Time

@testable import EmulatedLogs

@Suite struct LogServiceTests {
    private let directory: TemporaryDirectory
    private let logs: LogService

    init() throws {
        directory = try TemporaryDirectory()
        let clock = Clock()
        logs = try LogService(directory: directory.path, clock: clock.clockAndChance)
    }

    /// A clock that advances by one millisecond at each reading.
    private final class Clock: Sendable {
        private let time = Mutex<Int64>(1000)
        var clockAndChance: ClockAndChance {
            ClockAndChance(
                now: {
                    self.time.withLock { time in
                        time += 1
                        return Timestamp(milliseconds: time)
                    }
                }, sleep: { _ in })
        }
    }

    private func messages(_ answer: JSON) -> [String] {
        answer["events"]?.array?.compactMap { $0["message"]?.string } ?? []
    }

    @Test("a new log group does not show the events of a deleted one")
    func deletedGroup() async throws {
        func lastID(_ table: String) async throws -> Int {
            try await logs.store.write { transaction in
                try transaction.snapshot.first("SELECT max(id) FROM \(table)") { $0.int(0) } ?? 0
            }
        }
        logs.write("old", group: "g", stream: "s")
        let before = (try await lastID("log_group"), try await lastID("log_stream"))
        _ = try await logs.perform("DeleteLogGroup", ["logGroupName": "g"])
        logs.write("new", group: "g", stream: "s")
        #expect(try await lastID("log_group") > before.0)
        #expect(try await lastID("log_stream") > before.1)
        logs.close()
    }

    @Test("an event can be read at once, in order over all streams of its group")
    func readAtOnce() async throws {
        for number in 0..<6 { logs.write("line \(number)\n", group: "/aws/lambda/f", stream: "s\(number % 2)") }
        logs.write("other", group: "/aws/lambda/g", stream: "s0")
        let all = try await logs.perform("FilterLogEvents", ["logGroupName": "/aws/lambda/f"])
        #expect(messages(all) == (0..<6).map { "line \($0)\n" })
        let one = try await logs.perform(
            "FilterLogEvents", ["logGroupName": "/aws/lambda/f", "logStreamNames": ["s1"]])
        #expect(messages(one) == ["line 1\n", "line 3\n", "line 5\n"])
        let ids = all["events"]?.array?.compactMap { $0["eventId"]?.string } ?? []
        #expect(Set(ids).count == 6)
        logs.close()
    }

    @Test("pages hold every event once")
    func pages() async throws {
        for number in 0..<25 { logs.write("\(number)", group: "g", stream: "s") }
        var (found, token): ([String], JSON?) = ([], nil)
        repeat {
            var input: JSONObject = ["logGroupName": "g", "limit": 10]
            input["nextToken"] = token
            let page = try await logs.perform("FilterLogEvents", .object(input))
            found += messages(page)
            token = page["nextToken"]
        } while token != nil
        #expect(found == (0..<25).map(String.init))
        logs.close()
    }

    @Test("a stream is read forward and backward, and its end repeats the token")
    func streamReading() async throws {
        for number in 0..<5 { logs.write("\(number)", group: "g", stream: "s") }
        let stream: JSONObject = ["logGroupName": "g", "logStreamName": "s", "limit": 3]
        func get(_ more: JSONObject) async throws -> JSON {
            try await logs.perform("GetLogEvents", .object(JSONObject(stream.members + more.members)))
        }
        let first = try await get(["startFromHead": true])
        #expect(messages(first) == ["0", "1", "2"])
        let second = try await get(["nextToken": first["nextForwardToken"] ?? nil])
        #expect(messages(second) == ["3", "4"])
        let third = try await get(["nextToken": second["nextForwardToken"] ?? nil])
        #expect(messages(third).isEmpty)
        #expect(third["nextForwardToken"] == second["nextForwardToken"])
        #expect(messages(try await get([:])) == ["2", "3", "4"], "without startFromHead the newest events come first")
        let back = try await get(["nextToken": second["nextBackwardToken"] ?? nil])
        #expect(messages(back) == ["0", "1", "2"])
        logs.close()
    }

    @Test("a time range limits the events")
    func timeRange() async throws {
        for number in 1...5 { logs.write("\(number)", group: "g", stream: "s") }
        let all = try await logs.perform("FilterLogEvents", ["logGroupName": "g"])
        let times = all["events"]?.array?.compactMap { $0["timestamp"]?.int } ?? []
        let some = try await logs.perform(
            "FilterLogEvents", ["logGroupName": "g", "startTime": .int(times[1]), "endTime": .int(times[3])])
        #expect(messages(some) == ["2", "3", "4"])
        logs.close()
    }

    @Test("groups and streams are created, described, written, and deleted")
    func groupLifecycle() async throws {
        _ = try await logs.perform("CreateLogGroup", ["logGroupName": "g"])
        let again = await #expect(throws: AWSFault.self) {
            try await logs.perform("CreateLogGroup", ["logGroupName": "g"])
        }
        #expect(again?.code == "ResourceAlreadyExistsException")
        _ = try await logs.perform("CreateLogStream", ["logGroupName": "g", "logStreamName": "s"])
        _ = try await logs.perform("PutRetentionPolicy", ["logGroupName": "g", "retentionInDays": 7])
        _ = try await logs.perform(
            "PutLogEvents",
            ["logGroupName": "g", "logStreamName": "s", "logEvents": [["timestamp": 5, "message": "m"]]])
        let groups = try await logs.perform("DescribeLogGroups", ["logGroupNamePrefix": "g"])
        #expect(groups["logGroups"]?[0]?["retentionInDays"] == 7)
        #expect(groups["logGroups"]?[0]?["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:g:*")
        let streams = try await logs.perform(
            "DescribeLogStreams",
            ["logGroupIdentifier": "arn:aws:logs:us-east-1:000000000000:log-group:g", "orderBy": "LastEventTime"])
        #expect(streams["logStreams"]?[0]?["lastEventTimestamp"] == 5)
        _ = try await logs.perform("DeleteLogGroup", ["logGroupName": "g"])
        let gone = await #expect(throws: AWSFault.self) {
            try await logs.perform("FilterLogEvents", ["logGroupName": "g"])
        }
        #expect(gone?.message == "The specified log group does not exist.")
        logs.close()
    }

    @Test("a template's group can be deployed before and after its first event")
    func templateGroup() async throws {
        for _ in 0..<2 {
            let group = try await logs.provision(
                DeclaredResource(
                    logicalID: "G", type: "AWS::Logs::LogGroup",
                    properties: ["LogGroupName": "g", "RetentionInDays": "30"]))
            #expect(group.ref == "g")
            logs.write("m", group: "g", stream: "s")
        }
        #expect(messages(try await logs.perform("FilterLogEvents", ["logGroupName": "g"])) == ["m", "m"])
        logs.close()
    }

    @Test("the oldest events are deleted when the database reaches its limit")
    func sizeLimit() async throws {
        let directory = try TemporaryDirectory()
        let small = try LogService(directory: directory.path, sizeLimit: 1 << 20)
        for number in 0..<30_000 { small.write("event number \(number) of many", group: "g", stream: "s") }
        let oldest = try await small.perform("FilterLogEvents", ["logGroupName": "g", "limit": 1])
        #expect(messages(oldest) != ["event number 0 of many"])
        let newest = try await small.perform("GetLogEvents", ["logGroupName": "g", "logStreamName": "s", "limit": 1])
        #expect(messages(newest) == ["event number 29999 of many"])
        small.close()
    }

    @Test("logs survive a restart")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let first = try LogService(directory: directory.path)
        first.write("kept", group: "g", stream: "s")
        first.close()
        let second = try LogService(directory: directory.path)
        #expect(messages(try await second.perform("FilterLogEvents", ["logGroupName": "g"])) == ["kept"])
        second.close()
    }
}

@Suite struct LogFilterTests {
    @Test(
        "a filter pattern matches as in CloudWatch Logs",
        arguments: [
            ("", "anything", true), ("ERROR", "an ERROR here", true), ("ERROR", "an error here", false),
            ("ERROR table", "table ERROR", true), ("ERROR table", "ERROR", false),
            ("\"two words\"", "has two words", true),
            ("\"two words\"", "two other words", false), ("-INFO", "INFO x", false), ("-INFO", "WARN x", true),
            ("?a ?b", "b", true), ("?a ?b", "c", false), ("{ $.level = \"ERROR\" }", #"{"level":"ERROR"}"#, true),
            ("{ $.level = ERROR }", #"{"level":"INFO"}"#, false), ("{ $.level = ERR* }", #"{"level":"ERROR"}"#, true),
            ("{ $.a.b >= 5 && $.c != x }", #"{"a":{"b":5},"c":"y"}"#, true),
            ("{ $.a.b > 5 || $.c = y }", #"{"a":{"b":5},"c":"y"}"#, true),
            ("{ $.n < 2 }", #"{"n":1.5}"#, true), ("{ $.n < 2 }", "no JSON", false),
        ])
    func patterns(pattern: String, message: String, isTaken: Bool) throws {
        #expect(try LogFilter(pattern).matches(message) == isTaken)
    }

    @Test("a pattern without a comparison is refused")
    func noComparison() {
        #expect(throws: AWSFault.self) { try LogFilter("{ $.a }") }
    }
}
