import Control
import Iceberg
import JSON
import Testing

@testable import GoldBuild

/// What another text of a model would change, without a commit.
@Suite struct DiffTests {
    private static let sales = [
        Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 2, year: 2020, amount: 20),
        Sale(shop: 2, year: 2021, amount: 5),
    ]
    /// One row a year.
    private static let statement = "SELECT year, sum(amount) AS total FROM dm_silver.sale GROUP BY year"

    private static func contract(
        total: String = "bigint", more: String = "", isKey: Bool = true, quality: String = "[]"
    ) -> String {
        """
        {apiVersion: v3.1.0, kind: DataContract, id: sales, version: '1', status: draft,
         schema: [{name: sales, quality: \(quality), properties: [
          {name: year, logicalType: integer, physicalType: int, primaryKey: \(isKey)},
          {name: total, logicalType: integer, physicalType: \(total)}\(more)]}]}
        """
    }

    private func lake(isKey: Bool = true) throws -> TestLake {
        let lake = try TestLake(contract: Self.contract(isKey: isKey), statement: Self.statement)
        try lake.put(Self.sales, years: [2020, 2021])
        try lake.build()
        return lake
    }

    @Test("the same text changes nothing") func same() throws {
        let answer = try lake().diff(Self.statement, Self.contract())
        for kind in ["added", "removed", "changed"] { #expect(answer[kind] == 0, "\(kind)") }
        #expect(answer["rows"] == 2 && answer["stored"] == 2 && answer["columns"] == [] && answer["examples"] == [])
        #expect(answer["failure"] == nil && answer["refused"] == nil && answer["key"] == ["year"])
    }

    @Test("rows are added, removed and changed by the key, and nothing is committed or recorded") func rows() throws {
        let lake = try lake()
        let (snapshots, records) = (try lake.metadata()?.snapshots.count, try lake.records())
        let answer = try lake.diff(
            "SELECT year + 1 AS year, sum(amount) AS total FROM dm_silver.sale GROUP BY year", Self.contract())
        #expect(answer["added"] == 1 && answer["removed"] == 1 && answer["changed"] == 1 && answer["rows"] == 2)
        #expect(answer["columns"] == [["name": "total", "change": "values", "rows": 1]])
        #expect(
            answer["examples"] == [
                ["change": "added", "key": ["year": "2022"], "values": ["total": ["now": nil, "new": "5"]]],
                ["change": "removed", "key": ["year": "2020"], "values": ["total": ["now": "30", "new": nil]]],
                ["change": "changed", "key": ["year": "2021"], "values": ["total": ["now": "5", "new": "30"]]],
            ])
        #expect(try lake.metadata()?.snapshots.count == snapshots && lake.records() == records)
        #expect(try lake.build()["outcome"] == "unchanged")
    }

    @Test("columns are added, removed and change their types; then the table has to be made anew") func columns() throws
    {
        let answer = try lake().diff(
            "SELECT year, count(*) AS sales, CAST(sum(amount) AS VARCHAR) AS total FROM dm_silver.sale GROUP BY year",
            Self.contract(total: "string", more: ", {name: sales, logicalType: integer, physicalType: bigint}")
                .replacing("logicalType: integer, physicalType: string", with: "logicalType: string"))
        #expect(answer["changed"] == 0 && answer["added"] == 0 && answer["removed"] == 0)
        #expect(
            answer["columns"] == [
                ["name": "total", "change": "retyped", "type": "string", "was": "long"],
                ["name": "sales", "change": "added", "type": "long"],
            ])
        #expect(answer["refused"]?.string?.contains("delete the table") == true)
        let narrow = Self.contract().replacing(
            ",\n  {name: total, logicalType: integer, physicalType: bigint}", with: "")
        let less = try lake().diff("SELECT DISTINCT year FROM dm_silver.sale", narrow)
        #expect(less["columns"] == [["name": "total", "change": "removed", "type": "long"]])
    }

    @Test("without a key that both have and that is unique, whole rows are compared") func wholeRows() throws {
        for (stored, proposed) in [(false, false), (true, false), (false, true)] {
            let answer = try lake(isKey: stored).diff(
                "SELECT year, sum(amount) + year - 2020 AS total FROM dm_silver.sale GROUP BY year",
                Self.contract(isKey: proposed))
            #expect(answer["key"] == [] && answer["added"] == 1 && answer["removed"] == 1 && answer["changed"] == 0)
        }
        let repeated = try lake().diff("SELECT year, amount AS total FROM dm_silver.sale", Self.contract())
        #expect(repeated["failure"]?.string?.contains("rows share a primary key, such as 2020") == true)
        #expect(repeated["added"] == 2 && repeated["removed"] == 1 && repeated["key"] == [])
    }

    @Test("a table that is not there gets all rows; a model that cannot run says so with its line") func others() throws
    {
        let lake = try TestLake(contract: Self.contract(), statement: Self.statement)
        #expect(try lake.diff(Self.statement, Self.contract())["outcome"] == "waiting")
        try lake.put(Self.sales, years: [2020, 2021])
        let answer = try lake.diff(Self.statement, Self.contract())
        #expect(answer["added"] == 2 && answer["stored"] == JSON.null && answer["columns"] == [])
        #expect(try lake.metadata() == nil && lake.records().isEmpty)
        for (sql, contract, type) in [
            ("SELECT yea FROM dm_silver.sale", Self.contract(), "InvalidModel"),
            ("SELECT 1;", Self.contract(), "InvalidModel"),
            (Self.statement, "no: contract", "InvalidModel"),
        ] {
            let error = #expect(throws: GoldError.self) { try lake.diff(sql, contract) }
            #expect(error?.errorType == type && error.map { "\($0)".hasPrefix("gold/sales.") } == true)
        }
        #expect(try lake.records().isEmpty)
    }

    @Test("as many rows of each kind are shown as are asked for") func limit() throws {
        let lake = try lake()
        let all = "SELECT year + 10 AS year, sum(amount) AS total FROM dm_silver.sale GROUP BY year"
        for limit in [0, 1, 5] {
            let examples = try lake.diff(all, Self.contract(), examples: limit)["examples"]?.array ?? []
            #expect(examples.count == 2 * min(limit, 2))
        }
    }
}
