import Control
import FakeAWS
import JSON
import Testing

@testable import GoldBuild

/// What the control record of a model says of its last build.
@Suite struct RecordTests {
    private static let sales = [Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 2, year: 2021, amount: 20)]

    private func lake(quality: String = "[]") throws -> TestLake {
        let lake = try TestLake(contract: TestLake.contract(isParted: false, "", ", quality: \(quality)"))
        try lake.put(Self.sales, years: [2020, 2021])
        try lake.put([1: "one", 2: "two"])
        return lake
    }

    @Test("a build that succeeds says how many rows it wrote and what was measured; one without news changes nothing")
    func success() throws {
        let lake = try lake(quality: "[{name: few, metric: rowCount, mustBeLessThan: 2}]")
        try lake.build()
        let record = try #require(try lake.records().first)
        #expect(record.status == .success && record.table == "sales" && record.writtenCount == 2)
        #expect(record.quality.map(\.outcome) == [.failed] && record.quality.map(\.rule) == ["few"])
        #expect(record.outputKey == "gold/sales" && record.objectKey == "gold/sales.sql")
        try lake.build()
        #expect(try lake.records() == [record])
        try lake.put(Self.sales, years: [2020])
        try lake.build()
        #expect(try lake.records().map(\.status) == [.success] && lake.records()[0].attemptCount == 2)
    }

    @Test("a build that breaks the contract is an error with the reason, until one succeeds") func failure() throws {
        let lake = try lake(quality: "[{name: few, metric: rowCount, mustBeLessThan: 2, severity: error}]")
        for _ in 0..<5 {
            let error = #expect(throws: GoldError.self) { try lake.build() }
            #expect(error?.errorType == "QualityFailed")
            let record = try #require(try lake.records().first)
            #expect(record.status == .error && record.errorType == "QualityFailed" && record.isPermanent)
            #expect(record.errorMessage?.contains("rule few measures 2.0") == true)
            #expect(record.quality.map(\.outcome) == [.failed])
        }
        #expect(try lake.metadata() == nil)
        try lake.put([], years: [2020])
        try lake.build()
        #expect(try lake.records().map(\.status) == [.success])
    }

    @Test("what a retry may repair is no error of the model") func interruption() throws {
        let lake = try lake()
        lake.aws.refuse("POST /iceberg/v1/catalogs/000000000000/namespaces/dm_gold/tables/sales", "no", status: 409)
        #expect(throws: GoldError.self) { try lake.build() }
        #expect(try lake.records().map(\.status) == [.pending])
        lake.aws.endFaults()
        try lake.build()
        #expect(try lake.records().map(\.status) == [.success])
    }

    @Test("a build that fails before it begins is an error, too: its text or a table that it reads cannot be read")
    func early() throws {
        let broken = try TestLake(statement: "SELECT 'no end")
        #expect(throws: GoldError.self) { try broken.build() }
        let record = try #require(try broken.records().first)
        #expect(record.status == .error && record.errorType == "InvalidModel" && record.objectKey == "gold/sales.sql")
        #expect(record.errorMessage == "gold/sales.sql:1: this text has no end" && record.table == "sales")

        let lake = try lake()
        lake.aws.refuse("GET /iceberg/v1/catalogs/000000000000/namespaces/dm_silver/tables/shop", "no", status: 403)
        #expect(throws: (any Error).self) { try lake.build() }
        #expect(try lake.records().map(\.status) == [.error])
        lake.aws.endFaults()
        try lake.build()
        #expect(try lake.records().map(\.status) == [.success])
    }

    @Test("what the state machine says of a process that died is in the record; what the function said stays")
    func death() throws {
        let lake = try lake()
        // A process that dies while it builds leaves a record that is running.
        lake.aws.crash(after: 8)
        #expect(throws: (any Error).self) { try lake.build() }
        lake.aws.recover()
        let cause =
            #"{"errorMessage":"RequestId: 1 Error: Runtime exited with error: signal: killed","errorType":"Runtime.ExitError"}"#
        try lake.report("Runtime.ExitError", cause)
        let record = try #require(try lake.records().first)
        #expect(record.status == .error && record.errorType == "Runtime.ExitError" && record.table == "sales")
        #expect(record.errorMessage == "RequestId: 1 Error: Runtime exited with error: signal: killed")
        try lake.build()
        #expect(try lake.records().map(\.status) == [.success])

        try lake.put([], years: [2020])
        try lake.report("States.Timeout", "")
        #expect(try lake.records()[0].errorType == "States.Timeout")
        #expect(try lake.records()[0].errorMessage?.contains("did not answer") == true)

        let failing = try self.lake(quality: "[{name: few, metric: rowCount, mustBeLessThan: 2, severity: error}]")
        let error = #expect(throws: GoldError.self) { try failing.build() }
        let told = try failing.records()
        let message = JSON.string(try #require(error).description).text
        try failing.report("QualityFailed", #"{"errorMessage":\#(message),"errorType":"QualityFailed"}"#)
        #expect(try failing.records() == told && told.map(\.quality.count) == [1])
    }

    @Test("an unreadable name is refused; a name without a model has its record all the same") func names() throws {
        let lake = try TestLake()
        try lake.report("Runtime.ExitError", "gone", of: "dm_gold.removed")
        #expect(try lake.records().map(\.objectKey) == ["gold/removed.sql"])
        for name in ["sales", "dm_bronze.sale", "dm_gold.a/b", ""] {
            #expect(throws: GoldError.self, "\(name)") { try lake.report("Runtime.ExitError", "", of: name) }
        }
        #expect(try lake.records().count == 1)
    }

    @Test("a record that says otherwise is settled by a build that finds nothing to do") func settling() throws {
        let lake = try lake()
        try lake.build()
        try lake.report("Runtime.ExitError", "killed after the commit")
        #expect(try lake.records().map(\.status) == [.error])
        #expect(try lake.build()["outcome"] == "unchanged")
        let record = try #require(try lake.records().first)
        #expect(record.status == .success && record.writtenCount == 2 && record.errorType == nil)
    }
}
