import JSON
import LambdaRuntime
import TestRandom
import Testing

@testable import SilverMerge

/// Changes of keys that do not carry all columns: the new row has the others from the row of the former key.
@Suite struct DonorTests {
    @Test("a change of the key takes what it left out from the row of the former key, stored or of the same batch")
    func basics() throws {
        for isOneBatch in [true, false] {
            let lake = try TestLake()
            try lake.put([change(1, "1", "text", 7)], as: "a")
            if !isOneBatch { try lake.merge() }
            try lake.put([moved(1, to: 2, "2", score: 8), moved(2, to: 3, "3", score: 9)], as: "b")
            try lake.settle()
            let rows = try lake.rows()
            #expect(rows[3]?.name == "text" && rows[3]?.score == 9 && rows[3]?.deletedAt == nil)
            #expect(rows[1]?.deletedAt == 2 && rows[2]?.deletedAt == 3 && rows.count == 3)
        }
    }

    @Test("a change of the former key that comes late reaches the row of the new one, and of the one after that")
    func late() throws {
        let lake = try TestLake()
        try lake.put([change(1, "1", "first", 1)], as: "a")
        try lake.merge()
        try lake.put([moved(1, to: 2, "4", score: 4), moved(2, to: 3, "6", score: 6)], as: "b")
        try lake.merge()
        #expect(try lake.rows()[3]?.name == "first")
        try lake.put([change(1, "3", "late", 3)], as: "c")
        try lake.merge()
        #expect(try lake.rows()[2]?.name == "late" && lake.rows()[3]?.name == "late")
        #expect(try lake.rows()[3]?.order == "6" && lake.rows()[3]?.updatedAt == 6)
        // One from before that, and one of the new key, which counts for the row after it alone.
        try lake.put([change(1, "2", "older", 2), change(2, "5", "own", 5)], as: "d")
        try lake.merge()
        #expect(try lake.rows()[2]?.name == "own" && lake.rows()[3]?.name == "own")
        #expect(try lake.rows()[1]?.name == "late")
    }

    @Test(
        "any order and batching of changes of rows and keys gives the rows of changes applied one after the other",
        arguments: 0..<16)
    func anyOrder(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let lake = try TestLake()
        var all: [TestChange] = []
        // A key that a row has left is not taken again.
        var (keys, next) = ([Int64](0..<6), Int64(6))
        for number in 0..<Int.random(in: 10...120, using: &random) {
            let place = Int.random(in: keys.indices, using: &random)
            let order = "\(100_000 + number)"
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                all.append(TestChange(id: keys[place], operation: .delete, order: order, time: Int64(100_000 + number)))
            case 1...4:
                var change = moved(keys[place], to: next, order, score: Int32(number))
                change.leavesOut = [["name"], ["name", "score"], []].randomElement(using: &random) ?? []
                if !change.leavesOut.contains("name") { change.name = "moved \(number)" }
                all.append(change)
                keys[place] = next
                next += 1
            default:
                var change = change(keys[place], order, "n\(number)", Int32(number))
                if Bool.random(using: &random) { change.leavesOut = ["name"] }
                change.operation = .update
                all.append(change)
            }
        }
        var waiting = all.shuffled(using: &random)
        waiting += waiting.shuffled(using: &random).prefix(5)
        var settings = lake.merge.settings
        settings.merging = .random(using: &random)
        if Bool.random(using: &random) { settings.batchMemory = .random(in: 500...4000, using: &random) }
        let merge = SilverMerge(settings: settings)
        let context = InvocationContext(requestID: "a", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        var file = 0
        while !waiting.isEmpty {
            let count = min(waiting.count, Int.random(in: 1...40, using: &random))
            try lake.put(Array(waiting.prefix(count)), as: "\(file)")
            waiting.removeFirst(count)
            file += 1
            if Bool.random(using: &random) { _ = try merge.handle(["table": "t"], context) }
        }
        while try merge.handle(["table": "t"], context)["outcome"] == "done" {}
        let (rows, expected) = (try lake.rows(), modelled(all))
        for key in Set(rows.keys).union(expected.keys) {
            #expect(rows[key] == expected[key], "seed \(seed), key \(key)")
        }
        _ = try merge.handle(["table": "t", "reload": true], context)
        #expect(try lake.rows() == expected, "seed \(seed), after a reload")
    }

    private func change(_ id: Int64, _ order: String, _ name: String, _ score: Int32) -> TestChange {
        TestChange(id: id, operation: .update, order: order, time: Int64(order) ?? 0, name: name, score: score)
    }

    private func moved(_ former: Int64, to id: Int64, _ order: String, score: Int32) -> TestChange {
        TestChange(
            id: id, operation: .update, order: order, time: Int64(order) ?? 0, score: score, leavesOut: ["name"],
            formerID: former)
    }
}
