import AWSModels
import Contracts
import Control
import FakeAWS
import Iceberg
import JSON
import Lake
import LambdaRuntime
import Testing

@testable import SilverMerge

/// What the function says to another engine that is to merge a table.
@Suite struct PrepareTests {
    private func prepare(_ lake: TestLake, as owner: String = "spark") throws -> JSON {
        let context = InvocationContext(
            requestID: owner, deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        return try lake.merge.handle(["table": "t", "prepare": true], context)
    }

    private static func withProperties(_ properties: String) -> String {
        TestLake.table.replacing("status: draft,", with: "status: draft, customProperties: [\(properties)],")
    }

    @Test("a table is made without rows, gets the contract's new columns, and its plan has their fields' ids")
    func plan() throws {
        let lake = try TestLake(
            contract: TestLake.table.replacing(", {name: score, logicalType: integer, physicalType: int}", with: ""))
        let first = try prepare(lake)
        #expect(first["outcome"] == "prepared")
        #expect(
            first["plan"]
                == [
                    "mode": "upsert", "contractVersion": "1",
                    "columns": [
                        ["name": "id", "id": 1, "key": true], ["name": "name", "id": 2, "key": false],
                    ],
                ], "\(first)")
        #expect(try lake.metadata()?.currentSnapshot == nil)
        let second = try prepare(lake.under(TestLake.table))
        let columns = try #require(second["plan"]?["columns"]?.array)
        let id = try #require(try lake.metadata()?.currentSchema.field(named: "score")?.id)
        #expect(columns.last == ["name": "score", "id": .int(Int(id)), "key": false], "\(second)")
        #expect(try lake.metadata()?.currentSnapshot == nil)
    }

    @Test(
        "the plan has the mode, and the columns by which the mode names rows",
        arguments: [
            (AppendTests.table, "append", ["_record_id"]), (HistoryTests.table, "history", ["id"]),
            (TestLake.table, "upsert", ["id"]),
        ])
    func modes(contract: String, mode: String, key: [String]) throws {
        let plan = try prepare(TestLake(contract: contract))["plan"]
        #expect(plan?["mode"]?.string == mode)
        let names = plan?["columns"]?.array?.filter { $0["key"] == true }.compactMap { $0["name"]?.string }
        #expect(names == key, "\(String(describing: plan))")
    }

    @Test(
        "the plan has the ids that a contract sets, by which bronze is read, under the names that the contract has now")
    func fieldIDs() throws {
        func contract(_ name: String) -> String {
            TestLake.table.replacing(
                "{name: name, logicalType: string}",
                with: "{name: \(name), logicalType: string, customProperties: [{property: fieldId, value: 7}]}")
        }
        let lake = try TestLake(contract: contract("name"))
        _ = try prepare(lake)
        let id = try #require(try lake.metadata()?.currentSchema.field(named: "name")?.id)
        let plan = try prepare(lake.under(contract("title")))["plan"]
        let column = plan?["columns"]?.array?.first { $0["bronzeID"] != nil }
        #expect(
            column == ["name": "title", "id": .int(Int(id)), "key": false, "bronzeID": 7], "\(String(describing: plan))"
        )
        #expect(try lake.metadata()?.currentSchema.field(id)?.name == "title")
    }

    @Test("key columns may change names, but not the order of their names where keys were erased") func erasedKeys()
        throws
    {
        func contract(_ names: String...) -> String {
            let key = names.enumerated().map { place, name in
                "{name: \(name), logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: \(place + 1), customProperties: [{property: fieldId, value: \(place + 7)}]}"
            }
            return TestLake.table.replacing(
                "{name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1}",
                with: key.joined(separator: ", "))
        }
        let lake = try TestLake(contract: contract("a", "b"))
        #expect(try prepare(lake)["outcome"] == "prepared")
        var keys = ErasedKeys()
        keys.insert([.long(1), .long(2)])
        var change = TableChange(of: try #require(try lake.metadata()))
        change.set([ErasedKeys.property: keys.text])
        _ = try LakeCatalog(lake.aws.client).commit(change, to: "t", in: SilverTable.namespace)
        #expect(try prepare(lake)["outcome"] == "prepared")
        #expect { try prepare(lake.under(contract("c", "b"))) } throws: { "\($0)".contains("keys of it were erased") }
        #expect(try prepare(lake.under(contract("a", "c")))["outcome"] == "prepared")
    }

    @Test(
        "a table of more columns than a job's argument takes is not for another engine, with the reason and an empty plan, which the state machine reads"
    )
    func wide() throws {
        let columns = (0..<400).map { ", {name: column_\($0), logicalType: string}" }.joined()
        let contract = TestLake.table.replacing(
            "{name: name, logicalType: string}", with: "{name: name, logicalType: string}\(columns)")
        let answer = try prepare(TestLake(contract: contract))
        #expect(answer["outcome"] == "notForSpark" && answer["plan"] == [:], "\(answer)")
        #expect(answer["reason"]?.string?.contains("403 columns") == true, "\(answer)")
    }

    @Test("the batch of a run that died is ended before another engine takes the table") func endsBatch() throws {
        var (step, committed) = (0, 0)
        while true {
            let lake = try TestLake()
            try lake.put([TestChange(id: 1, operation: .insert, order: "1", time: 1)], as: "a")
            let start = lake.aws.requests.count
            lake.aws.crash(after: step)
            _ = try? lake.merge(as: "dead")
            let count = lake.aws.requests.count - start
            lake.aws.recover()
            lake.aws.advance(byMilliseconds: 1_000_000)
            let isCommitted = try !lake.batches().isEmpty
            #expect(try prepare(lake)["outcome"] == "prepared", "died at request \(step)")
            #expect(try lake.records().allSatisfy { ($0.status == .success) == isCommitted }, "died at request \(step)")
            committed += isCommitted ? 1 : 0
            guard step < count else { break }
            step += 1
        }
        // After the commit there is more than one request, and before it, too.
        #expect(committed > 2 && committed < step)
    }

    @Test("a table that another worker holds is left alone") func held() throws {
        let lake = try TestLake()
        _ = try lake.control.takeTable("t", in: .silver, owner: "other", leaseSeconds: 900)
        let answer = try prepare(lake)
        #expect(answer["outcome"] == "heldByAnother" && answer["plan"] == [:], "\(answer)")
        lake.aws.advance(byMilliseconds: 901_000)
        #expect(try prepare(lake)["outcome"] == "prepared")
    }
}
