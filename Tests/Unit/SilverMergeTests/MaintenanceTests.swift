import AWSClient
import AWSModels
import Contracts
import Control
import FakeAWS
import Foundation
import Iceberg
import JSON
import Lake
import LambdaRuntime
import PublishedContracts
import TestRandom
import Testing
import Time

@testable import LakeMaintenance
@testable import SilverMerge

/// lake-maintenance beside silver-merge, on one table of one account.
@Suite struct MaintenanceTests {
    private static let hour: Int64 = 3_600_000

    private func maintenance(
        _ lake: TestLake, _ change: (inout MaintenancePolicy) -> Void = { _ in }
    ) -> LakeMaintenance {
        var policy = MaintenancePolicy()
        // Merges join eight files themselves.
        policy.joinedCount = 2
        policy.snapshotCount = 2
        policy.snapshotAgeInHours = 1
        change(&policy)
        let aws = lake.aws
        return LakeMaintenance(
            settings: MaintenanceSettings(
                aws: aws.client, contracts: ContractSource(ContractCatalog([lake.contract])), control: lake.control,
                objects: ObjectStore(aws.client), clock: ClockAndChance(now: { aws.now }), policy: policy))
    }

    @discardableResult
    private func maintain(
        _ lake: TestLake, isDry: Bool = false, _ change: (inout MaintenancePolicy) -> Void = { _ in }
    ) throws -> JSON {
        let context = InvocationContext(
            requestID: "maintenance", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        return try maintenance(lake, change).handle(["table": "dm_silver.t", "dryRun": .bool(isDry)], context)
    }

    /// A table of some batches, of which each has keys between those of the others.
    private func grown(by batches: Int, _ lake: TestLake) throws -> [TestChange] {
        var all: [TestChange] = []
        for batch in 0..<Int64(batches) {
            let changes = (0..<5).map { row in
                TestChange(
                    id: row * 100 + batch, operation: .insert, order: "\(1000 + batch * 10 + row)",
                    time: 1000 + batch * 10 + row,
                    name: "row \(row) of \(batch)", score: Int32(row))
            }
            try lake.put(changes, as: "batch-\(batch)")
            try lake.merge()
            all += changes
        }
        return all
    }

    private func files(_ lake: TestLake) throws -> [DataFile] {
        let metadata = try #require(try lake.metadata())
        let storage = LakeStorage(ObjectStore(lake.aws.client))
        return try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }.dataFiles
    }

    /// The objects of the table that no snapshot names.
    private func unnamed(_ lake: TestLake) throws -> Set<String> {
        let metadata = try #require(try lake.metadata())
        let storage = LakeStorage(ObjectStore(lake.aws.client))
        var named: Set<String> = []
        for snapshot in metadata.snapshots {
            named.insert(snapshot.manifestList)
            for manifest in try TableFiles(of: snapshot, in: metadata, read: { try storage.read($0) }).manifests {
                named.insert(manifest.line.path)
                named.formUnion(manifest.entries.map(\.file.path))
            }
        }
        let present = Set(lake.aws.keys(in: "lake").filter { $0.hasPrefix("silver/t/") }.map { "s3://lake/\($0)" })
        #expect(named.isSubset(of: present), "a snapshot names files that are gone: \(named.subtracting(present))")
        return present.subtracting(named)
    }

    @Test("small files become one, sorted by the key, with the same rows") func joins() throws {
        let lake = try TestLake()
        let changes = try grown(by: 6, lake)
        let before = try files(lake)
        let answer = try maintain(lake)
        #expect(answer["joined_files"]?.int == before.count && answer["written_files"] == 1, "\(answer)")
        let after = try files(lake)
        #expect(after.count == 1)
        #expect(try lake.rows() == modelled(changes))
        #expect(try lake.metadata()?.currentSnapshot?.summary["operation"] == "replace")
        #expect(try keys(lake) == changes.map(\.id).sorted())
        // The second run finds nothing to do.
        #expect(try maintain(lake)["outcome"] == "unchanged")
    }

