import AWSClient
import AWSModels
import Contracts
import Control
import FakeAWS
import JSON
import LambdaRuntime
import TestRandom
import Testing

@testable import SilverMerge

/// Tables that keep every record: no key, and repeats of a record dropped by its place in the order of changes.
@Suite struct AppendTests {
    static let table = TestLake.table.replacing(
        "status: draft,", with: "status: draft, customProperties: [{property: silverMode, value: append}],"
    ).replacing(", primaryKey: true, primaryKeyPosition: 1", with: "")

    @Test("any order, batching and repetition of files gives each record once, whatever it did", arguments: 0..<8)
    func anyOrder(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let lake = try TestLake(contract: Self.table)
        var settings = lake.merge.settings
        settings.merging = .random(using: &random)
        if Bool.random(using: &random) { settings.batchMemory = .random(in: 2000...20_000, using: &random) }
        let merge = SilverMerge(settings: settings)
        var files: [[TestChange]] = []
        var expected: [String] = []
        for file in 0..<Int.random(in: 1...6, using: &random) {
            files.append(
                (0..<Int.random(in: 1...60, using: &random)).map { row in
                    let number = file * 1000 + row
                    let operation: Changes.Operation =
                        [.insert, .update, .delete].randomElement(using: &random) ?? .insert
                    expected.append("id=\(row % 5) name=n\(number) score=\(number) operation=\(operation)")
                    return TestChange(
                        id: Int64(row % 5), operation: operation, order: "\(700_000 + number)", time: 1,
                        name: "n\(number)", score: Int32(number))
                })
        }
        // Some records come again, in another file.
        if let again = files.randomElement(using: &random) {
            files.append(Array(again.shuffled(using: &random).prefix(9)))
        }
        for (number, changes) in files.shuffled(using: &random).enumerated() {
            try lake.put(changes.shuffled(using: &random), as: "\(number)")
            if Bool.random(using: &random) { _ = try run(merge) }
        }
        while try run(merge)["outcome"] == "done" {}
        #expect(try records(lake) == expected.sorted(), "seed \(seed)")
        #expect(try run(merge, reloads: true)["outcome"] == "done")
        #expect(try records(lake) == expected.sorted(), "seed \(seed), after a reload")
    }

    @Test("equal rows of a batch file are all kept; one that is merged twice, or uploaded again, counts once")
    func files()
        throws
    {
        let lake = try TestLake(contract: Self.table)
        let same = TestChange(id: 1, operation: .insert, order: "", time: 1, name: "a", score: 1)
        var other = same
        other.name = "b"
        try lake.put([same, same, other], as: "x", hasOrders: false)
        try lake.merge()
        #expect(try lake.texts().count == 3)
        let kept = S3Object(bucket: "lake", key: "superseded/t/x-1.parquet")
        let first = S3Object(bucket: "lake", key: "bronze/t/x.parquet")
        let head = try ObjectStore(lake.aws.client).head(first)
        lake.aws.put(try #require(lake.aws.bytes(of: first)), to: kept, metadata: head.metadata)
        try lake.put([same, other], as: "x", hasOrders: false, replacing: kept.key, version: 2)
        try lake.settle()
        let live = try lake.texts().filter { $0.contains("deleted_at=-") }
        #expect(live.count == 2 && Set(live.compactMap { $0.firstRange(of: "name=a") }).count == 1, "\(live)")
        #expect(try lake.texts().count == 5)
    }

    @Test("a contract that changes its mode is refused by name, and its files wait") func changedMode() throws {
        let lake = try TestLake(contract: Self.table)
        try lake.put([TestChange(id: 1, operation: .insert, order: "1", time: 1)], as: "a")
        try lake.merge()
        let upsert = try lake.under(TestLake.table)
        try upsert.put([TestChange(id: 2, operation: .insert, order: "2", time: 2)], as: "b")
        #expect {
            try upsert.merge()
        } throws: { error in
            "\(error)".contains("table t is kept in the mode append, and by its contract in upsert")
        }
        #expect(try upsert.records().filter { $0.status == .pending }.count == 1)
        // Tables of upsert that are there say nothing of their mode.
        let other = try TestLake()
        try other.put([TestChange(id: 1, operation: .insert, order: "1", time: 1)], as: "a")
        try other.merge()
        #expect(throws: SilverError.self) { try other.under(Self.table).merge() }
    }

    private func records(_ lake: TestLake) throws -> [String] {
        try lake.texts().map { String($0.prefix(upTo: $0.firstRange(of: " _record_id")?.lowerBound ?? $0.endIndex)) }
            .sorted()
    }

    private func run(_ merge: SilverMerge, reloads: Bool = false) throws -> JSON {
        try merge.handle(
            ["table": "t", "reload": .bool(reloads)],
            InvocationContext(requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in })))
    }
}
