import AWSClient
import AWSModels
import Console
import Control
import FakeAWS
import JSON
import Testing
import Time

@testable import cupel

/// What the console reads of the control table, and what it makes of names and lines.
@Suite struct ConsoleSourceTests {
    private let aws = FakeAWS()
    private var source: PipelineSource {
        PipelineSource(
            pipeline: Pipeline(
                endpoint: "fake", client: aws.client, control: ControlTable(name: "control", client: aws.client),
                stageBucket: "stage", lakeBucket: "lake", functionPrefix: "cupel-dev-"))
    }

    private func put(_ number: Int, status: ControlRecord.Status = .success) throws {
        var record = ControlRecord(
            raw: try RawKey("raw/beer/\(number).csv.gz"), bucket: "stage", version: .versionID("v1"),
            sizeInBytes: number % 3 * 100, createdAt: Timestamp(milliseconds: 1_900_000_000_000))
        record.status = status
        record.updatedAt = Timestamp(milliseconds: 1_900_000_000_000 + Int64(number) * 1000)
        if number != 4 { record.recordCount = number * 10 }
        aws.putItem(record.item, in: "control")
    }

    private func pages(_ filter: FileFilter) throws -> [[String]] {
        var filter = filter
        var pages: [[String]] = []
        repeat {
            let answer = try source.files(filter)
            pages.append(
                (answer["records"]?.array ?? []).map {
                    String($0["object_key"]?.string?.split(separator: "/").last?.prefix { $0 != "." } ?? "")
                })
            filter.after = answer["next"]?.string
        } while filter.after != nil && pages.count < 20
        return pages
    }

    @Test("files that fit a page of the index are sorted by time, newest first, across the pages of the list")
    func unasked() throws {
        for number in 1...7 { try put(number) }
        var filter = FileFilter()
        filter.limit = 3
        #expect(try pages(filter) == [["7", "6", "5"], ["4", "3", "2"], ["1"]])
    }

    @Test("a list sorted by a column goes on where its page before ended, also among equal values and unknown ones")
    func sorted() throws {
        for number in 1...7 { try put(number) }
        var filter = FileFilter()
        filter.limit = 2
        filter.sort = .size
        let found = try pages(filter)
        #expect(found.map(\.count) == [2, 2, 2, 1])
        let numbers = found.joined().compactMap { Int($0) }
        #expect(Set(numbers) == Set(1...7))
        #expect(numbers.map { $0 % 3 } == [2, 2, 1, 1, 1, 0, 0])
        filter.sort = .read
        filter.isAscending = true
        #expect(try pages(filter).joined().first == "4")
        filter.sort = .file
        #expect(try pages(filter).joined().elementsEqual((1...7).map { "\($0)" }))
    }

    @Test(
        "a layer that does not fit one call is paged in the index's order, and the second page view reads no more than it shows"
    )
    func large() throws {
        for number in 1...1003 { try put(number) }
        let source = source
        var filter = FileFilter()
        filter.limit = 4
        #expect(try source.files(filter)["sorted_by"] == .null)
        let before = aws.requests.count
        let page = try source.files(filter)
        #expect(page["records"]?.array?.count == 4 && page["next"]?.string != nil)
        // The fake answers in pages of two.
        #expect(aws.requests.count - before == 2)
    }

    @Test("a mark that no page gave, a day and a time of another form are errors")
    func wrongFilters() throws {
        for change in [
            { (filter: inout FileFilter) in filter.after = "no mark" }, { $0.after = "e30=" },
            { $0.day = "2026-11-3" }, { $0.since = "soon" },
        ] {
            var filter = FileFilter()
            change(&filter)
            #expect(throws: ConsoleFault.self) { _ = try source.files(filter) }
        }
    }

    @Test("a replay by a filter takes what its list has, and a dry run changes nothing")
    func replayByFilter() throws {
        for number in 1...5 { try put(number, status: number < 4 ? .error : .success) }
        let before = aws.items(in: "control")
        var filter = FileFilter()
        filter.status = "error"
        filter.text = "2.csv"
        var answer = try source.replay(ReplayRequest(ids: [], filter: filter, isDryRun: true, isForced: false))
        #expect(answer["replayed_count"] == 1 && answer["record_count"] == 1)
        #expect(Set(aws.items(in: "control")) == Set(before))
        filter.text = nil
        answer = try source.replay(ReplayRequest(ids: [], filter: filter, isDryRun: true, isForced: false))
        #expect(answer["replayed_count"] == 3 && answer["truncated"] == false)
    }

