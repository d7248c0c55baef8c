import AWSClient
import AWSModels
import FakeAWS
import Foundation
import Iceberg
import JSON
import TestReferee
import Testing

@testable import GoldBuild

/// The events of OpenLineage that a build writes.
@Suite struct LineageTests {
    private static let sales = [Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 2, year: 2021, amount: 20)]

    private func lake(_ contract: String = TestLake.contract(), lineageOf text: String? = nil) throws -> TestLake {
        let lake = try TestLake(contract: contract, lineage: "s3://lake/lineage", lineageOf: text)
        try lake.put(Self.sales, years: [2020, 2021])
        try lake.put([1: "one", 2: "two"])
        return lake
    }

    /// Reads the events as OpenLineage's own client has them, which refuses what the specification does not allow.
    private func check(_ lake: TestLake) throws -> [JSON] {
        let file = FileManager.default.temporaryDirectory.appending(path: "cupel-lineage-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let lines = try lake.lineageEvents()
        try lines.joined().write(to: file, atomically: true, encoding: .utf8)
        #expect(lines.allSatisfy { $0.hasSuffix("\n") && $0.count(where: \.isNewline) == 1 })
        let answer = try Referee.run("lineage/check_events.py", [file.path], by: Referee.lineagePython)
        #expect(try JSON(parsing: answer)["events"]?.int == lines.count)
        return try lines.map { try JSON(parsing: $0) }
    }

    @Test("a build starts and completes, with the schemas, versions and columns of its tables") func success() throws {
        let lake = try lake()
        try lake.build()
        let events = try check(lake)
        #expect(events.map { $0["eventType"] } == ["START", "COMPLETE"])
        let run = events[0]["run"]?["runId"]
        #expect(run == events[1]["run"]?["runId"] && run?.string?.count == 36)
        let end = events[1]
        #expect(end["job"]?["namespace"] == "shop" && end["job"]?["name"] == "gold-build.dm_gold.sales")
        #expect(end["job"]?["facets"]?["sql"]?["query"] == .string(TestLake.statement))
        #expect(end["inputs"]?.array?.map { $0["name"] } == ["table/dm_silver/sale", "table/dm_silver/shop"])
        let output = try #require(end["outputs"]?.array?.first)
        #expect(output["namespace"] == "arn:aws:glue:eu-west-1:1" && output["name"] == "table/dm_gold/sales")
        let names = output["facets"]?["schema"]?["fields"]?.array?.map { $0["name"] }
        #expect(names == ["year", "name", "total", "sales"])
        #expect(output["outputFacets"]?["outputStatistics"]?["rowCount"] == 2)
        let snapshot = try #require(try lake.metadata()?.currentSnapshot?.id)
        #expect(output["facets"]?["version"]?["datasetVersion"] == .string("\(snapshot)"))
        let lineage = output["facets"]?["columnLineage"]
        #expect(
            lineage?["fields"]?["name"]?["inputFields"] == [
                [
                    "namespace": "arn:aws:glue:eu-west-1:1", "name": "table/dm_silver/shop", "field": "name",
                    "transformations": [["type": "DIRECT", "subtype": "IDENTITY", "masking": false]],
                ]
            ])
        #expect(lineage?["dataset"]?.array?.first?["transformations"]?.array?.first?["subtype"] == "JOIN")
        // A run that finds nothing to build is none.
        try lake.build()
        #expect(try lake.lineageEvents().count == 2)
    }

    @Test("a build that fails says why, and so does the state machine of one that was killed") func failure() throws {
        let broken = try lake(
            TestLake.contract(isParted: false, "", ", quality: [{metric: rowCount, mustBe: 7, severity: error}]"))
        #expect(throws: GoldError.self) { try broken.build() }
        let events = try check(broken)
        #expect(events.map { $0["eventType"] } == ["START", "FAIL"])
        let message = events[1]["run"]?["facets"]?["errorMessage"]?["message"]?.string
        #expect(message?.contains("measures 2") == true)

        let killed = try lake()
        killed.aws.crash(after: 14)
        #expect(throws: (any Error).self) { try killed.build() }
        killed.aws.recover()
        try killed.report("Runtime.ExitError", "killed")
        let left = try check(killed)
        #expect(
            left.map { $0["eventType"] } == ["START", "FAIL"] && left[0]["run"]?["runId"] == left[1]["run"]?["runId"])
    }

    @Test("a table is built though its events cannot be written; lineage of another text is left out") func others()
        throws
    {
        let lake = try lake(lineageOf: "SELECT 2")
        lake.aws.refuse("PUT /lake/lineage", "AccessDenied", status: 403, times: 1)
        try lake.build()
        let events = try check(lake)
        #expect(events.map { $0["eventType"] } == ["COMPLETE"])
        #expect(events[0]["outputs"]?.array?.first?["facets"]?["columnLineage"] == nil)
    }

    @Test("a place that is none in S3 is refused by the name of its setting") func settings() throws {
        let objects = ObjectStore(FakeAWS().client)
        for place in ["lineage", "s3://", "http://lake/lineage"] {
            let error = #expect(throws: GoldError.self) {
                _ = try LineageLog(objects, location: place, jobs: "a", datasets: "b")
            }
            #expect(error?.description.hasPrefix("LINEAGE is ") == true)
        }
        #expect(LineageLog.runID("request") == LineageLog.runID("request") && LineageLog.runID("request").count == 36)
        let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
        #expect(LineageLog.runID(id) == id)
    }
}
