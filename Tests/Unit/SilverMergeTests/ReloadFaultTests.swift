import AWSClient
import AWSModels
import FakeAWS
import Iceberg
import JSON
import LambdaRuntime
import Testing
import Time

@testable import SilverMerge

/// Reloads that are disturbed, and what an execution of several batches says at its end.
@Suite struct ReloadFaultTests {
    private static let bronze = S3Object(bucket: "lake", key: "bronze/t/a.parquet")

    @Test("a reload that S3 refuses a file in its first or a later part changes nothing; the next one ends")
    func refused()
        throws
    {
        var failures = 0
        for count in 0..<40 {
            let (lake, merge) = try inParts()
            lake.aws.refuse("GET /lake/bronze/t/a.parquet", "InternalError", status: 500, after: count)
            let outcome = try? reload(merge)
            lake.aws.endFaults()
            if outcome == nil {
                failures += 1
                #expect(try lake.rows().count == 1, "after \(count) requests")
            }
            lake.aws.advance(byMilliseconds: 1_000_000)
            #expect(try reload(merge)["outcome"] == "done")
            #expect(try lake.rows().count == 300)
            if outcome != nil { break }
        }
        #expect(failures > 2)
    }

    @Test("a file that is written again between two parts is never read half: the reload ends and is tried again")
    func replaced() throws {
        var conflicts = 0
        for count in 0..<40 {
            let (lake, merge) = try inParts()
            let other = try lake.bronze(changes(of: 300, "new"))
            let head = try ObjectStore(lake.aws.client).head(Self.bronze)
            lake.aws.before("GET /lake/bronze/t/a.parquet", after: count) {
                lake.aws.put(other, to: Self.bronze, metadata: head.metadata)
            }
            do {
                _ = try reload(merge)
                let names = try Set(lake.rows().values.map { $0.name?.prefix(3) })
                #expect(names.count == 1, "after \(count) requests: \(names)")
            } catch let fault as SilverError {
                guard case .conflict = fault else { throw fault }
                conflicts += 1
                #expect(try lake.rows().count == 1)
            }
            lake.aws.endInterludes()
            // The reload has fewer requests.
            if lake.aws.bytes(of: Self.bronze) != other { break }
            lake.aws.advance(byMilliseconds: 1_000_000)
            _ = try reload(merge)
            #expect(try lake.rows().values.allSatisfy { $0.name?.hasPrefix("new") ?? false }, "after \(count) requests")
        }
        #expect(conflicts > 1)
    }

    @Test("a file that is moved after it was listed is not left out: the reload is tried again") func moved() throws {
        let (lake, merge) = try inParts()
        let aws = lake.aws
        let bytes = try #require(aws.bytes(of: Self.bronze))
        let head = try ObjectStore(aws.client).head(Self.bronze)
        aws.before("HEAD /lake/bronze/t/a.parquet") {
            aws.delete(Self.bronze)
            aws.put(bytes, to: S3Object(bucket: "lake", key: "superseded/t/a-1.parquet"), metadata: head.metadata)
        }
        #expect {
            try reload(merge)
        } throws: { error in
            "\(error)".contains("a.parquet was moved or deleted") && FailureType(error).isTemporary
        }
        aws.advance(byMilliseconds: 1_000_000)
        #expect(try reload(merge)["rows"] == 300)
    }

    @Test("an execution says what all of its batches did, those of a task too") func totals() throws {
        let lake = try TestLake()
        try lake.put(changes(of: 3, "a"), as: "a")
        var settings = lake.merge.settings
        settings.batchFiles = 1
        let merge = SilverMerge(settings: settings)
        let start = lake.aws.now
        lake.aws.advance(byMilliseconds: 10)
        let first = try handle(merge, ["table": "t"])
        try lake.put(changes(of: 5, "b"), as: "b")
        let second = try handle(merge, ["table": "t", "merge": ["result": first]])
        #expect(second["files"] == 2 && second["inserted"] == 5 && second["updated"] == 3, "\(second)")
        let third = try handle(merge, ["table": "t", "merge": ["result": second]])
        #expect(third["outcome"] == "done" && third["files"] == 2 && third["inserted"] == 5 && third["rows"] == 5)
        let task: JSON = [
            "table": "t", "target": "ecs", "reload": false, "started_at": .string(start.rfc3339),
        ]
        let after = try handle(merge, task)
        #expect(after["outcome"] == "done" && after["inserted"] == 5 && after["updated"] == 3, "\(after)")
        lake.aws.advance(byMilliseconds: 10)
        let nothing = try handle(
            merge, ["table": "t", "target": "ecs", "started_at": .string(lake.aws.now.rfc3339)])
        #expect(nothing["outcome"] == "nothing" && nothing["inserted"] == nil)
    }

    /// A table of one row, and a bronze file of 300 that a reload takes in parts.
    private func inParts() throws -> (TestLake, SilverMerge) {
        let lake = try TestLake()
        try lake.put(changes(of: 1, "old"), as: "a")
        _ = try lake.merge()
        try lake.put(changes(of: 300, "old"), as: "a", version: 2)
        var settings = lake.merge.settings
        settings.batchMemory = 8000
        return (lake, SilverMerge(settings: settings))
    }

    private func changes(of count: Int64, _ name: String) -> [TestChange] {
        (0..<count).map {
            TestChange(id: $0, operation: .insert, order: "\(name)-\(1000 + $0)", time: 1, name: "\(name) \($0)")
        }
    }

    private func reload(_ merge: SilverMerge) throws -> JSON { try handle(merge, ["table": "t", "reload": true]) }

    private func handle(_ merge: SilverMerge, _ event: JSON) throws -> JSON {
        try merge.handle(
            event, InvocationContext(requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in })))
    }
}