    @Test("express executions that failed are listed and shown from their log")
    func express() throws {
        let arn = "arn:aws:states:us-east-1:000000000000:express:cupel-dev-dispatch:run:7"
        aws.answer("ListStateMachines") { _ in
            ["stateMachines": [["name": "cupel-dev-dispatch", "type": "EXPRESS", "stateMachineArn": "m"]]]
        }
        aws.answer("FilterLogEvents") { input in
            guard input["logGroupName"] == "/aws/vendedlogs/states/cupel-dev-dispatch" else { return ["events": []] }
            func line(_ id: Int, _ type: String, _ error: String) -> JSON {
                let text: JSON = [
                    "id": .string("\(id)"), "type": .string(type), "previous_event_id": "3",
                    "details": ["error": .string(error), "cause": "why"],
                    "event_timestamp": "1900000000000", "execution_arn": .string(arn),
                ]
                return ["timestamp": 1_900_000_000_000, "eventId": .string("\(id)"), "message": .string(text.text)]
            }
            return ["events": [line(4, "TaskFailed", "Throttled"), line(5, "ExecutionFailed", "States.Timeout")]]
        }
        var filter = ExecutionFilter()
        filter.machine = "dispatch"
        var rows = try source.executions(filter)["executions"]?.array ?? []
        #expect(rows.count == 1 && rows.first?["status"] == "FAILED" && rows.first?["name"] == "run")
        filter.status = "SUCCEEDED"
        rows = try source.executions(filter)["executions"]?.array ?? []
        #expect(rows.isEmpty)
        let answer = try source.execution(arn)
        #expect(answer["execution"]?["error"] == "States.Timeout")
        #expect(answer["events"]?[0]?["taskFailedEventDetails"]?["error"] == "Throttled")
        #expect(throws: ConsoleFault.self) { _ = try source.execution(arn + "8") }
        #expect(throws: ConsoleFault.self) { _ = try source.rerun(arn) }
    }

    @Test("a value is found as a word, on lines that pieces cut, with their numbers, up to a limit")
    func lineSearch() {
        let text = "beer_id,name\n17,a\n1170,b\n5,17\r\nx17,c\n9,é17\n17"
        for size in 1...text.utf8.count {
            var search = LineSearch(Array("17".utf8), limit: 10)
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let goesOn = search.add(Array(rest.prefix(size)))
                #expect(goesOn)
                rest = rest.dropFirst(size)
            }
            search.finish()
            #expect(search.hits.map(\.line) == [2, 4, 7])
            #expect(search.hits.map(\.text) == ["17,a", "5,17", "17"])
        }
        var search = LineSearch(Array("1".utf8), limit: 2)
        let goesOn = search.add(Array("1\n1\n1\n1\n".utf8))
        #expect(!goesOn && search.hits.count == 2 && search.isCut)
    }

    @Test("the picture has what is deployed, no line leads to what is not, and no two parts are at one place")
    func parts() {
        var deployed = DeployedParts()
        deployed.functions = ["control-recorder", "compute-router", "bronze-writer", "own-function"]
        deployed.machines = ["dispatch": "EXPRESS"]
        var parts = FlowPart.all(of: deployed)
        #expect(parts.contains { $0.name == "own-function" } && !parts.contains { $0.name == "silver" })
        #expect(!parts.contains { $0.name == "database" })
        deployed.functions.formUnion([
            "firehose-transform", "silver-merge", "gold-build", "replayer", "lake-maintenance",
        ])
        deployed.machines = ["dispatch": "EXPRESS", "ingestion": "STANDARD", "silver": "STANDARD", "gold": "STANDARD"]
        (deployed.streams, deployed.deliveryStreams) = (["changes"], ["changes-to-raw"])
        deployed.machines["maintenance"] = "STANDARD"
        deployed.tasks = ["bronze-writer", "silver-merge", "gold-build", "change-capture"]
        parts = FlowPart.all(of: deployed)
        let names = Set(parts.map(\.name))
        #expect(names.count == parts.count)
        #expect(Set(parts.map { [$0.column, $0.row] }).count == parts.count)
        for part in parts { #expect(names.isSuperset(of: part.next + part.calls), "\(part.name)") }
        #expect(parts.first { $0.name == "database" }?.next == ["change-capture"])
        #expect(names.isSuperset(of: ["silver-merge-task", "gold-build-task", "maintenance-machine"]))
        #expect(Set(parts.compactMap(\.task)) == deployed.tasks)
        // Without a task of the stack, the changes come from DMS.
        deployed.tasks = []
        #expect(FlowPart.all(of: deployed).first { $0.name == "database" }?.next == ["stream"])
    }
}
