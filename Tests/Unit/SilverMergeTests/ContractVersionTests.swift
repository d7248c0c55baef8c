import Control
import Iceberg
import JSON
import Parquet
import Testing

@testable import SilverMerge

/// A table follows its contract from version to version; files of all versions are merged, in any order.
@Suite struct ContractVersionTests {
    static func contract(_ columns: String) -> String {
        """
        {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
         {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1}, \(columns)]}]}
        """
    }

    /// A column with an id that the contract sets.
    static func column(_ name: String, _ type: String, id: Int? = nil) -> String {
        let property = id.map { ", customProperties: [{property: fieldId, value: \($0)}]" } ?? ""
        return "{name: \(name), \(type)\(property)}"
    }

    static let text = "logicalType: string"
    static let int = "logicalType: integer, physicalType: int"

    static func key(_ ids: Int64...) -> (ParquetColumn, [TestValue?]) {
        (ParquetColumn(name: "id", physicalType: .int64, fieldID: 1), ids.map { .long($0) })
    }

    static func values(
        _ name: String, _ type: PhysicalType, _ logical: LogicalType? = nil, id: Int32, _ values: TestValue?...
    ) -> (ParquetColumn, [TestValue?]) {
        (ParquetColumn(name: name, physicalType: type, logicalType: logical, fieldID: id), values)
    }

    static func inserts(_ ids: Int64..., at time: Int64) -> [TestChange] {
        ids.map { TestChange(id: $0, operation: .insert, order: "\(time)", time: time) }
    }

