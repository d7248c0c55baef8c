import AWSClient
import AWSModels
import Control
import FakeAWS
import Foundation
import Iceberg
import JSON
import Lake
import LambdaRuntime
import TestRandom
import Testing
import Time

@testable import GoldBuild
@testable import LakeMaintenance

/// Files that only hold the same rows in another way are no change.
@Suite struct MaintainedTests {
    private static let shops: [Int64: String] = [1: "one", 2: "two", 3: "three"]

    /// Three files of each year.
    private func lake(isParted: Bool = false) throws -> (TestLake, [Sale]) {
        let lake = try TestLake(contract: TestLake.contract(isParted: isParted))
        var sales: [Sale] = []
        for shop in Int64(1)...3 {
            let added = [2020, 2021, 2022, nil].map { Sale(shop: shop, year: $0, amount: shop * 10) }
            try lake.add(added)
            try lake.add([shop: Self.shops[shop] ?? ""])
            sales += added
        }
        #expect(try lake.build()["outcome"] == "built")
        return (lake, sales)
    }

    @Test("after maintenance has joined files nothing is built and no file is read", arguments: [false, true])
    func nothing(isParted: Bool) throws {
        let (lake, sales) = try lake(isParted: isParted)
        #expect(try lake.maintain("dm_silver.sale")["joined_files"] == 12)
        #expect(try lake.maintain("dm_silver.shop")["joined_files"] == 3)
        let start = lake.aws.requests.count
        let outcome = try lake.build()
        #expect(outcome["outcome"] == "unchanged" && outcome["periods"] == 0, "\(outcome)")
        #expect(!lake.aws.requests[start...].contains { $0.contains("/data/") })
        #expect(try lake.metadata()?.snapshots.count == 1)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
    }

    @Test(
        "what changed before, between and after maintenance is built, and no other year", arguments: [false, true])
    func changed(isParted: Bool) throws {
        var (lake, sales) = try lake(isParted: isParted)
        func add(_ year: Int32) throws {
            let sale = Sale(shop: 1, year: year, amount: 7)
            try lake.add([sale])
            sales.append(sale)
        }
        try add(2020)
        try lake.maintain("dm_silver.sale")
        #expect(try lake.build()["periods"] == 1)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))

        try add(2020)
        try lake.maintain("dm_silver.sale")
        try add(2022)
        try lake.maintain("dm_silver.sale")
        #expect(try lake.build()["periods"] == 2)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))

        try lake.maintain("dm_silver.sale")
        try add(2021)
        #expect(try lake.build()["periods"] == 1)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
        #expect(try lake.build()["outcome"] == "unchanged")
    }

    @Test("another name of a shop before maintenance reaches its years; what was joined with it does not")
    func lookups()
        throws
    {
        var (lake, sales) = try lake()
        let late = Sale(shop: 4, year: 2025, amount: 1)
        try lake.add([late])
        sales.append(late)
        try lake.build()
        try lake.add([4: "four"])
        try lake.maintain("dm_silver.shop")
        #expect(try lake.build()["periods"] == 1)
        let shops = Self.shops.merging([4: "four"]) { $1 }
        #expect(try lake.rows() == TestLake.expected(sales, shops))
    }

    @Test("another engine's compaction of the model's own table does not lose what it was built from") func ownTable()
        throws
    {
        var (lake, sales) = try lake()
        // Found to change nothing: the table's property says so, and names its snapshot.
        try lake.maintain("dm_silver.sale")
        #expect(try lake.build()["periods"] == 0)
        try lake.rewrite("sales", in: "dm_gold", as: "replace")
        #expect(try lake.build()["outcome"] == "unchanged")
        let sale = Sale(shop: 1, year: 2021, amount: 1)
        try lake.add([sale])
        sales.append(sale)
        #expect(try lake.build()["periods"] == 1)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
        // The same files by another operation may be other rows.
        try lake.rewrite("sales", in: "dm_gold", as: "overwrite")
        let outcome = try lake.build()
        #expect(outcome["outcome"] == "built" && outcome["periods"] == nil)
    }

    @Test("a snapshot that another engine calls an overwrite counts by its files") func overwritten() throws {
        let (lake, _) = try lake()
        try lake.rewrite("sale", in: "dm_silver", as: "overwrite")
        let outcome = try lake.build()
        #expect(outcome["outcome"] == "built" && outcome["periods"] == 4)
    }

