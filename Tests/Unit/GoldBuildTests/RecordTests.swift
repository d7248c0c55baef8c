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
}
