import FakeAWS
import Iceberg
import JSON
import LambdaRuntime
import Parquet
import Testing

@testable import SilverMerge

/// What a run costs as a table gets older: requests and bytes, which do not depend on the machine.
@Suite struct GrowthTests {
    private static let baseRows = 3000
    private static let runs = 104

    @Test("a run costs the same after a hundred others: requests, bytes that are sent, bytes that are read")
    func constant() throws {
        let lake = try TestLake()
        var settings = lake.merge.settings
        settings.merging.fileSize = 256 << 10
        settings.merging.writer.rowGroupRowLimit = 1000
        let merge = SilverMerge(settings: settings)
        try lake.put((0..<Self.baseRows).map { change($0, $0) }, as: "base")
        _ = try run(merge, "base")
        var costs: [FakeTraffic] = []
        for number in 0..<Self.runs {
            // Neighbours of the base, some rows of the last runs, and new ones.
            let start = number * 97 % (Self.baseRows - 20)
            let first = Self.baseRows + number * 15
            var keys = Array(start..<start + 20)
            keys += stride(from: max(start + 20, first - 75), to: first, by: 15)
            keys += Array(first..<first + 15)
            try lake.put(keys.enumerated().map { change($1, 10_000 + number * 100 + $0) }, as: "\(number)")
            let before = lake.aws.traffic
            #expect(try run(merge, "\(number)")["outcome"] == "done")
            costs.append(lake.aws.traffic - before)
        }
        #expect(try lake.rows().count == Self.baseRows + 15 * Self.runs)
        // Small files are joined every eighth run, and what that makes every 64th: several runs count together.
        let (early, late) = (costs[8..<40], costs[72..<104])
        let values: [KeyPath<FakeTraffic, Int>] = [\.requests, \.bytesSent, \.bytesReceived]
        for value in values {
            let sums = [late, early].map { costs in costs.reduce(0) { $0 + $1[keyPath: value] } }
            #expect(Double(sums[0]) <= 1.1 * Double(sums[1]), "\(value): \(sums[1]), then \(sums[0])")
        }
        // The catalog answers a commit with all snapshots: a thousand bytes each.
        let snapshot = (costs[103].bytesOfCommits - costs[3].bytesOfCommits) / 100
        #expect(snapshot < 1000)
        let files = try #require(try lake.metadata()?.currentSnapshot?.summary["total-data-files"].flatMap { Int($0) })
        #expect(files < 25)
    }

    private func run(_ merge: SilverMerge, _ owner: String) throws -> JSON {
        try merge.handle(
            ["table": "t"],
            InvocationContext(requestID: owner, deadline: .now + .seconds(3600), log: Log(sink: { _ in })))
    }

    private func change(_ id: Int, _ number: Int) -> TestChange {
        TestChange(
            id: Int64(id), operation: .update, order: "\(1_000_000 + number)", time: Int64(number),
            name: "name \(id &* 2_654_435_761 % 1_000_003)", score: Int32(number % 1000))
    }
}
