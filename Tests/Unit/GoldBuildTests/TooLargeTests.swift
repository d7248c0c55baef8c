import Control
import FakeAWS
import Iceberg
import JSON
import Testing
import Time

@testable import GoldBuild

/// A model that reads too much for the function is built by a task or by Spark, and by one of them alone.
@Suite struct TooLargeTests {
    private static let sales = [
        Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 2, year: 2021, amount: 20),
    ]
    private static let shops: [Int64: String] = [1: "one", 2: "two"]
    private static let tiny = BuildLimits(taskBytes: 1)

    private func lake() throws -> TestLake {
        let lake = try TestLake(lineage: "s3://lake/lineage")
        try lake.put(Self.sales, years: [2020, 2021])
        try lake.put(Self.shops)
        return lake
    }

    @Test(
        "a function is for less than a task, and a task for less than Spark",
        arguments: [
            (0, 0, 1 << 60, nil), (10, 0, 9, nil), (10, 0, 10, .task), (10, 100, 99, .task), (10, 100, 100, .spark),
            (0, 100, 99, nil), (0, 100, 100, .spark),
        ] as [(Int, Int, Int, BuildTarget?)])
    func targets(task: Int, spark: Int, bytes: Int, target: BuildTarget?) {
        let limits = BuildLimits(taskBytes: task, sparkBytes: spark)
        var found: BuildTarget?
        do throws(BuildTooLarge) { try limits.check(bytes) } catch { found = error.target }
        #expect(found == target)
    }

    @Test("only the columns that the model reads count, and of a changed period only its files") func size() throws {
        let lake = try lake()
        let all = try #require(try lake.step(nil, limits: Self.tiny)["bytes"]?.int)
        // A file has more than its columns, and the telephone is none of the model's.
        let size = try lake.inputSize()
        #expect(all > 0 && all < size)
        try lake.build()
        try lake.put([Sale(shop: 2, year: 2021, amount: 21)], years: [2021])
        let some = try #require(try lake.step(nil, limits: Self.tiny)["bytes"]?.int)
        #expect(some > 0 && some < all)
        #expect(try lake.step(nil, limits: BuildLimits(taskBytes: some + 1))["outcome"] == "built")
    }

    @Test("the function copies nothing of what is too large, and holds the record for the task, which builds it once")
    func task() throws {
        let lake = try lake()
        let start = lake.aws.requests.count
        let answer = try lake.step("run-1", limits: Self.tiny)
        #expect(answer["outcome"] == "tooLarge" && answer["target"] == "ecs")
        #expect(!lake.aws.requests[start...].contains { $0.contains("/data/") })
        #expect(try lake.records().map(\.status) == [.running])
        #expect(try lake.lineageEvents().isEmpty)
        // The same step again, after its answer was lost.
        #expect(try lake.step("run-1", limits: Self.tiny) == answer)
        // Another execution leaves it alone, whatever its limits; so does what is called by hand.
        #expect(try lake.step("run-2", limits: Self.tiny)["outcome"] == "heldByAnother")
        #expect(try lake.build()["outcome"] == "heldByAnother")
        #expect(try lake.metadata() == nil)

        #expect(try lake.task(of: "run-1")["outcome"] == "built")
        #expect(try lake.rows() == TestLake.expected(Self.sales, Self.shops))
        #expect(try lake.records().map(\.status) == [.success])
        #expect(try lake.lineageEvents().count == 2)
        let settled = try lake.step("run-1", ["built_by": "ecs"], limits: Self.tiny)
        #expect(settled["outcome"] == "built" && settled["rows"] == 2)
        #expect(try lake.build()["outcome"] == "unchanged")
        #expect(try lake.metadata()?.snapshots.count == 1)
    }

    @Test("Spark gets the text that is in force, and no other; its end is recorded, and told to lineage") func spark()
        throws
    {
        let lake = try lake()
        let answer = try lake.step("run", limits: BuildLimits(sparkBytes: 1))
        #expect(answer["target"] == "emr")
        let model = try lake.gold.settings.models.catalog().model(TableName(namespace: "dm_gold", table: "sales"))
        #expect(
            answer["arguments"]?.array?.compactMap(\.string) == [
                "--models", "s3://lake/jobs/models", "--model", "dm_gold.sales", "--expect", model.hash, "--location",
                "s3://lake",
            ])
        #expect(try lake.lineageEvents().count == 1)
        #expect(try lake.task(of: "run", asSpark: true)["outcome"] == "built")
        let settled = try lake.step("run", ["built_by": "emr"], limits: BuildLimits())
        #expect(settled["outcome"] == "built" && settled["target"] == "emr")
        let record = try #require(try lake.records().first)
        #expect(record.status == .success && record.writtenCount == 2)
        let events = try lake.lineageEvents()
        #expect(events.count == 2 && events[1].contains("COMPLETE"), "\(events)")
    }

    @Test("inputs that change meanwhile are for the next run") func outdated() throws {
        let lake = try lake()
        _ = try lake.step("run", limits: Self.tiny)
        #expect(try lake.task(of: "run", asSpark: true)["outcome"] == "built")
        try lake.put([], years: [2021])
        #expect(try lake.step("run", ["built_by": "emr"], limits: Self.tiny)["outcome"] == "outdated")
        #expect(try lake.records().map(\.status) == [.pending])
        #expect(try lake.build()["outcome"] == "built")
    }

    @Test("a task that dies gives the record back as an error; what it said itself stays") func death() throws {
        let lake = try lake()
        _ = try lake.step("run", limits: Self.tiny)
        let failure: JSON = [
            "Error": "States.TaskFailed",
            "Cause": #"{"StoppedReason":"Essential container in task exited","Containers":[{"ExitCode":137}]}"#,
        ]
        // Another execution, whose function was killed, does not end what this one has begun.
        let other = try lake.step("other", ["failure": failure], limits: Self.tiny)
        #expect(other["recorded"] == false)
        #expect(try lake.records().map(\.status) == [.running])
        let told = try lake.step("run", ["failure": failure], limits: Self.tiny)
        #expect(told["recorded"] == true && told["message"]?.string?.contains("exit status 137") == true)
        #expect(try lake.records().map(\.errorType) == ["States.TaskFailed"])
        // The next run begins anew.
        let start = lake.aws.now.rfc3339
        _ = try lake.step("next", limits: Self.tiny)
        lake.aws.refuse("GET /iceberg/v1/catalogs/000000000000/namespaces/dm_silver/tables/shop", "no", status: 403)
        #expect(throws: (any Error).self) { try lake.task(of: "next") }
        lake.aws.endFaults()
        let said = try lake.records()
        #expect(said.map(\.status) == [.error] && said[0].errorType != "States.TaskFailed")
        let again = try lake.step("next", ["failure": failure, "started_at": .string(start)], limits: Self.tiny)
        #expect(again["recorded"] == false && again["error"]?.string == said[0].errorType)
        #expect(try lake.records() == said)
    }

    @Test("a task that is asked to end stops, and gives the record back") func interruption() throws {
        let lake = try lake()
        _ = try lake.step("run", limits: Self.tiny)
        let error = #expect(throws: GoldError.self) { try lake.task(of: "run") { true } }
        #expect(error?.errorType == "Interrupted")
        #expect(try lake.records().map(\.status) == [.pending])
        #expect(try lake.metadata() == nil)
    }

    @Test("the end of a build names who built it, and for whom") func usage() throws {
        let lake = try lake()
        #expect(throws: GoldError.self) { try lake.step("run", ["built_by": "hand"], limits: Self.tiny) }
    }
}
