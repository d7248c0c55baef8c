import AWSClient
import Control
import FakeAWS
import JSON
import LambdaRuntime
import PublishedContracts
import Synchronization
import TestMetrics
import Testing
import Time

@testable import SilverMerge

/// What waits for silver, as the state machine and the alarms see it.
@Suite struct WaitingTablesTests {
    private let lake: TestLake

    init() throws { lake = try TestLake() }

    @discardableResult
    private func add(
        _ table: String, _ name: String, _ status: ControlRecord.Status, size: Int = 10, attempts: Int = 0
    ) -> ControlRecord {
        var record = ControlRecord(
            controlID: ControlID(bucket: "lake", key: "\(table)/\(name)", version: "1", schema: .silver),
            schema: .silver, table: table, bucket: "lake", objectKey: "\(table)/\(name)", objectVersion: .eTag("e"),
            fileFormat: .parquet, fileSizeInBytes: size, createdAt: lake.aws.now)
        record.status = status
        record.attemptCount = attempts
        lake.aws.putItem(record.item, in: "control")
        return record
    }

    private func waiting(limit: Int = WaitingTables.recordLimit) throws -> WaitingTables {
        try WaitingTables(lake.control, at: lake.aws.now, recordLimit: limit)
    }

    @Test(
        "tables with files that wait are listed with number, size and who merges them; failed and merged files are not")
    func listing() throws {
        for number in 0..<30 { add("beer", "\(number)", .pending, size: 7) }
        add("ale", "a", .running)
        add("wine", "a", .error)
        add("wine", "b", .success)
        #expect(
            try waiting().answer(taskBytes: 210, sparkBytes: 0) == [
                "tables": [
                    ["table": "ale", "files": 1, "bytes": 10, "reload": false, "target": "lambda"],
                    ["table": "beer", "files": 30, "bytes": 210, "reload": false, "target": "ecs"],
                ]
            ])
        #expect(try waiting().isComplete)
        func targets(_ taskBytes: Int, _ sparkBytes: Int) throws -> [String?] {
            let tables = try waiting().answer(taskBytes: taskBytes, sparkBytes: sparkBytes)["tables"]?.array ?? []
            return tables.map { $0["target"]?.string }
        }
        #expect(try targets(0, 0) == ["lambda", "lambda"])
        #expect(try targets(10, 210) == ["ecs", "emr"])
        #expect(try targets(0, 210) == ["lambda", "emr"])
        #expect(try targets(10, 211) == ["ecs", "ecs"])
    }

    @Test(
        "the age is that of the oldest pending file: since its replay, or since it was registered if a merge gave it back"
    )
    func age() throws {
        func age() throws -> Int? { try waiting().metrics.first { $0.name.hasSuffix("Seconds") }?.value }
        #expect(try age() == 0)
        var replayed = add("beer", "replayed", .pending)
        lake.aws.advance(byMilliseconds: 60_000)
        replayed.updatedAt = lake.aws.now
        lake.aws.putItem(replayed.item, in: "control")
        #expect(try age() == 0)
        replayed.attemptCount = 1
        lake.aws.putItem(replayed.item, in: "control")
        #expect(try age() == 60)
    }

    @Test("a run reads no more records than its limit, and later runs find the tables that it missed")
    func limit() throws {
        for number in 0..<400 { add("beer", "\(number)", .pending) }
        add("ale", "only", .pending)
        var found: Set<String> = []
        for _ in 0..<16 {
            lake.aws.advance(byMilliseconds: 1000)
            let part = try waiting(limit: 100)
            #expect(!part.isComplete && part.tables.values.reduce(0) { $0 + $1.fileCount } == 100)
            found.formUnion(part.tables.keys)
        }
        #expect(found == ["ale", "beer"])
    }

    @Test(
        "a run writes what waits, a merge its rows, and a failed merge its failure, once for the pipeline and its table"
    )
    func metrics() throws {
        let lines = Mutex<[String]>([])
        let log = Log { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        func written() throws -> [MetricLine] {
            defer { lines.withLock { $0 = [] } }
            return try MetricLine.all(in: lines.withLock { $0 })
        }
        var settings = lake.merge.settings
        settings.pipeline = "cupel-dev"
        let merge = SilverMerge(settings: settings)
        let context = InvocationContext(requestID: "worker", deadline: .now + .seconds(3600), log: log)

        let changes = (1...2).map {
            TestChange(id: $0, operation: .insert, order: "00000000000000000\($0)-1-0000000000", time: $0, name: "n")
        }
        try lake.put(changes, as: "a")
        _ = try merge.handle([:], context)
        let listed = try #require(try written().first)
        #expect(listed.values["SilverPendingFiles"] == 1 && listed.values["SilverFailedFiles"] == 0)
        #expect(listed.dimensionSets == [["Pipeline"]])

        _ = try merge.handle(["table": "t"], context)
        let merged = try #require(try written().first)
        #expect(merged.values["FilesMerged"] == 1 && merged.values["RowsInserted"] == 2)
        #expect(merged.dimensionSets == [["Pipeline"], ["Pipeline", "Table"]])

        _ = try merge.handle(["table": "t"], context)
        #expect(try written().isEmpty, "a merge without work says nothing")

        #expect(throws: (any Error).self) { try merge.handle(["table": "unknown"], context) }
        #expect(try written().first?.values == ["MergesFailed": 1])
    }
}
