import AWSClient
import Columns
import Contracts
import FakeAWS
import Iceberg
import Lake
import Parquet
import ParquetRead
import TestRandom
import Testing

@testable import SilverMerge

/// A change of one row, as a source tells it.
struct TestChange: Hashable {
    var id: Int64
    var operation: Changes.Operation
    var order: String
    var time: Int64
    var name: String?
    var score: Int32?
    /// Which of the columns the change leaves out.
    var leavesOut: Set<String> = []
    /// The key before the change, if that changes it.
    var formerID: Int64?
}

/// A row of silver.
struct TestRow: Hashable {
    var name: String?
    var score: Int32?
    var createdAt: Int64
    var updatedAt: Int64
    var deletedAt: Int64?
    var order: String
}

/// What silver must be: the changes of each key one after the other in their order, whenever each came.
func modelled(_ changes: [TestChange]) -> [Int64: TestRow] {
    var rows: [Int64: TestRow] = [:]
    var steps: [TestChange] = []
    for change in changes {
        steps.append(change)
        if let former = change.formerID {
            steps.append(TestChange(id: former, operation: .delete, order: change.order, time: change.time))
        }
    }
    for (_, change) in steps.enumerated().sorted(by: { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) })
    {
        if change.operation == .truncate {
            for id in rows.keys {
                rows[id]?.updatedAt = change.time
                rows[id]?.deletedAt = change.time
                rows[id]?.order = change.order
            }
            continue
        }
        var row =
            rows[change.id]
            ?? TestRow(createdAt: .max, updatedAt: 0, deletedAt: nil, order: "")
        if change.operation != .delete {
            // What a change of the key leaves out is as in the row of the former key.
            let former = change.formerID.flatMap { rows[$0] }
            if !change.leavesOut.contains("name") {
                row.name = change.name
            } else if let former {
                row.name = former.name
            }
            if !change.leavesOut.contains("score") {
                row.score = change.score
            } else if let former {
                row.score = former.score
            }
        }
        row.createdAt = min(row.createdAt, change.time)
        row.updatedAt = change.time
        row.deletedAt = change.operation == .delete ? change.time : nil
        row.order = change.order
        rows[change.id] = row
    }
    return rows
}

/// A silver table on an object store in memory, without a catalog.
final class TestTable {
    let aws = FakeAWS()
    let table: SilverTable
    private(set) var files: [DataFile] = []
    private var batches = 0
    private var truncate: Changes.Truncate?