    @Test("a new column is added; rows that were there and files of the older contract have no value in it")
    func newColumn() throws {
        let old = try TestLake(contract: Self.contract(Self.column("name", Self.text)))
        let name = { (values: TestValue?...) in
            (ParquetColumn(name: "name", physicalType: .byteArray, logicalType: .string, fieldID: 2), values)
        }
        try old.put(
            bytes: bronzeFile(
                [Self.key(1, 2), name(.text("a"), .text("b"))], Self.inserts(1, 2, at: 10)), as: "a")
        try old.merge()
        let new = try old.under(
            Self.contract(Self.column("score", Self.int) + ", " + Self.column("name", Self.text)))
        // Without ids of its own, the contract numbers its columns by their places: name is 3 now.
        try new.put(
            bytes: bronzeFile(
                [
                    Self.key(2, 3), Self.values("score", .int32, id: 2, .int(5), .int(6)),
                    Self.values("name", .byteArray, .string, id: 3, .text("b2"), .text("c")),
                ], Self.inserts(2, 3, at: 20)), as: "b")
        try new.put(bytes: bronzeFile([Self.key(4), name(.text("late"))], Self.inserts(4, at: 15)), as: "c")
        try new.merge()
        #expect(
            try new.texts() == [
                "id=1 name=a score=- deleted_at=-", "id=2 name=b2 score=5 deleted_at=-",
                "id=3 name=c score=6 deleted_at=-", "id=4 name=late score=- deleted_at=-",
            ])
        let metadata = try #require(try new.metadata())
        #expect(metadata.snapshots.map(\.schemaID) == [0, 1] && metadata.currentSchema.id == 1)
        #expect(metadata.currentSchema.field(named: "name")?.id == 2)
    }

    @Test(
        "a change of an older contract has nulls in the columns that it lacks, whether it is merged before or after others"
    )
    func olderFileOfLaterChange() throws {
        let contract = Self.contract(Self.column("name", Self.text))
        let wider = Self.contract(Self.column("name", Self.text) + ", " + Self.column("score", Self.int))
        // A later change of the older contract, which leaves out the name, and an earlier one of the newer.
        let update = TestChange(id: 1, operation: .update, order: "30", time: 30, leavesOut: ["name"])
        let delete = TestChange(id: 1, operation: .delete, order: "40", time: 40)
        let older = try bronzeFile(
            [Self.key(1, 1), Self.values("name", .byteArray, .string, id: 2, nil, nil)], [update, delete])
        let newer = try bronzeFile(
            [
                Self.key(1), Self.values("name", .byteArray, .string, id: 2, .text("a")),
                Self.values("score", .int32, id: 3, .int(5)),
            ], Self.inserts(1, at: 20))
        for isOlderFirst in [true, false] {
            let lake = try TestLake(contract: isOlderFirst ? contract : wider)
            try lake.put(bytes: isOlderFirst ? older : newer, as: "a")
            try lake.merge()
            let now = try lake.under(wider)
            try now.put(bytes: isOlderFirst ? newer : older, as: "b")
            try now.merge()
            #expect(try now.texts() == ["id=1 name=a score=- deleted_at=40"], "older first: \(isOlderFirst)")
        }
    }

    @Test("types become wider, and older files are read as such, whether their rows change or not")
    func promotions() throws {
        let old = try TestLake(
            contract: Self.contract(
                Self.column("n", Self.int) + ", "
                    + Self.column("f", "logicalType: number, physicalType: float") + ", "
                    + Self.column("d", "logicalType: number, physicalType: 'decimal(4,2)'")))
        func file(_ id: Int64, _ n: Int32, at time: Int64) throws -> [UInt8] {
            try bronzeFile(
                [
                    Self.key(id), Self.values("n", .int32, id: 2, .int(n)),
                    Self.values("f", .float, id: 3, .float(0.5)),
                    Self.values("d", .int32, .decimal(precision: 4, scale: 2), id: 4, .int(n)),
                ], Self.inserts(id, at: time))
        }
        for id in 1...3 as ClosedRange<Int64> {
            try old.put(bytes: file(id, -Int32(id), at: id), as: "\(id)")
            try old.merge()
        }
        for digits in [12, 38] {
            let new = try old.under(
                Self.contract(
                    Self.column("n", "logicalType: integer") + ", " + Self.column("f", "logicalType: number") + ", "
                        + Self.column("d", "logicalType: number, physicalType: 'decimal(\(digits),2)'")))
            // A file of the older contract, which changes a row of one file.
            try new.put(bytes: file(2, 7, at: Int64(20 + digits)), as: "late\(digits)")
            #expect(try new.merge()["outcome"] == "done")
            let schema = try #require(try new.metadata()?.currentSchema)
            #expect(schema.field(named: "n")?.type == .long && schema.field(named: "f")?.type == .double)
            #expect(schema.field(named: "d")?.type == .decimal(precision: digits, scale: 2))
            let rows = try new.texts()
            #expect(rows.count == 3)
            #expect(rows[1] == "id=2 n=7 f=0.5 d=7 deleted_at=-")
            #expect(rows[0] == "id=1 n=-1 f=0.5 d=-1 deleted_at=-")
        }
    }

    @Test("a key becomes wider: rows of older files are found by it") func widerKey() throws {
        let narrow = """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
             {name: id, logicalType: number, physicalType: 'decimal(4,0)', primaryKey: true, primaryKeyPosition: 1}]}]}
            """
        let old = try TestLake(contract: narrow)
        func file(_ id: Int32, at time: Int64) throws -> [UInt8] {
            try bronzeFile(
                [Self.values("id", .int32, .decimal(precision: 4, scale: 0), id: 1, .int(id))],
                [TestChange(id: 0, operation: .delete, order: "\(time)", time: time)])
        }
        try old.put(bytes: file(-5, at: 1), as: "a")
        try old.merge()
        let new = try old.under(narrow.replacing("(4,0)", with: "(12,0)"))
        try new.put(bytes: file(-5, at: 2), as: "b")
        try new.merge()
        #expect(try new.texts() == ["id=-5 deleted_at=2"])
    }

    @Test("a column keeps its values under another name if the contract sets its id, and only then") func renamed()
        throws
    {
        let update = TestChange(id: 1, operation: .update, order: "30", time: 30, leavesOut: ["name"])
        func file(_ changes: [TestChange], _ column: String, _ value: String?) throws -> [UInt8] {
            try bronzeFile(
                [Self.key(1), Self.values(column, .byteArray, .string, id: 7, value.map { .text($0) })], changes)
        }
        for hasID in [true, false] {
            let old = try TestLake(contract: Self.contract(Self.column("name", Self.text, id: hasID ? 7 : nil)))
            try old.put(bytes: file(Self.inserts(1, at: 10), "name", "first"), as: "a")
            try old.put(bytes: file([update], "name", nil), as: "b")
            try old.merge()
            let new = try old.under(Self.contract(Self.column("title", Self.text, id: hasID ? 7 : nil)))
            // Late, and by the old name: newer than the value, older than the last change.
            try new.put(bytes: file(Self.inserts(1, at: 20), "name", "second"), as: "c")
            try new.merge()
            let expected = hasID ? "id=1 title=second deleted_at=-" : "id=1 name=second title=- deleted_at=-"
            #expect(try new.texts() == [expected])
        }
    }

    @Test(
        "a column that the contract has no more stays: rows keep its value until they change, and older files fill it")
    func dropped() throws {
        func file(_ ids: (Int64, Int64), at time: Int64, _ note: String?) throws -> [UInt8] {
            let note = note.map {
                [Self.values("note", .byteArray, .string, id: 2, .text($0), .text($0))]
            }
            return try bronzeFile([Self.key(ids.0, ids.1)] + (note ?? []), Self.inserts(ids.0, ids.1, at: time))
        }
        let old = try TestLake(contract: Self.contract(Self.column("note", Self.text)))
        try old.put(bytes: file((1, 2), at: 10, "first"), as: "a")
        try old.merge()
        let new = try old.under(Self.contract(Self.column("score", Self.int)))
        try new.put(bytes: file((2, 3), at: 20, nil), as: "b")
        try new.merge()
        try new.put(bytes: file((4, 2), at: 15, "late"), as: "c")
        try new.merge()
        #expect(
            try new.texts() == [
                "id=1 note=first score=- deleted_at=-", "id=2 note=- score=- deleted_at=-",
                "id=3 note=- score=- deleted_at=-", "id=4 note=late score=- deleted_at=-",
            ])
    }

    @Test(
        "what rows of older files cannot follow is refused by name, and the files wait",
        arguments: [
            (column("name", int), "column name is string in the table and cannot become int"),
            (column("name", text) + ", " + column("score", "logicalType: string"), "column score is long in the table"),
            (
                column("name", text) + ", " + column("score", int),
                "column score is long in the table and cannot become int"
            ),
            (
                column("name", text) + ", {name: b, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}",
                "the key column b is not in the table"
            ),
            (
                "{name: score, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}",
                "has the primary key id, which cannot change"
            ),
            (column("score", text, id: 9), "column score is long in the table and cannot become string"),
        ])
    func refused(columns: String, reason: String) throws {
        let old = try TestLake(
            contract: Self.contract(
                Self.column("name", Self.text, id: 8) + ", " + Self.column("score", "logicalType: integer", id: 9)))
        let file = try bronzeFile(
            [
                Self.key(1), Self.values("name", .byteArray, .string, id: 8, .text("a")),
                Self.values("score", .int64, id: 9, .long(1)),
            ], Self.inserts(1, at: 10))
        try old.put(bytes: file, as: "a")
        try old.merge()
        let new = try old.under(Self.contract(columns))
        try new.put(bytes: file, as: "b")
        let error = #expect(throws: SilverError.self) { try new.merge() }
        #expect(error?.errorType == "InvalidContract" && error?.description.contains(reason) == true, "\(error as Any)")
        #expect(try new.records().filter { $0.status == .pending }.count == 1)
        try old.settle()
        #expect(try old.texts() == ["id=1 name=a score=1 deleted_at=-"])
    }
}
