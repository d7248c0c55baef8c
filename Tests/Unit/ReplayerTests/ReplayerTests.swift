import AWSModels
import Control
import FakeAWS
import JSON
import LambdaRuntime
import Synchronization
import Testing
import TestMetrics
import Time

@testable import Replayer

@Suite struct ReplayerTests {
    let aws = FakeAWS()

    var replayer: Replayer {
        let control = ControlTable(
            name: "control", client: aws.client, attemptLimit: 2, now: { [aws] in aws.now })
        return Replayer(control: control, stalePendingSeconds: 3600)
    }

    let context = InvocationContext(
        requestID: "request-1", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))

    func addFailed(_ name: String, attempts: Int = 1) throws -> ControlID {
        var record = ControlRecord(
            raw: try RawKey("raw/beer/\(name).csv.gz"), bucket: "stage", version: .eTag("e"), sizeInBytes: 1,
            createdAt: aws.now)
        record.status = .error
        record.attemptCount = attempts
        aws.putItem(record.item, in: "control")
        return record.controlID
    }

    @Test("a scheduled run replays and reports the errors below the attempt limit") func scheduledRun() throws {
        let id = try addFailed("a")
        _ = try addFailed("b", attempts: 2)
        let answer = try replayer.handle(JSON.object([:]), context)
        #expect(answer["replayed"] == 1 && answer["complete"] == true && answer["dry_run"] == false)
        #expect(
            answer["records"] == [
                [
                    "control_id": .string(id.text), "object_key": "raw/beer/a.csv.gz", "table_name": "beer",
                    "attempt_count": 1, "outcome": "replayed from error",
                ]
            ])
        #expect(try replayer.handle(JSON.object([:]), context)["records"] == [])
    }

    @Test("an EventBridge scheduled event starts a scheduled run") func scheduledEvent() throws {
        _ = try addFailed("a")
        let event: JSON = ["version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": [:]]
        #expect(try replayer.handle(event, context)["replayed"] == 1)
    }

    @Test("a scheduled run logs backlog metrics before it replays; another run logs none")
    func backlogMetrics() throws {
        _ = try addFailed("a")
        _ = try addFailed("b", attempts: 2)
        let lines = Mutex<[String]>([])
        let context = InvocationContext(
            requestID: "request-1", deadline: .now + .seconds(3600),
            log: Log { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } })
        var replayer = replayer
        replayer.pipeline = "cupel-test"
        _ = try replayer.handle(["status": "error", "dry_run": true], context)
        #expect(try MetricLine.all(in: lines.withLock { $0 }).isEmpty)
        _ = try replayer.handle(JSON.object([:]), context)
        let metrics = try #require(try MetricLine.all(in: lines.withLock { $0 }).first)
        #expect(metrics.dimensionSets == [["Pipeline"]] && metrics.root["Pipeline"] == "cupel-test")
        #expect(
            metrics.values == [
                "PendingFiles": 0, "RunningFiles": 0, "StuckLeases": 0, "RetriedFiles": 1, "FailedFiles": 1,
                "AgeOfOldestPendingSeconds": 0,
            ])
    }

    @Test("named records are replayed once each, whatever their attempts") func namedRecords() throws {
        let id = try addFailed("a", attempts: 9)
        let unknown = "0123456789abcdef0123456789abcdef"
        let event: JSON = ["ids": [.string(id.text), .string(unknown), .string(id.text)]]
        let answer = try replayer.handle(event, context)
        #expect(answer["replayed"] == 1)
        #expect(
            answer["records"]?.array?.map { $0["outcome"]?.string } == [
                "replayed from error", "no such record",
            ])
    }

    @Test("a dry run changes nothing") func dryRun() throws {
        let id = try addFailed("a")
        let before = aws.items(in: "control")
        let answer = try replayer.handle(["ids": [.string(id.text)], "dry_run": true], context)
        #expect(answer["replayed"] == 1 && answer["dry_run"] == true)
        #expect(aws.items(in: "control") == before)
    }

    @Test("an invocation near its deadline leaves the rest to the next") func deadline() throws {
        for number in 0..<3 { _ = try addFailed("\(number)") }
        let hurried = InvocationContext(
            requestID: "request-2", deadline: .now + .seconds(4), log: Log(sink: { _ in }))
        let answer = try replayer.handle(["status": "error"], hurried)
        #expect(answer["complete"] == false && answer["records"]?.array?.count == 1)
    }

    @Test(
        "the error names the invalid member of an event",
        arguments: [
            (["ids": ["../x"]], "ids"), (["status": "broken"], "status"), (["since": "yesterday"], "since"),
            (["force": "yes"], "force"), (["dry_run": 1], "dry_run"), (["table": 7], "table"),
        ] as [(JSON, String)])
    func invalidEvents(event: JSON, member: String) {
        let error = #expect(throws: ReplayRequestError.self) { try ReplayRequest(event) }
        #expect(error?.member == member)
    }

    @Test("an event's filters are read") func filters() throws {
        let event: JSON = ["table": "beer", "since": "2026-03-01T00:00:00Z", "force": true]
        let since = try #require(Timestamp(rfc3339: "2026-03-01T00:00:00Z"))
        let request = try ReplayRequest(event)
        #expect(request.selection == .matching(.error, in: .bronze, table: "beer", since: since))
        #expect(request.force && !request.dryRun)
    }
}
