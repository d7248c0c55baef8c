import AWSClient
import AWSModels
import Columns
import Contracts
import Control
import FakeAWS
import Foundation
import Iceberg
import JSON
import Lake
import LakeRewrite
import LambdaRuntime
import Parquet
import PublishedContracts
import Synchronization
import Testing
import Time

@testable import LakeMaintenance
@testable import SilverMerge

/// Tables that are not as lake-maintenance and silver-merge leave them, and runs whose time is over.
@Suite struct MaintenanceFaultTests {
    private static let hour: Int64 = 3_600_000

    private func maintenance(
        _ lake: TestLake, _ change: (inout MaintenancePolicy) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) -> LakeMaintenance {
        var policy = MaintenancePolicy()
        policy.joinedCount = 2
        policy.snapshotCount = 2
        policy.snapshotAgeInHours = 1
        change(&policy)
        let aws = lake.aws
        return LakeMaintenance(
            settings: MaintenanceSettings(
                aws: aws.client, contracts: ContractSource(ContractCatalog([lake.contract])), control: lake.control,
                objects: ObjectStore(aws.client), clock: ClockAndChance(now: { aws.now }), policy: policy),
            isInterrupted: isInterrupted)
    }

    @discardableResult
    private func maintain(_ maintenance: LakeMaintenance) throws -> JSON {
        try maintenance.maintain(
            TableName(namespace: "dm_silver", table: "t"), isDry: false, Log(sink: { _ in }))
    }

