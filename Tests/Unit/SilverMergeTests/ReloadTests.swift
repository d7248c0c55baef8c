import AWSClient
import AWSModels
import Control
import FakeAWS
import Iceberg
import JSON
import Lake
import LambdaRuntime
import Parquet
import TestRandom
import Testing

@testable import SilverMerge

/// A table that is made anew from its bronze files.
@Suite struct ReloadTests {
    @Test(
        "a reload gives the rows that merging gave, in parts and with files that wait, and merging these changes nothing",
        arguments: 0..<8)
    func same(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let lake = try TestLake()
        var all: [TestChange] = []
        for file in 0..<5 {
            var changes: [TestChange] = []
            for _ in 0..<Int.random(in: 1...120, using: &random) {
                let number = all.count + changes.count
                let operation = [Changes.Operation.insert, .update, .update, .delete].randomElement(using: &random)
                var change = TestChange(
                    id: .random(in: -50...50, using: &random), operation: operation ?? .insert,
                    order: "\(700_000 + number)", time: Int64(700_000 + number), name: "name \(number)",
                    score: Int32(number))
                if change.operation == .update, Bool.random(using: &random) { change.leavesOut = ["name"] }
                if Int.random(in: 0..<60, using: &random) == 0 {
                    change = TestChange(id: 0, operation: .truncate, order: change.order, time: change.time)
                }
                changes.append(change)
            }
            all += changes
            try lake.put(changes.shuffled(using: &random), as: "\(file)")
            if file < 4, Bool.random(using: &random) { try lake.merge() }
        }
        var settings = lake.merge.settings
        settings.batchMemory = .random(in: 2000...200_000, using: &random)
        let outcome = try reload(SilverMerge(settings: settings))
        #expect(
            outcome["outcome"] == "done" && outcome["files"] == 5 && outcome["left_out"] == 0,
            "seed \(seed): \(outcome)")
        let rows = try lake.rows()
        #expect(rows == modelled(all), "seed \(seed)")
        try lake.settle()
        #expect(try lake.rows() == rows, "seed \(seed)")
        #expect(try lake.records().allSatisfy { $0.status == .success })
    }

    @Test("rows of a file that was converted again with the same orders count, with the table's history kept")
    func convertedAgain() throws {
        let lake = try TestLake()
        try lake.put([change(1, "1", "wrong"), change(2, "2", "right")], as: "a")
        try lake.merge()
        try lake.put([change(1, "1", "fixed"), change(2, "2", "right")], as: "a", version: 2)
        try lake.settle()
        #expect(try lake.rows()[1]?.name == "wrong")
        #expect(try reload(lake.merge)["updated"] == 0)
        #expect(try lake.rows().mapValues(\.name) == [1: "fixed", 2: "right"])
        let metadata = try #require(try lake.metadata())
        #expect(metadata.currentSnapshot?.summary["operation"] == "overwrite")
        #expect(metadata.currentSnapshot?.summary["deleted-data-files"] == "1")
        let snapshots = metadata.snapshots
        #expect(snapshots.count == 2 || snapshots.count == 3)
        #expect(metadata.currentSnapshot?.parentID == snapshots[snapshots.count - 2].id)
    }

    @Test("a mark of a truncate that bronze does not have goes, and one that it has stays") func truncateMark() throws {
        let lake = try TestLake()
        try lake.put([change(1, "1", "n"), change(5, "5", "n")], as: "a")
        try lake.merge()
        var mark = TableChange(of: try #require(try lake.metadata()))
        mark.set(["cupel.truncate-order": "4", "cupel.truncate-time": "4"])
        guard case .committed = try LakeCatalog(lake.aws.client).commit(mark, to: "t", in: SilverTable.namespace) else {
            Issue.record("the mark was not set")
            return
        }
        try lake.put([change(2, "2", "late")], as: "b")
        try lake.merge()
        #expect(try lake.rows()[2]?.deletedAt == 4)
        _ = try reload(lake.merge)
        #expect(try lake.rows().values.allSatisfy { $0.deletedAt == nil })
        #expect(try lake.metadata()?.properties["cupel.truncate-order"] == nil)

        try lake.put([TestChange(id: 0, operation: .truncate, order: "3", time: 3)], as: "c")
        _ = try reload(lake.merge)
        #expect(try lake.rows().compactMapValues(\.deletedAt) == [1: 3, 2: 3])
        #expect(try lake.metadata()?.properties["cupel.truncate-order"] == "3")
    }

    @Test("a derived column that the contract got later is filled") func derivedLater() throws {
        func contract(_ derived: String) -> String {
            TestLake.table.replacing(
                "status: draft,",
                with: "status: draft, customProperties: [{property: silverMode, value: upsert}\(derived)],")
        }
        let lake = try TestLake(contract: contract(""))
        try lake.put([change(1, "1", "2024-02-29")], as: "a")
        try lake.merge()
        let text = contract(", {property: derived, value: 'part = year(day)'}")
            .replacing(
                "{name: name, logicalType: string}",
                with: "{name: name, logicalType: string}, {name: day, logicalType: date}")
        let later = try lake.under(text)
        try later.put([change(2, "2", "n")], as: "b")
        try later.merge()
        #expect(try later.texts().allSatisfy { $0.contains("part=-") })
        let days: [TestValue?] = [.int(19_782), nil]
        let bytes = try bronzeFile(
            [
                (.init(name: "id", physicalType: .int64, fieldID: 1), [.long(1), .long(3)]),
                (.init(name: "day", physicalType: .int32, logicalType: .date, fieldID: 9), days),
            ], [change(1, "1", "n"), change(3, "3", "n")])
        try later.put(bytes: bytes, as: "a", version: 2)
        _ = try reload(later.merge)
        #expect(try later.texts().filter { $0.contains("part=2024") }.count == 1)
    }

    @Test("versions of a raw file count one after the other: rows that only the former had are deleted") func versions()
        throws
    {
        let lake = try TestLake()
        let source = "s3://stage/raw/t/x.csv"
        let first = [change(1, "", "v1"), change(2, "", "v1")]
        try lake.put(first, as: "x", hasOrders: false, of: source)
        try lake.merge()
        // What bronze-writer does: the older file is kept elsewhere.
        let kept = "superseded/t/x-1.parquet"
        let head = try ObjectStore(lake.aws.client).head(S3Object(bucket: "lake", key: "bronze/t/x.parquet"))
        lake.aws.put(
            try #require(lake.aws.bytes(of: S3Object(bucket: "lake", key: "bronze/t/x.parquet"))),
            to: S3Object(bucket: "lake", key: kept), metadata: head.metadata)
        try lake.put(
            [change(2, "", "v2"), change(3, "", "v2")], as: "x", hasOrders: false, replacing: kept, of: source,
            version: 2)
        try lake.settle()
        let rows = try lake.rows()
        #expect(rows[1]?.deletedAt != nil && rows[2]?.name == "v2" && rows.count == 3)
        _ = try reload(lake.merge)
        #expect(try lake.rows() == rows)
    }

    @Test("files that cannot be read, or have a row that is at fault, are left out by name") func faults() throws {
        let lake = try TestLake()
        try lake.put([change(1, "1", "n")], as: "a")
        try lake.put(bytes: Array("PAR1 no".utf8), as: "b")
        let noKey = try bronzeFile(
            [(.init(name: "id", physicalType: .int64, fieldID: 1), [nil])], [change(0, "2", "n")])
        try lake.put(bytes: noKey, as: "c")
        lake.aws.put(try lake.bronze([change(9, "9", "n")]), to: S3Object(bucket: "lake", key: "bronze/t/d.parquet"))
        try lake.merge()
        let outcome = try reload(lake.merge)
        #expect(outcome["files"] == 1 && outcome["left_out"] == 3, "\(outcome)")
        #expect(try lake.rows().keys.sorted() == [1])
    }

    @Test("a reload waits for nobody: a table that another worker holds stays as it is") func held() throws {
        let lake = try TestLake()
        try lake.put([change(1, "1", "n")], as: "a")
        try lake.merge()
        _ = try lake.control.takeTable("t", in: .silver, owner: "other", leaseSeconds: 60)
        #expect(try reload(lake.merge)["outcome"] == "heldByAnother")
        #expect(try lake.metadata()?.snapshots.count == 1)
    }

    @Test("a reload that is disturbed at any of its requests leaves the old rows or the new, and the next one ends")
    func crashes()
        throws
    {
        for step in 0..<60 {
            let lake = try TestLake()
            try lake.put([change(1, "1", "old"), change(2, "2", "n")], as: "a")
            try lake.merge()
            try lake.put([change(1, "1", "new"), change(2, "2", "n")], as: "a", version: 2)
            try lake.put([change(3, "3", "waits")], as: "b")
            lake.aws.crash(after: step)
            let outcome = try? reload(lake.merge)
            lake.aws.recover()
            let names = try lake.rows().mapValues(\.name)
            #expect(
                names == [1: "old", 2: "n"] || names == [1: "new", 2: "n", 3: "waits"],
                "after \(step) requests: \(names)")
            lake.aws.advance(byMilliseconds: 1_000_000)
            #expect(try reload(lake.merge)["outcome"] == "done", "after \(step) requests")
            try lake.settle()
            #expect(try lake.rows().mapValues(\.name) == [1: "new", 2: "n", 3: "waits"], "after \(step) requests")
            if outcome != nil { return }
        }
        Issue.record("a reload takes more than 60 requests")
    }

    @Test("the table to reload is listed with the size of its bronze files, which decides where it runs") func listed()
        throws
    {
        let lake = try TestLake()
        try lake.put([change(1, "1", "n")], as: "a")
        var settings = lake.merge.settings
        settings.taskBytes = 100
        let context = InvocationContext(requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        let answer = try SilverMerge(settings: settings).handle(["reload": "t", "gold": false], context)
        let table = try #require(answer["tables"]?.array?.first)
        #expect(table["table"] == "t" && table["files"] == 1 && table["reload"] == true && table["target"] == "ecs")
        #expect(throws: SilverError.self) { try SilverMerge(settings: settings).handle(["reload": "../t"], context) }
        let waiting = try lake.merge.handle([:], context)
        #expect(waiting["tables"]?.array?.first?["reload"] == false)
    }

    private func change(_ id: Int64, _ order: String, _ name: String) -> TestChange {
        TestChange(id: id, operation: .insert, order: order, time: Int64(order) ?? 0, name: name)
    }

    private func reload(_ merge: SilverMerge) throws -> JSON {
        let context = InvocationContext(requestID: "reload", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        return try merge.handle(["table": "t", "reload": true], context)
    }
}