    @Test("where what the table was built from has expired, or its list of files is gone, all is built") func expired()
        throws
    {
        var (lake, sales) = try lake()
        func add() throws {
            let sale = Sale(shop: 2, year: 2020, amount: 1)
            try lake.add([sale])
            sales.append(sale)
        }
        try add()
        // As another engine would: lake-maintenance keeps what models were built from.
        let catalog = try LakeCatalog(lake.aws.client)
        let metadata = try #require(try catalog.table("sale", in: "dm_silver")).metadata
        var change = TableChange(of: metadata)
        change.expire(metadata.snapshots.map(\.id).filter { $0 != metadata.currentSnapshot?.id })
        _ = try catalog.commit(change, to: "sale", in: "dm_silver")
        var outcome = try lake.build()
        #expect(outcome["outcome"] == "built" && outcome["periods"] == nil)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))

        let base = try #require(try lake.snapshots("sale").last)
        try add()
        lake.aws.delete(try #require(LakeStorage.object(at: base.manifestList)))
        outcome = try lake.build()
        #expect(outcome["outcome"] == "built" && outcome["periods"] == nil)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
    }

    @Test("what a model was built from is no snapshot that expires, so the next build is of what changed")
    func readSnapshotStays() throws {
        var (lake, sales) = try lake(isParted: true)
        try lake.maintain("dm_silver.sale")
        try lake.build()
        for _ in 0..<3 {
            let sale = Sale(shop: 1, year: 2020, amount: 7)
            try lake.add([sale])
            sales.append(sale)
            try lake.maintain("dm_silver.sale", snapshots: 1)
        }
        // The current one, and the one that was read.
        let kept = try lake.snapshots("sale").map(\.summary)
        #expect(kept.count == 2, "\(kept)")
        let outcome = try lake.build()
        #expect(outcome["outcome"] == "built" && outcome["periods"] == 1, "\(outcome)")
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
        // Now it is another.
        try lake.maintain("dm_silver.sale", snapshots: 1)
        #expect(try lake.snapshots("sale").count == 1)
    }

    @Test("where a list of files between is gone, files that differ are changes") func listBetweenIsGone() throws {
        var (lake, sales) = try lake()
        let sale = Sale(shop: 2, year: 2020, amount: 1)
        try lake.add([sale])
        sales.append(sale)
        let between = try #require(try lake.snapshots("sale").last)
        try lake.maintain("dm_silver.sale")
        lake.aws.delete(try #require(LakeStorage.object(at: between.manifestList)))
        #expect(try lake.build()["periods"] == 4)
        #expect(try lake.rows() == TestLake.expected(sales, Self.shops))
    }

    @Test("any sequence of changes, maintenance and builds gives what a full rebuild gives, and few years are built")
    func anySequence() throws {
        let environment = ProcessInfo.processInfo.environment["CUPEL_SEED"]
        let seed = environment.flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats these sequences")
        var random = SeededGenerator(seed: seed)
        var counts = Counts()
        for round in 0..<4 {
            var state = try SequenceState(isParted: round.isMultiple(of: 2))
            for step in 0..<60 { try state.take(&random, &counts, "seed \(seed), round \(round), step \(step)") }
        }
        #expect(counts.partial > 20 && counts.unchanged > 5 && counts.full >= 4, "seed \(seed): \(counts)")
        // With maintenance between the snapshot that the table was built from and the current one.
        #expect(counts.partialAfterMaintenance > 3, "seed \(seed): \(counts)")
    }

    private struct Counts {
        var full = 0
        var partial = 0
        var partialAfterMaintenance = 0
        var unchanged = 0
    }

    private struct SequenceState {
        let lake: TestLake
        var sales: [Sale] = []
        var shops: [Int64: String] = [1: "one", 2: "two"]
        // Since the last build:
        var changedYears: Set<Int32?> = []
        var changedShops: Set<Int64> = []
        var isMaintained = false
        var hasExpired = true

        private static let years: [Int32?] = [2018, 2019, 2020, 2021, 2022, nil]

        init(isParted: Bool) throws {
            lake = try TestLake(contract: TestLake.contract(isParted: isParted))
            try lake.add(shops)
            sales = Self.years.map { Sale(shop: 1, year: $0, amount: 1) }
            try lake.add(sales)
        }

        mutating func take(_ random: inout SeededGenerator, _ counts: inout Counts, _ place: String) throws {
            lake.aws.advance(byMilliseconds: 1000)
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<5:
                let added = (0...Int.random(in: 0...1, using: &random)).map { _ in sale(&random) }
                try lake.add(added)
                sales += added
                changedYears.formUnion(added.map(\.year))
            case 5..<7:
                // A year's files become one: some sales go, some change. None may be left.
                let year = Self.years.randomElement(using: &random) ?? nil
                let kept = sales.filter { $0.year == year && Bool.random(using: &random) }
                sales = sales.filter { $0.year != year } + kept.map { Sale(shop: $0.shop, year: year, amount: 9) }
                try lake.put(sales, years: [year])
                changedYears.insert(year)
            case 7:
                let shop = Int64.random(in: 1...6, using: &random)
                shops[shop] = "name \(Int.random(in: 0..<100, using: &random))"
                try lake.put(shops)
                changedShops.insert(shop)
            case 8:
                guard let shop = (1...6).first(where: { shops[$0] == nil }) else { return }
                shops[shop] = "shop \(shop)"
                try lake.add([shop: shops[shop] ?? ""])
                changedShops.insert(shop)
            case 9..<13:
                let table = ["dm_silver.sale", "dm_silver.sale", "dm_silver.shop", "dm_gold.sales"]
                    .randomElement(using: &random)
                try maintain(table ?? "", Int.random(in: 0..<8, using: &random) == 0)
            default: try build(&counts, place)
            }
        }

        private func sale(_ random: inout SeededGenerator) -> Sale {
            Sale(
                shop: Int64.random(in: 1...7, using: &random), year: Self.years.randomElement(using: &random) ?? nil,
                amount: Int64.random(in: 1...100, using: &random))
        }

        private mutating func maintain(_ table: String, _ expires: Bool) throws {
            if table == "dm_gold.sales", try lake.metadata() == nil { return }
            let done = try lake.maintain(table, snapshots: expires ? 1 : 1000)
            isMaintained = isMaintained || (done["joined_files"]?.int ?? 0) > 0
            if table != "dm_gold.sales" { hasExpired = hasExpired || (done["expired_snapshots"]?.int ?? 0) > 0 }
        }

        private mutating func build(_ counts: inout Counts, _ place: String) throws {
            let outcome = try lake.build()
            #expect(try lake.rows() == TestLake.expected(sales, shops), "\(place)")
            let changed = changedYears.union(sales.filter { changedShops.contains($0.shop) }.map(\.year))
            let periods = outcome["periods"]?.int
            switch outcome["outcome"] {
            case "unchanged":
                counts.unchanged += 1
            case "built":
                if let periods {
                    counts.partial += 1
                    counts.partialAfterMaintenance += isMaintained ? 1 : 0
                    // Where snapshots between are gone, periods whose files were only joined count as changed.
                    #expect(
                        periods >= 1 && (hasExpired || periods <= max(1, changed.count)),
                        "\(place): \(periods) of \(changed)")
                } else {
                    counts.full += 1
                    #expect(hasExpired, "\(place)")
                }
            default: Issue.record("\(place): \(outcome)")
            }
            (changedYears, changedShops, isMaintained, hasExpired) = ([], [], false, false)
        }
    }
}

