import JSON
import LambdaRuntime
import TestRandom
import Testing

@testable import SilverMerge

/// Batches that do not fit into memory.
@Suite struct PartTests {
    private static let twoColumns = """
        {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
         {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1},
         {name: name, logicalType: string},
         {name: score, logicalType: integer, physicalType: int, primaryKey: true, primaryKeyPosition: 2}]}]}
        """

    @Test(
        "files that are larger than the memory for a batch are taken in parts, with the rows of changes applied one after the other",
        arguments: [TestLake.table, twoColumns], 0..<6)
    func parts(contract: String, round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let hasTwo = contract == Self.twoColumns
        let lake = try TestLake(contract: contract)
        var all: [TestChange] = []
        for file in 0..<4 {
            var changes: [TestChange] = []
            for _ in 0..<Int.random(in: 50...150, using: &random) {
                let number = all.count + changes.count
                let operation = [Changes.Operation.insert, .update, .update, .delete].randomElement(using: &random)
                let id = Int64.random(in: -60...60, using: &random)
                var change = TestChange(
                    id: id, operation: operation ?? .insert, order: "\(700_000 + number)",
                    time: Int64(700_000 + number),
                    name: Bool.random(using: &random) ? "name \(number)" : nil,
                    score: hasTwo ? Int32(id % 7) : Int32(number))
                if change.operation == .update, !hasTwo, Bool.random(using: &random) { change.leavesOut = ["name"] }
                if Int.random(in: 0..<100, using: &random) == 0 {
                    change = TestChange(id: 0, operation: .truncate, order: change.order, time: change.time)
                }
                changes.append(change)
            }
            all += changes
            try lake.put(changes.shuffled(using: &random), as: "\(file)")
        }
        var settings = lake.merge.settings
        settings.batchMemory = .random(in: 1000...4000, using: &random)
        settings.merging = .random(using: &random)
        let merge = SilverMerge(settings: settings)
        let context = InvocationContext(requestID: "a", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        var batches = 0
        while try merge.handle(["table": "t"], context)["outcome"] == "done" { batches += 1 }
        #expect(batches > 1, "seed \(seed)")
        let rows = try lake.rows()
        var expected = modelled(all)
        if hasTwo { for key in expected.keys { expected[key]?.score = Int32(key % 7) } }
        for key in Set(rows.keys).union(expected.keys) {
            #expect(rows[key] == expected[key], "seed \(seed), key \(key)")
        }
    }

    @Test("a range of keys is one part, and each key has one part") func ranges() throws {
        let lake = try TestLake()
        let changes = (0..<500).map {
            TestChange(id: $0, operation: .insert, order: "\(1000 + $0)", time: 1, name: "n")
        }
        let record = try lake.put(changes, as: "a")
        let table = try SilverTable(lake.contract, nil)
        let objects = lake.merge.settings.objects
        var first = BatchReader(table: table, objects: objects, memoryLimit: 10_000)
        #expect(try first.add(BronzeFile(record: record)))
        let parts = try #require(first.parts)
        var sizes: [Int] = []
        for part in 0..<parts.count {
            var reader = BatchReader(table: table, objects: objects, memoryLimit: 10_000, parts: parts, part: part)
            #expect(try reader.add(BronzeFile(record: record)))
            let changes = try reader.finish()
            guard case .integers(let keys) = changes.keys, let last = keys.values.last else { continue }
            #expect(Int(last - keys.values[0]) + 1 == keys.values.count)
            sizes.append(keys.values.count)
        }
        #expect(sizes.count > 1 && sizes.reduce(0, +) == 500 && sizes.allSatisfy { $0 < 300 }, "\(sizes)")
    }
}
