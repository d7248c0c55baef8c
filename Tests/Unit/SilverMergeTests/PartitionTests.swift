import Contracts
import FakeAWS
import Iceberg
import Lake
import AWSClient
import ParquetRead
import Columns
import JSON
import TestRandom
import Testing

@testable import SilverMerge

/// Tables that are parted: each row is in a file of its partition, and moves when its values do.
@Suite struct PartitionTests {
    static func contract(_ partition: String, _ more: String = "") -> String {
        TestLake.table.replacing(
            "schema: [{name: t",
            with: "customProperties: [{property: silverPartition, value: \(partition)}\(more)], schema: [{name: t")
    }

    /// Each file's rows have its partition's values.
    static func check(_ lake: TestLake, _ seed: UInt64 = 0) throws {
        let metadata = try #require(try lake.metadata())
        let schema = metadata.currentSchema
        let storage = LakeStorage(ObjectStore(lake.aws.client))
        let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        for file in files.dataFiles {
            let object = try #require(LakeStorage.object(at: file.path))
            let parquet = try ParquetFile(reading: ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes)))
            #expect(file.partition.count == metadata.defaultSpec.fields.count)
            for (place, field) in metadata.defaultSpec.fields.enumerated() {
                let source = try #require(schema.field(field.sourceID))
                let column = try #require(parquet.metadata.column(fieldID: source.id))
                for group in parquet.metadata.rowGroups.indices {
                    var rows = try parquet.rows(ofGroup: group, columns: [column.index])
                    while let batch = try rows.next(upTo: 1000) {
                        let values = ColumnRows(batch.columns[0], rowCount: batch.rowCount)
                        for row in 0..<batch.rowCount {
                            let value = field.transform.apply(
                                IcebergValue(values, row, source.type), of: source.type)
                            #expect(value == file.partition[place], "seed \(seed), \(file.path), row \(row)")
                        }
                    }
                }
            }
        }
    }

    @Test("a row moves to the file of its new partition, and a delete leaves it where it is") func moves() throws {
        let lake = try TestLake(contract: Self.contract("[name, 'bucket[4](id)']"))
        let first = (0..<12).map {
            TestChange(
                id: $0, operation: .insert, order: "\(10 + $0)", time: 10 + $0, name: $0 < 6 ? "a" : "b", score: 1)
        }
        try lake.put(first, as: "first")
        try lake.merge()
        try Self.check(lake)
        let second = [
            TestChange(id: 1, operation: .update, order: "30", time: 30, name: "b", score: nil, leavesOut: ["score"]),
            TestChange(id: 2, operation: .update, order: "31", time: 31, name: nil, score: 5),
            TestChange(id: 3, operation: .delete, order: "32", time: 32),
            TestChange(id: 4, operation: .update, order: "33", time: 33, score: 7, leavesOut: ["name"]),
            TestChange(id: 99, operation: .insert, order: "34", time: 34, name: "new", score: 8),
        ]
        try lake.put(second, as: "second")
        try lake.merge()
        try Self.check(lake)
        #expect(try lake.rows() == modelled(first + second))
        let spec = try #require(try lake.metadata()?.defaultSpec)
        #expect(spec.fields.map(\.name) == ["name", "id_bucket"])
    }

    @Test(
        "any history gives the rows of the changes one after the other, each in its partition",
        arguments: ["[name]", "['truncate[10](score)']", "['bucket[3](id)']", "['bucket[3](id)', 'truncate[2](name)']"])
    func anyHistory(partition: String) throws {
        for _ in 0..<6 {
            let seed = UInt64.random(in: .min ... .max)
            var random = SeededGenerator(seed: seed)
            let lake = try TestLake(contract: Self.contract(partition))
            let changes = (0..<Int.random(in: 1...150, using: &random)).map { number in
                var change = CrashTests.change(number, &random)
                if change.name != nil { change.name = ["aa", "ab", "b"].randomElement(using: &random) }
                return change
            }
            var waiting = changes.shuffled(using: &random)
            while !waiting.isEmpty {
                let count = min(waiting.count, Int.random(in: 1...40, using: &random))
                try lake.put(Array(waiting.prefix(count)), as: "\(waiting.count)")
                waiting.removeFirst(count)
                try lake.merge()
            }
            try Self.check(lake, seed)
            let (rows, expected) = (try lake.rows(), modelled(changes))
            for key in Set(rows.keys).union(expected.keys) {
                #expect(rows[key] == expected[key], "seed \(seed), key \(key)")
            }
        }
    }

    @Test(
        "where keys stay in their partition, files of others are not looked into",
        arguments: ["[name]", "['bucket[8](id)']"])
    func immutable(partition: String) throws {
        let more = partition == "[name]" ? ", {property: immutablePartition, value: true}" : ""
        let lake = try TestLake(contract: Self.contract(partition, more))
        let rows = (0..<40).map {
            TestChange(id: $0, operation: .insert, order: "\(10 + $0)", time: 10 + $0, name: "n\($0 % 8)", score: 1)
        }
        try lake.put(rows, as: "first")
        try lake.merge()
        let files = lake.aws.keys(in: "lake").filter { $0.hasPrefix("silver/t/data") }
        let start = lake.aws.requests.count
        let change = TestChange(id: 9, operation: .update, order: "60", time: 60, name: "n1", score: 2)
        try lake.put([change], as: "second")
        try lake.merge()
        let read = Set(
            lake.aws.requests[start...].filter { $0.hasPrefix("GET /lake/silver/t/data") }.compactMap { request in
                files.first { request.contains($0) }
            })
        #expect(files.count > 2 && read.count == 1, "\(read)")
        #expect(try lake.rows() == modelled(rows + [change]))
        // A delete that carries the key alone is looked for everywhere.
        let delete = TestChange(id: 9, operation: .delete, order: "70", time: 70)
        try lake.put([delete], as: "third")
        try lake.merge()
        #expect(try lake.rows() == modelled(rows + [change, delete]))
        try Self.check(lake)
    }

    @Test("a table whose contract parts it in another way is refused, and its files wait") func otherPartitions() throws
    {
        let lake = try TestLake(contract: Self.contract("[name]"))
        try lake.put([TestChange(id: 1, operation: .insert, order: "10", time: 10, name: "a")], as: "first")
        try lake.merge()
        let other = try lake.under(Self.contract("['bucket[4](id)']"))
        try other.put([TestChange(id: 1, operation: .insert, order: "20", time: 20, name: "a")], as: "second")
        let error = #expect(throws: SilverError.self) { try other.merge() }
        #expect(
            error?.description.contains("is parted by identity of name, and by its contract parted by bucket[4] of id")
                == true, "\(error as Any)")
        #expect(error?.errorType == "InvalidContract")
    }

    @Test(
        "a derived column has the part of the date that a change carries",
        arguments: [
            ("year(seconds(id))", -1, 1969), ("year(seconds(id))", 0, 1970), ("month(seconds(id))", -1, 12),
            ("day(seconds(id))", -1, 31), ("hour(seconds(id))", -1, 23), ("date(seconds(id))", -1, -1),
            ("year(seconds(id))", 1_709_164_800, 2024), ("month(seconds(id))", 1_709_164_800, 2),
            ("day(seconds(id))", 1_709_164_800, 29), ("day(milliseconds(id))", 1_709_251_200_000, 1),
            ("year(microseconds(id))", -62_135_596_800_000_000, 1),
            ("day(microseconds(id))", 253_402_300_799_999_999, 31),
        ])
    func derived(function: String, id: Int64, value: Int) throws {
        let property = ", {property: derived, value: 'part = \(function)'}"
        let lake = try TestLake(contract: Self.contract("[part]", property))
        try lake.put([TestChange(id: id, operation: .insert, order: "10", time: 10)], as: "first")
        try lake.merge()
        #expect(try lake.texts() == ["id=\(id) name=- score=- part=\(value) deleted_at=-"])
        try Self.check(lake)
    }
}