    /// A table of some batches, of which each has keys between those of the others.
    private func grow(_ lake: TestLake, by batches: Range<Int64>) throws -> [TestChange] {
        var all: [TestChange] = []
        for batch in batches {
            let changes = (0..<5).map { row in
                TestChange(
                    id: row * 100 + batch, operation: .insert, order: "\(1000 + batch * 10 + row)",
                    time: 1000 + batch * 10 + row, name: "row \(row) of \(batch)", score: Int32(row))
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

    private func create(_ lake: TestLake, at location: String, _ properties: [String: String] = [:]) throws {
        let table = try SilverTable(lake.contract)
        _ = try LakeCatalog(lake.aws.client).createTable(
            "t", in: SilverTable.namespace, location: location, schema: table.schema, spec: table.spec,
            properties: table.properties.merging(properties) { $1 })
    }

    @Test("files of a table whose location has an older name of S3 are no orphans", arguments: ["s3a", "s3n"])
    func olderNames(scheme: String) throws {
        let lake = try TestLake()
        try create(lake, at: "\(scheme)://lake/silver/t")
        let changes = try grow(lake, by: 0..<6)
        lake.aws.put([1], to: S3Object(bucket: "lake", key: "silver/t/data/left.parquet"))
        lake.aws.advance(byMilliseconds: 80 * Self.hour)
        let answer = try maintain(maintenance(lake))
        #expect(answer["orphans"] == 1 && answer["expired_snapshots"] == 5, "\(answer)")
        #expect(try lake.rows() == modelled(changes))
        // All but what two snapshots name is gone.
        #expect(lake.aws.keys(in: "lake").filter { $0.hasPrefix("silver/t/data/") }.count < 10)
    }

    @Test("a table that shares its files says so by gc.enabled: they stay, and its snapshots") func shared() throws {
        let lake = try TestLake()
        try create(lake, at: "s3://lake/silver/t", ["gc.enabled": "false"])
        let changes = try grow(lake, by: 0..<6)
        let before = Set(lake.aws.keys(in: "lake"))
        lake.aws.put([1], to: S3Object(bucket: "lake", key: "silver/t/data/left.parquet"))
        lake.aws.advance(byMilliseconds: 80 * Self.hour)
        let answer = try maintain(maintenance(lake))
        #expect(answer["joined_files"] == 6 && answer["expired_snapshots"] == 0 && answer["orphans"] == 0, "\(answer)")
        #expect(before.isSubset(of: lake.aws.keys(in: "lake")))
        #expect(try lake.rows() == modelled(changes))
    }

    @Test("what is joined when the time is over is committed; the next runs do the rest") func timeIsOver() throws {
        var partial = 0
        for limit in 1..<200 {
            let lake = try TestLake()
            let changes = try grow(lake, by: 0..<6)
            let size = Int(try files(lake).map(\.sizeInBytes).max() ?? 0)
            let calls = Mutex(0)
            let limited = maintenance(lake, { $0.fileSize = size * 3 + 1 }) {
                calls.withLock { (count: inout Int) -> Bool in
                    count += 1
                    return count > limit
                }
            }
            do {
                try maintain(limited)
                break
            } catch MaintenanceError.interrupted {
                if try files(lake).count < 6 { partial += 1 }
            }
            #expect(try lake.rows() == modelled(changes))
            try maintain(maintenance(lake) { $0.fileSize = size * 3 + 1 })
            #expect(try files(lake).count < 6)
            #expect(try lake.rows() == modelled(changes))
        }
        #expect(partial > 0)
    }

    @Test("a file of narrower types does not keep the others from being joined") func narrower() throws {
        let lake = try TestLake()
        var changes = try grow(lake, by: 0..<3)
        let wider = try lake.under(
            TestLake.table.replacingOccurrences(of: "physicalType: int}", with: "physicalType: bigint}"))
        changes += try grow(wider, by: 3..<6)
        let narrow = try files(lake).prefix(3).map(\.path)
        let answer = try maintain(maintenance(wider))
        #expect(answer["joined_files"] == 3 && answer["written_files"] == 1, "\(answer)")
        #expect(try Set(files(wider).map(\.path)).isSuperset(of: narrow))
        #expect(try wider.texts().count == Set(changes.map(\.id)).count)
    }

    @Test("settings and properties beyond all bounds are errors or bounds, and no overflow") func bounds() throws {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        for (name, value) in [("FILE_BYTES", Int.max), ("SNAPSHOT_AGE_HOURS", Int.max), ("ORPHAN_AGE_HOURS", .max)] {
            #expect(throws: MaintenanceError.self) {
                try MaintenanceSettings(
                    Environment([
                        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                        "CONTROL_TABLE": "control", "CONTRACTS_DIR": "\(root.path)/infra/contracts", name: "\(value)",
                    ]))
            }
        }
        for age in [Int64.max, .min] {
            let lake = try TestLake()
            try create(lake, at: "s3://lake/silver/t", ["history.expire.max-snapshot-age-ms": "\(age)"])
            _ = try grow(lake, by: 0..<4)
            lake.aws.advance(byMilliseconds: 1000)
            let answer = try maintain(maintenance(lake))
            #expect(answer["expired_snapshots"] == (age == .max ? 0 : 3), "\(answer)")
        }
    }

    @Test("a file of large and small row groups in turn is not written again in vain") func futile() throws {
        let lake = try TestLake()
        let schema = try SilverTable(lake.contract).schema
        let form = try #require(try TableForm(schema))
        var options = WriterOptions()
        (options.pageRowLimit, options.rowGroupRowLimit) = (100, 100)
        let columns = [
            ParquetColumn(name: "id", physicalType: .int64, isRequired: true, fieldID: 1),
            ParquetColumn(name: "name", physicalType: .byteArray, logicalType: .string, fieldID: 2),
        ]
        func file(_ isLarge: (Int) -> Bool) throws -> DataFile {
            var writer = ParquetWriter(try ParquetSchema(columns), options)
            var state: UInt64 = 1
            for group in 0..<10 {
                var names = ByteArrays()
                for row in 0..<100 {
                    var text = "\(group) \(row)"
                    for _ in 0..<(isLarge(group) ? 50 : 1) {
                        // Digits that do not shrink much.
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        text += " \(state)"
                    }
                    names.append(text.utf8)
                }
                try writer.append(
                    rowCount: 100,
                    columns: [
                        ColumnArray(.int64((0..<100).map { Int64(group * 100 + $0) })), ColumnArray(.byteArray(names)),
                    ])
            }
            var bytes: [UInt8] = []
            writer.finish { (piece: UnsafeRawBufferPointer) in bytes += piece }
            lake.aws.put(bytes, to: S3Object(bucket: "lake", key: "silver/t/data/a.parquet"))
            return DataFile(
                path: "s3://lake/silver/t/data/a.parquet", partition: [], recordCount: 1000,
                sizeInBytes: Int64(bytes.count))
        }
        var rewriting = RewriteOptions()
        rewriting.groupSize = 20_000
        let rewriter = FileRewriter(form, LakeStorage(ObjectStore(lake.aws.client)), rewriting, dropping: nil) {}
        guard case .futile = try rewriter.write([file { $0 % 2 == 0 }], to: "s3://lake/silver/t/data/b.parquet") else {
            Issue.record("it was written again")
            return
        }
        guard case .written = try rewriter.write([file { _ in false }], to: "s3://lake/silver/t/data/b.parquet") else {
            Issue.record("ten small row groups were not joined")
            return
        }
    }
}