    init() throws {
        let contract = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
                 {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1},
                 {name: name, logicalType: string}, {name: score, logicalType: integer, physicalType: int}]}]}
                """, file: "t")
        table = try SilverTable(contract)
    }

    func merge(_ batch: [TestChange], rowGroupRows: Int = 1 << 20, fileSize: Int = 64 << 20) throws {
        var options = MergeOptions()
        options.writer.rowGroupRowLimit = rowGroupRows
        options.writer.pageRowLimit = min(rowGroupRows, options.writer.pageRowLimit)
        options.fileSize = fileSize
        try merge(batch, options)
    }

    func merge(_ batch: [TestChange], _ options: MergeOptions) throws {
        batches += 1
        let storage = LakeStorage(ObjectStore(aws.client))
        let writer = DataFileWriter(
            storage, try table.parquet(table.schema), table.schema, prefix: "s3://lake/silver/t/\(batches)", options)
        var merge = Merge(
            table, table.schema, try changes(batch), truncated: truncate, storage,
            try DeletedRows(.none, of: "t", storage), writer, groupLimit: options.groupLimit, checkpoint: {})
        let added = try merge.run(over: files, joiningUpTo: options.fileSize)
        files = files.filter { !merge.removed.contains($0.path) } + added
        truncate = merge.truncate
    }

    private func changes(_ batch: [TestChange]) throws -> Changes {
        func texts(_ values: [String?]) -> ColumnRows {
            var array = ColumnArray(.byteArray(ByteArrays()))
            for (row, value) in values.enumerated() {
                var one = ByteArrays()
                one.append((value ?? "").utf8)
                if value == nil {
                    array.appendNulls(1, after: row)
                } else {
                    array.append(ColumnRows(ColumnArray(.byteArray(one)), rowCount: 1), 0..<1, after: row)
                }
            }
            return ColumnRows(array, rowCount: values.count)
        }
        func numbers(_ values: [Int32?]) -> ColumnRows {
            var array = ColumnArray(.int32([]))
            for (row, value) in values.enumerated() {
                if let value {
                    array.append(ColumnRows(ColumnArray(.int32([value])), rowCount: 1), 0..<1, after: row)
                } else {
                    array.appendNulls(1, after: row)
                }
            }
            return ColumnRows(array, rowCount: values.count)
        }
        let columns = [
            ColumnRows(ColumnArray(.int64(batch.map(\.id))), rowCount: batch.count), texts(batch.map(\.name)),
            numbers(batch.map(\.score)),
        ]
        let places = ["name": 1, "score": 2]
        var unchanged: [Int32: Set<Int>] = [:]
        for (row, change) in batch.enumerated() where !change.leavesOut.isEmpty {
            unchanged[Int32(row)] = Set(change.leavesOut.compactMap { places[$0] })
        }
        return try Changes(
            columns: columns, operations: batch.map(\.operation), times: batch.map(\.time),
            orders: texts(batch.map(\.order)), fileOrders: [[]], files: batch.map { _ in 0 }, unchanged: unchanged,
            key: table.key(of: columns))
    }

    func parquet(_ file: DataFile) throws -> ParquetFile {
        let object = try #require(LakeStorage.object(at: file.path))
        return try ParquetFile(reading: ObjectRanges(ObjectStore(aws.client), object, size: Int(file.sizeInBytes)))
    }

    func rows() throws -> [Int64: TestRow] { try storedRows(of: files, aws) }
}

@Suite struct MergeTests {
    @Test("inserts, updates and deletes of a batch and of the next make the current state of each key")
    func basics() throws {
        let table = try TestTable()
        try table.merge([
            TestChange(id: 1, operation: .insert, order: "1", time: 10, name: "Pils", score: 3),
            TestChange(id: 2, operation: .insert, order: "2", time: 20, name: "Kölsch", score: nil),
            TestChange(id: 1, operation: .update, order: "3", time: 30, name: "Pils", score: 4),
        ])
        try table.merge([
            TestChange(id: 2, operation: .delete, order: "5", time: 50),
            TestChange(id: 1, operation: .update, order: "4", time: 40, name: nil, score: 5, leavesOut: ["name"]),
            TestChange(id: 3, operation: .insert, order: "6", time: 60, name: nil, score: 0),
        ])
        #expect(
            try table.rows() == [
                1: TestRow(name: "Pils", score: 5, createdAt: 10, updatedAt: 40, deletedAt: nil, order: "4"),
                2: TestRow(name: "Kölsch", score: nil, createdAt: 20, updatedAt: 50, deletedAt: 50, order: "5"),
                3: TestRow(name: nil, score: 0, createdAt: 60, updatedAt: 60, deletedAt: nil, order: "6"),
            ])
    }

    @Test("a file without a key of the batch is left as it is") func untouched() throws {
        let table = try TestTable()
        try table.merge((0..<10).map { TestChange(id: $0, operation: .insert, order: "1", time: 1, name: "a") })
        let first = table.files
        try table.merge((10..<20).map { TestChange(id: $0, operation: .insert, order: "1", time: 1, name: "a") })
        try table.merge([TestChange(id: 15, operation: .update, order: "2", time: 2, name: "b")])
        #expect(table.files.contains(first[0]))
        #expect(try table.rows()[15]?.name == "b")
    }

    @Test("row groups without a key of the batch are copied as bytes, and their keys are not read") func copies() throws
    {
        let table = try TestTable()
        try table.merge(
            (0..<100).map { TestChange(id: $0, operation: .insert, order: "1", time: 1, name: "n\($0)") },
            rowGroupRows: 10)
        let before = try table.parquet(try #require(table.files.first))
        try table.merge([TestChange(id: 55, operation: .update, order: "2", time: 2, name: "b")], rowGroupRows: 10)
        let after = try table.parquet(try #require(table.files.first))
        #expect(table.files.count == 1 && after.metadata.rowGroups.count == 10)
        for group in 0..<10 {
            let (old, new) = (try before.rawRowGroup(group), try after.rawRowGroup(group))
            #expect((old.chunks.map(\.pages) == new.chunks.map(\.pages)) == (group != 5), "row group \(group)")
        }
        #expect(try table.rows()[55]?.name == "b")
    }

    @Test("a file that grows over the wanted size stays one, and a large one is cut into halves") func fileSizes()
        throws
    {
        let table = try TestTable()
        var random = SeededGenerator(seed: 1)
        func changes(_ ids: some Sequence<Int64>, _ order: String) -> [TestChange] {
            ids.map { id in
                let name = String((0..<100).map { _ in "0123456789abcdef".randomElement(using: &random) ?? "0" })
                return TestChange(id: id, operation: .insert, order: order, time: 1, name: name)
            }
        }
        try table.merge(changes(0..<400, "1"), rowGroupRows: 50)
        let size = Int(try #require(table.files.first).sizeInBytes)
        // A change in each row group, so that none is parted from the others.
        let changed = stride(from: Int64(0), to: 400, by: 50)
        try table.merge(changes(changed, "2"), rowGroupRows: 50, fileSize: size * 3 / 4)
        #expect(table.files.count == 1)
        try table.merge(changes(changed, "3"), rowGroupRows: 50, fileSize: size / 2)
        #expect(table.files.count == 2 && table.files.allSatisfy { $0.recordCount >= 50 })
        #expect(try table.rows().count == 400)
    }

    @Test("row groups around those that change get files of their own, and the next change writes none of them")
    func parted() throws {
        let table = try TestTable()
        try table.merge(
            (0..<20_000).map { id in
                TestChange(id: id, operation: .insert, order: "1", time: 1, name: "name \(id &* 2_654_435_761)")
            }, rowGroupRows: 2500)
        #expect(table.files.map(\.recordCount) == [20_000])
        func change(_ id: Int64, _ order: String) throws {
            try table.merge(
                [TestChange(id: id, operation: .update, order: order, time: 2, name: "x")], rowGroupRows: 2500)
        }
        try change(8750, "2")
        #expect(table.files.map(\.recordCount).sorted() == [2500, 7500, 10_000])
        let parted = Set(table.files.filter { $0.recordCount > 2500 }.map(\.path))
        try change(8751, "3")
        // Rows before the first that changes, in its row group.
        #expect(table.files.map(\.recordCount).sorted() == [1249, 1251, 7500, 10_000])
        #expect(parted.isSubset(of: table.files.map(\.path)))
        let rows = try table.rows()
        #expect(rows.count == 20_000 && rows[8750]?.name == "x" && rows[8751]?.name == "x" && rows[8749]?.score == nil)
    }

    @Test(
        "any order, batching and repetition of the changes gives the same rows: those of changes applied one after the other",
        arguments: 0..<25)
    func anyOrder(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var changes: [TestChange] = []
        for number in 0..<Int.random(in: 1...300, using: &random) {
            let operation =
                [Changes.Operation.insert, .update, .update, .delete].randomElement(using: &random) ?? .insert
            var change = TestChange(
                id: .random(in: -20...20, using: &random), operation: operation, order: "\(100_000 + number)",
                time: .random(in: 0...1_000_000, using: &random),
                name: Bool.random(using: &random) ? "n\(number)" : nil,
                score: Bool.random(using: &random) ? Int32(number) : nil)
            if operation == .update, Int.random(in: 0..<3, using: &random) == 0 {
                change.leavesOut = Set(["name", "score"].filter { _ in Bool.random(using: &random) })
            }
            if Int.random(in: 0..<100, using: &random) == 0 {
                change = TestChange(id: 0, operation: .truncate, order: change.order, time: change.time)
            }
            changes.append(change)
        }
        let table = try TestTable()
        var waiting = changes.shuffled(using: &random)
        // What is delivered twice, in another batch or in the same.
        waiting += waiting.shuffled(using: &random).prefix(20)
        while !waiting.isEmpty {
            let count = min(waiting.count, Int.random(in: 1...80, using: &random))
            try table.merge(Array(waiting.prefix(count)), .random(using: &random))
            waiting.removeFirst(count)
        }
        let rows = try table.rows()
        let expected = modelled(changes)
        for key in Set(rows.keys).union(expected.keys) {
            #expect(rows[key] == expected[key], "seed \(seed), key \(key)")
        }
    }
}

extension MergeOptions {
    /// Small limits, so that tens of rows take every way: several files, row groups and pages, dictionaries that outgrow their
    /// limit, row groups that are not in memory as a whole, one thread and several.
    static func random(using random: inout some RandomNumberGenerator) -> MergeOptions {
        var options = MergeOptions()
        options.writer.rowGroupRowLimit = .random(in: 3...50, using: &random)
        options.writer.pageRowLimit = .random(in: 2...options.writer.rowGroupRowLimit, using: &random)
        options.writer.dictionarySizeLimit = [8, 100, 2 << 20].randomElement(using: &random) ?? 8
        options.writer.writesPageIndex = .random(using: &random)
        options.fileSize = Bool.random(using: &random) ? 64 << 20 : .random(in: 1000...9000, using: &random)
        options.groupLimit = Bool.random(using: &random) ? 32 << 20 : .random(in: 100...3000, using: &random)
        options.threads = .random(in: 1...3, using: &random)
        return options
    }
}
