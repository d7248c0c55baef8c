import AWSClient
import AWSModels
import Console
import Control
import FakeAWS
import JSON
import Testing
import Time

@testable import cupel

/// What the console searches in a control table that is too large to be read for one page.
@Suite struct ConsoleSearchTests {
    private let aws = FakeAWS()
    private let source: PipelineSource

    init() throws {
        source = PipelineSource(
            pipeline: Pipeline(
                endpoint: "fake", client: aws.client, control: ControlTable(name: "control", client: aws.client),
                stageBucket: "stage", lakeBucket: "lake", functionPrefix: "cupel-dev-"),
            searchTime: .zero)
        // A layer is known to be large once it did not fit one call.
        source.memory.rememberLarge(.schema(.bronze))
        for number in 1...103 {
            let at = Timestamp(milliseconds: 1_900_000_000_000 + Int64(number) * 3_600_000)
            var record = ControlRecord(
                raw: try RawKey("raw/beer/file-\(number).csv.gz"), bucket: "stage", version: .versionID("v1"),
                sizeInBytes: 100, createdAt: at)
            (record.status, record.updatedAt) = (.success, at)
            aws.putItem(record.item, in: "control")
        }
    }

    /// The keys that all pages of a search show, and what the last one says was searched.
    private func search(_ filter: FileFilter) throws -> (keys: [String], searched: Int?, pages: Int) {
        var filter = filter
        var keys: [String] = []
        var pages = 0
        while true {
            let answer = try source.files(filter)
            pages += 1
            keys += (answer["records"]?.array ?? []).compactMap { $0["object_key"]?.string }
            guard let next = answer["next"]?.string, pages < 2000 else {
                return (keys, answer["searched"]?.int, pages)
            }
            filter.after = next
        }
    }

    @Test("a search looks at a part of a large table for each request, and all of them look at each record once")
    func parts() throws {
        var filter = FileFilter()
        filter.text = "File-103"
        let before = aws.requests.count
        let answer = try source.files(filter)
        // The fake answers in pages of two.
        #expect(aws.requests.count - before == 1 && answer["searched"] == 2)
        #expect(answer["next"]?.string != nil && answer["total"] == .null)
        let found = try search(filter)
        #expect(found.keys == ["raw/beer/file-103.csv.gz"])
        #expect(found.searched == 103 && found.pages == 52)
        filter.text = "no file has this"
        #expect(try search(filter).keys == [] && search(filter).searched == 103)
    }

    @Test("a time and a day are searched for in the same way, and no record is on two pages or on none")
    func times() throws {
        var filter = FileFilter()
        filter.limit = 3
        filter.since = Timestamp(milliseconds: 1_900_000_000_000 + 94 * 3_600_000).rfc3339
        var found = try search(filter)
        #expect(Set(found.keys) == Set((94...103).map { "raw/beer/file-\($0).csv.gz" }) && found.keys.count == 10)
        filter.since = nil
        filter.day = String(Timestamp(milliseconds: 1_900_000_000_000 + 48 * 3_600_000).rfc3339.prefix(10))
        found = try search(filter)
        #expect(found.keys.count == 24 && Set(found.keys).count == 24)
    }

    @Test("a whole ID is looked up, and no index is searched for it")
    func wholeID() throws {
        let record = try #require(
            source.files(FileFilter())["records"]?.array?.first?["control_id"]?.string)
        var filter = FileFilter()
        filter.text = record
        let before = aws.requests.count
        let answer = try source.files(filter)
        #expect(aws.requests.count - before == 1)
        #expect(answer["records"]?.array?.compactMap { $0["control_id"]?.string } == [record])
        #expect(answer["next"] == .null)
        filter.layer = "gold"
        #expect(try source.files(filter)["records"]?.array == [])
    }

    @Test("the execution of a file that a task converts is the one whose input has its ID, or whose lease it is under")
    func execution() throws {
        var record = ControlRecord(
            raw: try RawKey("raw/beer/large.csv.gz"), bucket: "stage", version: .versionID("v1"), sizeInBytes: 100,
            createdAt: Timestamp(milliseconds: 1_900_000_000_000))
        record.startedAt = Timestamp(milliseconds: 1_900_000_030_000)
        record.computeTarget = .ecs
        let id = record.controlID.text
        aws.answer("ListExecutions") { _ in
            [
                "executions": .array(
                    [
                        (1_900_000_900, "late"), (1_900_000_020, "other"), (1_900_000_010, "own"),
                        (1_800_000_000, "early"),
                    ]
                    .map { ["executionArn": .string("arn:\($0.1)"), "startDate": .int($0.0)] })
            ]
        }
        aws.answer("DescribeExecution") { input in
            // Those that started at another time are not asked.
            let isOwn = ["arn:own", "arn:late", "arn:early"].contains(input["executionArn"]?.string ?? "")
            return ["input": .string(isOwn ? #"{"control_id":"\#(id)"}"# : "{}")]
        }
        func found(_ machine: String? = "arn:machine") -> String? {
            FileExecution.arn(of: record, machine: machine, aws.client)
        }
        #expect(found() == "arn:own" && found(nil) == nil)
        record.leaseOwner = "arn:aws:states:us-east-1:000000000000:execution:cupel-dev-ingestion:a"
        #expect(found() == record.leaseOwner)
        record.computeTarget = .lambda
        #expect(found() == nil)
    }
}
