import JSON
import LambdaRuntime
import TestRandom
import Testing

@testable import SilverMerge

/// Tables that keep every version of a key.
@Suite struct HistoryTests {
    static let table = TestLake.table.replacing(
        "status: draft,", with: "status: draft, customProperties: [{property: silverMode, value: history}],")

    /// What the table must be: the changes of each key in their order, each valid until the next one or a truncate.
    private static func modelled(_ changes: [TestChange]) -> [String] {
        let truncates = changes.filter { $0.operation == .truncate }.sorted { $0.order < $1.order }
        var steps = changes.filter { $0.operation != .truncate }
        steps += changes.compactMap { change in
            change.formerID.map { TestChange(id: $0, operation: .delete, order: change.order, time: change.time) }
        }
        var rows: [String] = []
        for (id, steps) in Dictionary(grouping: steps, by: \.id) {
            let versions = Dictionary(steps.map { ($0.order, $0) }) { $1 }.values.sorted { $0.order < $1.order }
            var (name, score): (String?, Int32?) = (nil, nil)
            for (place, version) in versions.enumerated() {
                if version.operation != .delete {
                    if !version.leavesOut.contains("name") { name = version.name }
                    if !version.leavesOut.contains("score") { score = version.score }
                }
                let next = place + 1 < versions.count ? versions[place + 1] : nil
                let truncate = truncates.first { truncate in
                    truncate.order > version.order && next.map { truncate.order < $0.order } ?? true
                }
                let end = truncate?.time ?? next?.time
                let isDeleted = version.operation == .delete
                func text(_ value: (any CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "-" }
                rows.append(
                    "id=\(id) name=\(text(name)) score=\(text(score)) valid_from=\(version.time) valid_to=\(text(end)) "
                        + "deleted_at=\(isDeleted ? text(version.time) : "-") is_current=\(end == nil && !isDeleted ? 1 : 0)"
                )
            }
        }
        return rows.sorted()
    }

    @Test("a late change splits the interval of the version before it, and fills what later ones left out") func late()
        throws
    {
        let lake = try TestLake(contract: Self.table)
        var partial = change(1, 30, "")
        (partial.name, partial.leavesOut, partial.score) = (nil, ["name"], 3)
        try lake.put([change(1, 10, "first"), partial], as: "a")
        try lake.merge()
        try lake.put([change(1, 20, "late")], as: "b")
        let outcome = try lake.merge()
        #expect(outcome["inserted"] == 1 && outcome["updated"] == 2, "\(outcome)")
        #expect(
            try lake.texts() == [
                "id=1 name=first score=- valid_from=10 valid_to=20 deleted_at=- is_current=0",
                "id=1 name=late score=- valid_from=20 valid_to=30 deleted_at=- is_current=0",
                "id=1 name=late score=3 valid_from=30 valid_to=- deleted_at=- is_current=1",
            ])
        // Again: nothing changes.
        try lake.put([change(1, 20, "late"), change(1, 10, "first")], as: "c")
        let again = try lake.merge()
        #expect(again["inserted"] == 0 && again["updated"] == 0, "\(again)")
    }

    @Test(
        "any order, batching and repetition of the changes gives the versions of changes applied one after the other",
        arguments: 0..<16)
    func anyOrder(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let parted = Self.table.replacing(
            "value: history}", with: "value: history}, {property: silverPartition, value: score}")
        let lake = try TestLake(contract: round % 3 == 0 ? parted : Self.table)
        var settings = lake.merge.settings
        settings.merging = .random(using: &random)
        if Bool.random(using: &random) { settings.batchMemory = .random(in: 1000...8000, using: &random) }
        let merge = SilverMerge(settings: settings)
        var all: [TestChange] = []
        for number in 0..<Int.random(in: 1...120, using: &random) {
            let time = Int64(700_000 + number)
            let operation: Changes.Operation =
                [.insert, .update, .update, .delete].randomElement(using: &random) ?? .insert
            var change = TestChange(
                id: .random(in: 0..<8, using: &random), operation: operation, order: "\(time)", time: time,
                name: Bool.random(using: &random) ? "n\(number)" : nil, score: Int32(number % 4))
            if operation == .update, Bool.random(using: &random) {
                change.leavesOut = [["name"], ["score"], ["name", "score"]].randomElement(using: &random) ?? []
            } else if operation == .update, Int.random(in: 0..<6, using: &random) == 0 {
                change.formerID = (change.id + 1) % 8
            } else if Int.random(in: 0..<25, using: &random) == 0 {
                change = TestChange(id: 0, operation: .truncate, order: change.order, time: change.time)
            }
            all.append(change)
        }
        var waiting = all.shuffled(using: &random)
        waiting += waiting.shuffled(using: &random).prefix(10)
        var file = 0
        while !waiting.isEmpty {
            let count = min(waiting.count, Int.random(in: 1...40, using: &random))
            try lake.put(Array(waiting.prefix(count)), as: "\(file)")
            waiting.removeFirst(count)
            file += 1
            if Bool.random(using: &random) { _ = try run(merge) }
        }
        while try run(merge)["outcome"] == "done" {}
        #expect(try lake.texts() == Self.modelled(all), "seed \(seed)")
        _ = try run(merge, reloads: true)
        #expect(try lake.texts() == Self.modelled(all), "seed \(seed), after a reload")
    }

    private func change(_ id: Int64, _ time: Int64, _ name: String) -> TestChange {
        TestChange(id: id, operation: .update, order: "\(time)", time: time, name: name)
    }

    private func run(_ merge: SilverMerge, reloads: Bool = false) throws -> JSON {
        try merge.handle(
            ["table": "t", "reload": .bool(reloads)],
            InvocationContext(requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in })))
    }
}
