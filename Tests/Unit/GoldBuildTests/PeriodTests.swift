import FakeAWS
import Iceberg
import JSON
import Testing

@testable import GoldBuild

/// Only what changed is built, and the table is as if all had been.
@Suite struct PeriodTests {
    private static let sales = [
        Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 2, year: 2020, amount: 20),
        Sale(shop: 1, year: 2021, amount: 30),
        Sale(shop: 2, year: 2022, amount: 40), Sale(shop: 3, year: 2022, amount: 50),
        Sale(shop: 1, year: nil, amount: 60),
    ]
    private static let shops: [Int64: String] = [1: "one", 2: "two"]

    private func lake(isParted: Bool) throws -> TestLake {
        let lake = try TestLake(contract: TestLake.contract(isParted: isParted))
        try lake.put(Self.sales, years: [2020, 2021, 2022, nil])
        try lake.put(Self.shops)
        #expect(try lake.build()["periods"] == nil)
        #expect(try lake.rows() == TestLake.expected(Self.sales, Self.shops))
        return lake
    }

    @Test(
        "the same inputs again change nothing, and nothing is read but the models' index, the tables' metadata and the model's record",
        arguments: [false, true])
    func unchanged(isParted: Bool) throws {
        let lake = try lake(isParted: isParted)
        let start = lake.aws.requests.count
        #expect(try lake.build()["outcome"] == "unchanged")
        #expect(lake.aws.requests[start...].allSatisfy(TestLake.isReadAlways))
        #expect(try lake.metadata()?.snapshots.count == 1)
    }

    @Test(
        "a changed year is built alone; one without rows disappears; rows without a year are a period of their own",
        arguments: [false, true])
    func oneYear(isParted: Bool) throws {
        let lake = try lake(isParted: isParted)
        var sales = Self.sales
        for year in [2020, nil] as [Int32?] {
            sales.append(Sale(shop: 3, year: year, amount: 70))
            try lake.put(sales, years: [year])
            let start = lake.aws.requests.count
            let outcome = try lake.build()
            #expect(outcome["periods"] == 1 && outcome["outcome"] == "built")
            #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
            let read = lake.aws.requests[start...].filter { $0.hasPrefix("GET /lake/silver/sale/data/") }
            #expect(read.count == 1, "\(read)")
        }
        sales.removeAll { $0.year == 2021 }
        try lake.put(sales, years: [2021])
        #expect(try lake.build()["periods"] == 1)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
        #expect(try lake.build()["outcome"] == "unchanged")
    }

    @Test(
        "another name of a shop reaches the years in which it sold; one of a shop that never did, none",
        arguments: [false, true])
    func lookups(isParted: Bool) throws {
        let lake = try lake(isParted: isParted)
        var shops = Self.shops
        shops[2] = "zwei"
        try lake.put(shops)
        #expect(try lake.build()["periods"] == 2)
        #expect(try lake.rows() == TestLake.expected(Self.sales, shops))
        // A shop that sales have named before.
        shops[3] = "three"
        try lake.put(shops)
        #expect(try lake.build()["periods"] == 1)
        #expect(try lake.rows() == TestLake.expected(Self.sales, shops))
        let snapshots = try lake.metadata()?.snapshots.count
        shops[9] = "nine"
        try lake.put(shops)
        // The model does not name the telephone.
        try lake.put(shops, phone: 2)
        let outcome = try lake.build()
        #expect(outcome["outcome"] == "unchanged" && outcome["periods"] == 0)
        #expect(try lake.metadata()?.snapshots.count == snapshots)
        let start = lake.aws.requests.count
        #expect(try lake.build()["outcome"] == "unchanged")
        #expect(lake.aws.requests[start...].allSatisfy(TestLake.isReadAlways))
    }

    @Test(
        "columns are found by their ids, whatever files call them: by each other's names, in another case, by others",
        arguments: [
            ["amount", "year", "shop"], ["SHOP", "year", "amount"], ["shop", "y", "amount"], ["a", "b", "c"],
        ])
    func names(named: [String]) throws {
        let lake = try TestLake()
        try lake.put(Self.shops)
        try lake.put(Self.sales, years: [2020, 2021], named: named)
        try lake.build()
        let first = Self.sales.filter { $0.year == 2020 || $0.year == 2021 }
        #expect(try lake.rows() == TestLake.expected(first, Self.shops))
        // Beside files with today's names.
        try lake.put(Self.sales, years: [2022, nil])
        try lake.build()
        #expect(try lake.rows() == TestLake.expected(Self.sales, Self.shops))
    }

    @Test("two spellings of a text are two periods, and two values of a partition") func spellings() {
        let spellings = ["\u{E9}", "e\u{301}"]
        // Swift's strings are equal.
        #expect(Set(spellings).count == 1)
        #expect(Set(spellings.map { Period([.string($0)]) }).count == 2)
        #expect(Set(spellings.map { [IcebergValue.string($0)] }).count == 2)
        #expect(Period([.string("a"), .string("bc")]) != Period([.string("ab"), .string("c")]))
        #expect(Period([.int(7)]) == Period([.long(7)]))
    }

    @Test("a period of another type than in the input is not told apart: all of the table is built") func otherType()
        throws
    {
        let contract = TestLake.contract().replacing(
            "{name: year, logicalType: integer, physicalType: int", with: "{name: year, logicalType: string")
        let lake = try TestLake(contract: contract)
        try lake.put(Self.sales, years: [2020, 2021, 2022, nil])
        try lake.put(Self.shops)
        try lake.build()
        try lake.put([Sale(shop: 1, year: 2020, amount: 1)], years: [2020])
        let outcome = try lake.build()
        #expect(outcome["outcome"] == "built" && outcome["periods"] == nil)
        // Shop 1 in each of three years, 2 and an unknown one in 2022, 1 without a year.
        #expect(outcome["rows"] == 5)
    }

    @Test("a table without rows breaks the rule that it has some", arguments: [false, true])
    func noRows(isParted: Bool) throws {
        let lake = try TestLake(
            contract: TestLake.contract(
                isParted: isParted, "",
                ", quality: [{type: library, metric: rowCount, mustBeGreaterThan: 0, severity: error}]"))
        try lake.put(Self.sales, years: [2020, 2021, 2022, nil])
        try lake.put(Self.shops)
        try lake.build()
        let before = try lake.rows()
        try lake.put([], years: [2020, 2021, 2022, nil])
        let error = #expect(throws: GoldError.self) { try lake.build() }
        guard case .quality? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(try lake.rows() == before)
    }

    @Test("rows outside the changed periods fail the build and leave the table unchanged") func wrongPeriods() throws {
        let lake = try TestLake(
            statement: TestLake.statement.replacing("SELECT s.year", with: "SELECT s.year + 1 AS year").replacing(
                "BY s.year", with: "BY s.year + 1"))
        try lake.put(Self.sales, years: [2020, 2021, 2022, nil])
        try lake.put(Self.shops)
        try lake.build()
        let before = try lake.rows()
        try lake.put([], years: [2020])
        try lake.put([Sale(shop: 1, year: 2021, amount: 1)], years: [2021])
        let error = #expect(throws: GoldError.self) { try lake.build() }
        #expect("\(error as Any)".contains("it gives rows of others; correct the periods of its contract"))
        #expect(try lake.rows() == before)
    }

    @Test("of a large table, only the files with rows of a changed year are written again") func largeTable() throws {
        let lake = try TestLake(
            contract: TestLake.contract(
                "", ", quality: [{type: library, metric: rowCount, mustBe: 248000, severity: error}]"),
            statement: """
                SELECT s.year, CAST(r.range AS VARCHAR) AS name, s.amount AS total, s.shop AS sales
                  FROM dm_silver.sale s, range(62000) r ORDER BY name DESC
                """)
        try lake.put((2020...2023).map { Sale(shop: 1, year: $0, amount: 1) }, years: [2020, 2021, 2022, 2023])
        #expect(try lake.build()["rows"] == 248_000)
        let before = try lake.dataFiles()
        #expect(before.count > 2)
        try lake.put([Sale(shop: 1, year: 2023, amount: 2)], years: [2023])
        let outcome = try lake.build()
        #expect(outcome["rows"] == 248_000 && outcome["periods"] == 1)
        // Its own, and those beside them in a file.
        #expect(try #require(outcome["written"]?.int) < 100_000)
        let after = try lake.dataFiles()
        #expect(after.contains { before.contains($0) })
        try expectRows(of: lake, in2023: 2)
        // The year has files of its own now, so its next change writes no other row.
        try lake.put([Sale(shop: 1, year: 2023, amount: 3)], years: [2023])
        #expect(try lake.build()["written"] == 62_000)
        #expect(try lake.dataFiles().intersection(after).count == after.count - 3)
        try expectRows(of: lake, in2023: 3)
    }

    @Test("a file between two years seems to have every shop of both, and is not written again for one of them")
    func bounds() throws {
        let contract = TestLake.contract().replacing("value: year}", with: "value: [year, shop]}").replacing(
            "{name: sales, logicalType", with: "{name: shop, logicalType")
        let lake = try TestLake(
            contract: contract,
            statement: """
                SELECT s.year, CAST(r.range AS VARCHAR) AS name, s.amount AS total, s.shop
                  FROM dm_silver.sale s, range(25000) r ORDER BY name
                """)
        for year in [2020, 2021] as [Int32] {
            for shop in 1...3 as ClosedRange<Int64> { try lake.add([Sale(shop: shop, year: year, amount: 1)]) }
        }
        #expect(try lake.build()["rows"] == 150_000)
        try lake.add([Sale(shop: 2, year: 2020, amount: 5)])
        let outcome = try lake.build()
        // With that between the years it would be a file more.
        #expect(outcome["periods"] == 1 && outcome["rows"] == 175_000, "\(outcome)")
        #expect(try #require(outcome["written"]?.int) < 100_000, "\(outcome)")
        let rows = try lake.rows()
        #expect(rows.count { $0.hasPrefix("2020 ") && $0.hasSuffix(" 2") } == 50_000)
        #expect(rows.count { $0.hasPrefix("2020 ") && $0.hasSuffix(" 5 2") } == 25_000)
        #expect(rows.count { $0.hasPrefix("2021 ") } == 75_000)
    }

    private func expectRows(of lake: TestLake, in2023 last: Int) throws {
        let rows = try lake.rows()
        #expect(Set(rows).count == 248_000)
        for (year, total) in [(2020, 1), (2021, 1), (2022, 1), (2023, last)] {
            #expect(rows.count { $0.hasPrefix("\(year) ") && $0.hasSuffix(" \(total) 1") } == 62_000)
        }
    }

    @Test(
        "the rule of a table's rows counts those that a build leaves as they are, or writes again",
        arguments: [false, true])
    func keptRows(isParted: Bool) throws {
        let lake = try TestLake(
            contract: TestLake.contract(
                isParted: isParted, "", ", quality: [{type: library, metric: rowCount, mustBe: 6, severity: error}]"))
        try lake.put(Self.sales, years: [2020, 2021, 2022, nil])
        try lake.put(Self.shops)
        try lake.build()
        try lake.put(Self.sales + [Sale(shop: 1, year: 2020, amount: 1)], years: [2020])
        #expect(try lake.build()["periods"] == 1)
        // A seventh row.
        try lake.put(Self.sales + [Sale(shop: 9, year: 2021, amount: 1)], years: [2021])
        #expect(throws: GoldError.self) { try lake.build() }
    }
}