    /// The keys in the order of the rows.
    private func keys(_ lake: TestLake) throws -> [Int64] {
        var keys: [Int64] = []
        for file in try files(lake) {
            let object = try #require(LakeStorage.object(at: file.path))
            let parquet = try ParquetKeys.read(ObjectStore(lake.aws.client), object, Int(file.sizeInBytes))
            keys += parquet
        }
        return keys
    }

    @Test("a dry run says what a run does, and changes nothing") func dryRun() throws {
        let lake = try TestLake()
        _ = try grown(by: 6, lake)
        lake.aws.advance(byMilliseconds: 2 * Self.hour)
        let (keys, snapshots) = (lake.aws.keys(in: "lake"), try lake.metadata()?.snapshots)
        let planned = try maintain(lake, isDry: true)
        #expect(planned["outcome"] == "planned")
        #expect(lake.aws.keys(in: "lake") == keys)
        #expect(try lake.metadata()?.snapshots == snapshots)
        let done = try maintain(lake)
        for member in ["joined_files", "written_files", "joined_bytes"] {
            #expect(planned[member] == done[member], "\(member)")
        }
        #expect(planned["expired_snapshots"] == 4)
    }

    @Test(
        "of more snapshots than the limit the oldest go, and their files once no query reads them; a table may say its own age"
    )
    func limit() throws {
        func limited(_ policy: inout MaintenancePolicy) {
            policy.snapshotAgeInHours = 72
            policy.snapshotLimit = 3
        }
        let lake = try TestLake()
        let changes = try grown(by: 6, lake)
        lake.aws.advance(byMilliseconds: Self.hour / 2)
        // Six merges, and what joined their files.
        let young = try maintain(lake, limited)
        #expect(young["expired_snapshots"] == 4 && young["kept_snapshots"] == 3, "\(young)")
        #expect(young["removed_objects"] == 0, "\(young)")
        #expect(try !unnamed(lake).isEmpty)
        lake.aws.advance(byMilliseconds: 73 * Self.hour)
        #expect(try maintain(lake, limited)["expired_snapshots"] == 1)
        #expect(try unnamed(lake).isEmpty)
        #expect(try lake.rows() == modelled(changes))

        let old = try TestLake()
        _ = try grown(by: 6, old)
        old.aws.advance(byMilliseconds: 2 * Self.hour)
        #expect(try maintain(old, limited)["expired_snapshots"] == 4)
        #expect(try unnamed(old).isEmpty)

        let own = try TestLake()
        _ = try grown(by: 6, own)
        var change = TableChange(of: try #require(try own.metadata()))
        change.set(["history.expire.max-snapshot-age-ms": "\(48 * Self.hour)"])
        _ = try LakeCatalog(own.aws.client).commit(change, to: "t", in: SilverTable.namespace)
        own.aws.advance(byMilliseconds: 47 * Self.hour)
        #expect(try maintain(own, limited)["expired_snapshots"] == 0)
        own.aws.advance(byMilliseconds: 2 * Self.hour)
        #expect(try maintain(own, limited)["expired_snapshots"] == 5)
    }

    @Test("old snapshots and what only they name go; the last ones stay") func expiry() throws {
        let lake = try TestLake()
        let changes = try grown(by: 6, lake)
        lake.aws.advance(byMilliseconds: 2 * Self.hour)
        let answer = try maintain(lake)
        #expect(answer["expired_snapshots"] == 5 && answer["kept_snapshots"] == 2, "\(answer)")
        #expect(try lake.metadata()?.snapshots.count == 2)
        #expect(try unnamed(lake).isEmpty)
        #expect(try lake.rows() == modelled(changes))
    }

    @Test("young snapshots stay, however many") func young() throws {
        let lake = try TestLake()
        _ = try grown(by: 6, lake)
        #expect(try maintain(lake)["expired_snapshots"] == 0)
        #expect(try lake.metadata()?.snapshots.count == 7)
    }

    @Test("snapshots since a batch whose end is not recorded stay: the next merge finds it") func openBatch() throws {
        let lake = try TestLake()
        var changes = try grown(by: 3, lake)
        let late = [TestChange(id: 7, operation: .insert, order: "5000", time: 5000, name: "late", score: 7)]
        changes += late
        try lake.put(late, as: "late")
        // The merge dies after its commit.
        lake.aws.refuse("TransactWriteItems", "InternalServerError", status: 500, times: 1000)
        #expect(throws: (any Error).self) { try lake.merge() }
        lake.aws.endFaults()
        let batch = try #require(try lake.batches().last)
        lake.aws.advance(byMilliseconds: 100 * Self.hour)
        try maintain(lake)
        #expect(try lake.batches().contains(batch))
        try lake.settle()
        #expect(try lake.rows() == modelled(changes))
        #expect(try lake.records().allSatisfy { $0.status == .success })
        let batches = try lake.batches()
        #expect(Set(batches).count == batches.count)
    }

    @Test("files that no snapshot names go when they are older than any writer's work, not before") func orphans()
        throws
    {
        let lake = try TestLake()
        let changes = try grown(by: 2, lake)
        for name in ["data/left.parquet", "metadata/left-m0.avro"] {
            lake.aws.put([1, 2, 3], to: S3Object(bucket: "lake", key: "silver/t/\(name)"))
        }
        lake.aws.put([1], to: S3Object(bucket: "lake", key: "silver/other/data/x.parquet"))
        lake.aws.advance(byMilliseconds: 71 * Self.hour)
        #expect(try maintain(lake)["orphans"] == 0)
        lake.aws.advance(byMilliseconds: 2 * Self.hour)
        #expect(try maintain(lake)["orphans"] == 2)
        #expect(try unnamed(lake).isEmpty)
        #expect(lake.aws.keys(in: "lake").contains("silver/other/data/x.parquet"))
        #expect(try lake.rows() == modelled(changes))
    }

    @Test(
        "a merge that commits while files are joined keeps its rows, and what it did not touch is joined all the same")
    func overtaken() throws {
        let lake = try TestLake()
        var changes = try grown(by: 6, lake)
        let more = [TestChange(id: 9_999, operation: .insert, order: "6000", time: 6000, name: "new", score: 1)]
        try lake.put(more, as: "more")
        changes += more
        lake.aws.before("PUT /lake/silver/t/metadata") { #expect(throws: Never.self) { try lake.merge() } }
        #expect(try maintain(lake)["written_files"] == 1)
        #expect(try files(lake).count == 2)
        #expect(try lake.rows() == modelled(changes))
    }

    @Test("a merge that changes a row of joined files meanwhile wins, and the joined file is in no snapshot")
    func conflicting() throws {
        let lake = try TestLake()
        var changes = try grown(by: 6, lake)
        let more = [TestChange(id: 0, operation: .update, order: "6000", time: 6000, name: "changed", score: 1)]
        try lake.put(more, as: "more")
        changes += more
        lake.aws.before("PUT /lake/silver/t/metadata") { #expect(throws: Never.self) { try lake.merge() } }
        let answer = try maintain(lake)
        #expect(answer["overtaken"] == 1 && answer["joined_files"] == 0, "\(answer)")
        #expect(try lake.rows() == modelled(changes))
        #expect(try unnamed(lake).count >= 1)
    }

    @Test("rows that were deleted longer ago than deletedRetention go; others stay") func tombstones() throws {
        let contract = TestLake.table.replacingOccurrences(
            of: "status: draft,",
            with: "status: draft, customProperties: [{property: deletedRetention, value: 30}],")
        let lake = try TestLake(contract: contract)
        let now = lake.aws.now.milliseconds * 1000
        let day: Int64 = 86_400_000_000
        let changes = [
            TestChange(id: 1, operation: .insert, order: "10", time: 10, name: "stays", score: 1),
            TestChange(id: 2, operation: .insert, order: "11", time: 11, name: "old", score: 1),
            TestChange(id: 2, operation: .delete, order: "\(now - 31 * day)", time: now - 31 * day),
            TestChange(id: 3, operation: .insert, order: "12", time: 12, name: "young", score: 1),
            TestChange(id: 3, operation: .delete, order: "\(now - 29 * day)", time: now - 29 * day),
        ]
        try lake.put(changes, as: "changes")
        try lake.merge()
        #expect(try lake.rows().count == 3)
        #expect(try maintain(lake)["dropped_rows"] == 1)
        #expect(try Set(lake.rows().keys) == [1, 3])
        #expect(try maintain(lake)["outcome"] == "unchanged")
    }

    @Test("maintenance that is disturbed at any of its requests leaves the table right, and the next run ends it")
    func everyStep() throws {
        for loses in [false, true] {
            var step = 0
            while true {
                let lake = try TestLake()
                let changes = try grown(by: 5, lake)
                lake.aws.advance(byMilliseconds: 2 * Self.hour)
                let start = lake.aws.requests.count
                if loses { lake.aws.loseNextAnswer(after: step) } else { lake.aws.crash(after: step) }
                _ = try? maintain(lake)
                let requests = lake.aws.requests.count - start
                lake.aws.recover()
                lake.aws.endFaults()
                #expect(try lake.rows() == modelled(changes), "step \(step)")
                _ = try unnamed(lake)
                try maintain(lake)
                #expect(try lake.rows() == modelled(changes), "step \(step)")
                lake.aws.advance(byMilliseconds: 80 * Self.hour)
                try maintain(lake)
                #expect(try unnamed(lake).isEmpty, "step \(step)")
                #expect(try files(lake).count == 1)
                guard step < requests else { break }
                step += 1
            }
            #expect(step > 15)
        }
    }

    @Test("merges and maintenance in any order, crashing anywhere, give the rows that the changes give")
    func interleaved() throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats these steps")
        for round in 0..<UInt64(12) {
            var random = SeededGenerator(seed: seed &+ round)
            let lake = try TestLake()
            var changes: [TestChange] = []
            for step in 0..<40 {
                switch Int.random(in: 0..<8, using: &random) {
                case 0..<4:
                    let made = (0..<Int.random(in: 1...4, using: &random)).map { row in
                        let time = Int64(10_000 + step * 10 + row)
                        let id = Int64.random(in: 0..<20, using: &random)
                        return Bool.random(using: &random) || row == 0
                            ? TestChange(
                                id: id, operation: .update, order: "\(time)", time: time, name: "n\(step)",
                                score: Int32(row))
                            : TestChange(id: id, operation: .delete, order: "\(time)", time: time)
                    }
                    changes += made
                    try lake.put(made, as: "step-\(step)")
                    disturb(lake, &random)
                    _ = try? lake.merge(as: "merge-\(step)")
                case 4: lake.aws.advance(byMilliseconds: Int64.random(in: 1..<100, using: &random) * Self.hour)
                case 5:
                    // A merge that commits between two steps of the maintenance.
                    lake.aws.before("", after: Int.random(in: 0..<30, using: &random)) {
                        _ = try? lake.merge(as: "other")
                    }
                    _ = try? maintain(lake)
                case 6:
                    lake.aws.before("", after: Int.random(in: 0..<40, using: &random)) { _ = try? self.maintain(lake) }
                    _ = try? lake.merge(as: "merge-\(step)")
                default:
                    disturb(lake, &random)
                    _ = try? maintain(lake)
                }
                lake.aws.recover()
                lake.aws.endFaults()
                lake.aws.endInterludes()
            }
            try lake.settle()
            #expect(try lake.rows() == modelled(changes), "seed \(seed), round \(round)")
            _ = try unnamed(lake)
            let batches = try lake.batches()
            #expect(Set(batches).count == batches.count)
            #expect(try lake.records().allSatisfy { $0.status == .success }, "seed \(seed), round \(round)")
            lake.aws.advance(byMilliseconds: 80 * Self.hour)
            if try lake.metadata() != nil { try maintain(lake) }
            if try lake.metadata() != nil { #expect(try unnamed(lake).isEmpty, "seed \(seed), round \(round)") }
            #expect(try lake.rows() == modelled(changes), "seed \(seed), round \(round)")
        }
    }

    private func disturb(_ lake: TestLake, _ random: inout SeededGenerator) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: lake.aws.crash(after: Int.random(in: 0..<50, using: &random))
        case 1: lake.aws.loseNextAnswer(after: Int.random(in: 0..<50, using: &random))
        default: return
        }
    }
}