extension TestLake {
    /// What lake-maintenance does to a table.
    /// - Parameter snapshots: so many stay.
    @discardableResult
    fileprivate func maintain(_ table: String, snapshots: Int = 1000) throws -> JSON {
        var policy = MaintenancePolicy()
        policy.joinedCount = 2
        policy.snapshotCount = snapshots
        policy.snapshotAgeInHours = 0
        let aws = aws
        // What was committed until now is old.
        aws.advance(byMilliseconds: 1000)
        let maintenance = LakeMaintenance(
            settings: MaintenanceSettings(
                aws: aws.client, control: ControlTable(name: "control", client: aws.client, now: { aws.now }),
                objects: ObjectStore(aws.client), clock: ClockAndChance(now: { aws.now }), policy: policy))
        let context = InvocationContext(
            requestID: "maintenance", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        return try maintenance.handle(["table": .string(table)], context)
    }

    fileprivate func snapshots(_ table: String) throws -> [Snapshot] {
        try #require(try LakeCatalog(aws.client).table(table, in: "dm_silver")).metadata.snapshots
    }

    /// Puts each data file of a table to another place, as another engine would: it says nothing of what the rows were built from.
    fileprivate func rewrite(_ table: String, in namespace: String, as operation: String) throws {
        let catalog = try LakeCatalog(aws.client)
        let metadata = try #require(try catalog.table(table, in: namespace)).metadata
        let storage = LakeStorage(ObjectStore(aws.client))
        let old = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        let token = UUID().uuidString
        let moved = try old.dataFiles.enumerated().map { number, file in
            var copy = file
            copy.path = "\(metadata.location)/data/\(token)-\(number).parquet"
            try storage.write(try storage.read(file.path), to: copy.path, contentType: "application/vnd.apache.parquet")
            return copy
        }
        let draft = try SnapshotDraft(
            of: metadata, old, adding: moved, removing: Set(old.dataFiles.map(\.path)), schema: metadata.currentSchema,
            id: Snapshot.newID(from: UUID().uuidString), token: token, timestamp: aws.now.milliseconds,
            operation: operation, summary: [:])
        for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
        var change = TableChange(of: metadata)
        change.advance(to: draft.snapshot)
        guard case .committed = try catalog.commit(change, to: table, in: namespace) else {
            Issue.record("the table \(table) could not be written")
            return
        }
    }
}
