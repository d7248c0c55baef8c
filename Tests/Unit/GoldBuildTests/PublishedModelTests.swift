import AWSClient
import AWSModels
import Control
import FakeAWS
import JSON
import PublishedModels
import Testing
import Publication

@testable import GoldBuild

/// Models that were published take the place of the package's, from the next invocation on.
@Suite struct PublishedModelTests {
    private static let sales = [Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 1, year: 2021, amount: 20)]

    private let lake: TestLake
    private var store: ModelStore { ModelStore(bucket: "lake", objects: ObjectStore(lake.aws.client)) }

    init() throws {
        lake = try TestLake()
        try lake.put(Self.sales, years: [2020, 2021])
        try lake.put([1: "one"])
        try lake.build()
    }

    private func publish(_ models: [String: String], removing names: [String] = []) throws {
        let stored = try #require(try store.index())
        var index = stored.index
        var all: [ModelTexts] = []
        for (name, sql) in models {
            let table = String(name.split(separator: ".")[1])
            let contract = TestLake.contract().replacing("name: sales, prop", with: "name: \(table), prop")
            let texts = ModelTexts(sql: sql, contract: contract, lineage: nil)
            index.entries[name] = ModelIndex.Entry(hash: texts.hash, version: "2")
            all.append(texts)
        }
        for name in names {
            index.removed[name] = ModelIndex.Entry(
                hash: ModelTexts(sql: "", contract: "", lineage: nil).hash, version: "-")
        }
        #expect(try store.publish(all, index: index, replacing: stored))
    }

    @Test("a published text is built; without another, nothing is read again but the index") func published() throws {
        #expect(try lake.rows() == ["2020 one 10 1", "2021 one 20 1"])
        try publish([TestLake.model: TestLake.statement.replacing("sum(s.amount)", with: "sum(s.amount) * 2")])
        #expect(try lake.build()["outcome"] == "built")
        #expect(try lake.rows() == ["2020 one 20 1", "2021 one 40 1"])
        let start = lake.aws.requests.count
        #expect(try lake.build()["outcome"] == "unchanged")
        let read = lake.aws.requests[start...].filter { $0.hasPrefix("GET /lake/models") }
        #expect(read == ["GET /lake/models/current.json"])
    }

    @Test("a model that the package does not have is listed and built; one that was ended is neither") func others()
        throws
    {
        try publish(["dm_gold.more": "SELECT year, name, total, sales FROM dm_gold.sales"])
        #expect(try lake.levels() == [["dm_gold.sales"], ["dm_gold.more"]])
        #expect(try lake.build("dm_gold.more")["rows"] == 2)
        try publish([:], removing: [TestLake.model])
        #expect(try lake.levels() == [["dm_gold.more"]])
        let error = #expect(throws: GoldError.self) { try lake.build() }
        #expect(error?.description == "there is no model dm_gold.sales; there are dm_gold.more")
    }

    @Test("texts that are damaged fail their model alone, a damaged index all; written again, they are good")
    func damage()
        throws
    {
        try publish(["dm_gold.more": "SELECT year, name, total, sales FROM dm_gold.sales"])
        let object = store.object(hash: try #require(try store.index()?.index.entries["dm_gold.more"]).hash)
        let bytes = try #require(lake.aws.bytes(of: object))
        lake.aws.put([1], to: object)
        #expect(throws: GoldError.self) { try lake.build("dm_gold.more") }
        let record = try #require(try lake.records().first { $0.table == "more" })
        #expect(record.errorMessage?.contains("has changed since it was published") == true)
        #expect(try lake.build()["outcome"] == "unchanged")
        lake.aws.put(bytes, to: object)
        #expect(try lake.build("dm_gold.more")["outcome"] == "built")
        lake.aws.put([1], to: store.index)
        for body in [{ _ = try lake.build() }, { _ = try lake.levels() }] as [() throws -> Void] {
            let error = #expect(throws: GoldError.self) { try body() }
            #expect(error?.errorType == "InvalidConfiguration")
        }
    }
}
