import Columns
import Iceberg
import JSON
import TestRandom
import Testing
import Time

@testable import cupel

@Suite struct TableTests {
    private let hour: Int64 = 3_600_000
    private let start: Int64 = 1_900_000_000_000

    /// A table with three snapshots, an hour apart, of which the second was rolled back.
    private func metadata(keepingFrom first: Int = 1) throws -> TableMetadata {
        func snapshot(_ number: Int, parent: Int?, _ summary: JSONObject) -> JSON {
            var object: JSONObject = [
                "snapshot-id": .int(number * 1_000_000_000_007), "sequence-number": .int(number),
                "timestamp-ms": .int(start + Int64(number) * hour), "manifest-list": "s3://lake/list.avro",
                "summary": .object(summary), "schema-id": 0,
            ]
            object["parent-snapshot-id"] = parent.map { .int($0 * 1_000_000_000_007) }
            return .object(object)
        }
        let batch: JSONObject = [
            "operation": "append", "cupel.batch-id": "5f2d9c1a07be44d0", "cupel.batch-files": "4",
            "cupel.inserted-rows": "10000000", "cupel.updated-rows": "0", "cupel.deleted-rows": "7",
            "added-data-files": "12", "total-records": "10000000", "total-data-files": "12",
            "total-files-size": "87900000",
        ]
        let snapshots = [
            snapshot(1, parent: nil, batch),
            snapshot(2, parent: 1, ["operation": "overwrite", "engine-name": "spark", "deleted-data-files": "1"]),
            snapshot(3, parent: 1, ["operation": "append", "added-records": "5", "added-data-files": "1"]),
        ]
        return try TableMetadata([
            "format-version": 2, "table-uuid": "u", "location": "s3://lake/silver/beer", "last-sequence-number": 3,
            "last-column-id": 1, "current-schema-id": 0, "default-spec-id": 0,
            "schemas": [
                [
                    "schema-id": 0, "type": "struct", "identifier-field-ids": [1],
                    "fields": [["id": 1, "name": "beer_id", "type": "long", "required": true]],
                ]
            ],
            "partition-specs": [["spec-id": 0, "fields": []]], "snapshots": .array(Array(snapshots[(first - 1)...])),
            "current-snapshot-id": .int(3 * 1_000_000_000_007),
        ])
    }

    @Test("a snapshot is named by number, ID or time; 0 and a time before the first are the empty table")
    func snapshotNames() throws {
        let metadata = try metadata()
        let now = Timestamp(milliseconds: start + 4 * hour)
        func number(_ text: String) throws -> Int64? {
            try #require(SnapshotName(text, now: now)).snapshot(in: metadata)?.sequenceNumber
        }
        #expect(try number("2") == 2)
        #expect(try number("3000000000021") == 3)
        #expect(try number("0") == nil)
        #expect(try number("30m") == 3)
        // The second was rolled back, so the first was current until the third.
        #expect(try number("90m") == 1)
        #expect(try number("5h") == nil)
        for text in ["4", "4000000000028"] {
            let failure = #expect(throws: CommandFailure.self) { try number(text) }
            #expect(failure?.exitStatus == 3 && failure?.description.contains("1 to 3") == true)
        }
        for text in ["", "x", "-1", "1.5"] { #expect(SnapshotName(text, now: now) == nil, "\(text)") }
    }

    @Test("a time before the oldest snapshot that is kept is refused, since the state then is not known")
    func expiredSnapshot() throws {
        let name = try #require(SnapshotName("9h", now: Timestamp(milliseconds: start + 4 * hour)))
        #expect(throws: CommandFailure.self) { try name.snapshot(in: try metadata(keepingFrom: 2)) }
    }

    @Test("a table that does not exist is answered with the name that was probably meant, or with what waits for it")
    func unknownTable() {
        let names = ["beer", "brewery", "review"].map { LakeTables.Name(database: "dm_silver", table: $0) }
        func answer(_ text: String) -> String { LakeTables.notFound(text, among: names, backlog: [:]) }
        #expect(answer("ber").hasSuffix("did you mean silver.beer?"))
        #expect(answer("Silver.Brewrey").hasSuffix("did you mean silver.brewery?"))
        #expect(answer("dm_silver.rev").hasSuffix("did you mean silver.review?"))
        #expect(answer("orders").hasSuffix("the tables are silver.beer, silver.brewery, silver.review"))
        let waiting = LakeTables.notFound(
            "orders", among: names,
            backlog: [LakeTables.Name(database: "dm_silver", table: "orders"): .init(waiting: 3, failed: 1)])
        #expect(waiting.contains("3 bronze files wait for it, 1 failed"))
    }

    @Test("the history fits 80 columns, and names other writers, rollbacks and files without a record")
    func history() throws {
        var history = SnapshotHistory(try metadata(), limit: 20)
        #expect(history.entries.map(\.isInLineage) == [true, false, true])
        let before = history.lines(fileLimit: 3, width: nil)
        #expect(!before.contains { $0.contains("record") }, "records that were not read are not missed")
        try history.add { _ in }
        let lines = history.lines(fileLimit: 3, width: nil)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines.contains { $0.contains("(spark)") })
        #expect(lines.contains { $0.hasSuffix("not in the current state: rolled back, or of another branch") })
        #expect(lines.last?.hasSuffix("4 files whose records have expired, or a later batch") == true)
        #expect(lines.contains { $0.contains("5f2d9c1a  10,000,000        0        7  +12 -0") }, "\(lines)")
    }

    @Test("the list fits 80 columns with ten million rows")
    func list() throws {
        let name = LakeTables.Name(database: "dm_silver", table: "review")
        let snapshot = try metadata().snapshots[0]
        let lines = TableListCommand.table(
            of: [.init(name: name, snapshot: snapshot, backlog: .init(waiting: 1200, failed: 3))]
        ).lines()
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines.last?.hasPrefix("silver.review  10,000,000     12  87.9 MB") == true)
    }

    @Test("a column's description has as many lines as it needs, and is never cut")
    func descriptions() {
        let text = "Alcohol by volume in percent; empty where the brewery does not say, or says less than one"
        let fields = [
            IcebergField(id: 1, name: "beer_id", isRequired: true, type: .long, documentation: "The key."),
            IcebergField(id: 2, name: "beer_abv", type: .double, documentation: text),
            IcebergField(id: 3, name: "note", type: .string),
        ]
        let narrow = TableDescription.columnLines(fields, width: 60)
        #expect(narrow.allSatisfy { $0.count <= 60 }, "\(narrow)")
        let words = narrow.joined(separator: " ").split(separator: " ").joined(separator: " ")
        #expect(words.contains(text) && narrow.count > 5, "\(narrow)")
        let wide = TableDescription.columnLines(fields, width: nil)
        #expect(wide.count == 4 && wide[1] == " 1  beer_id   long    no    The key.", "\(wide)")
        #expect(wide[2].hasSuffix(text) && wide[3] == " 3  note      string  yes")
    }

    @Test("values are shown as people write them")
    func values() {
        let cases: [(IcebergValue, IcebergType, JSON)] = [
            (.int(-1), .date, "1969-12-31"), (.long(-1), .timestamptz, "1969-12-31T23:59:59.999999Z"),
            (.long(1_750_000_000_000_000), .timestamp, "2025-06-15T15:06:40"),
            (.long(45_000_000_250), .time, "12:30:00.000250"),
            (.decimal(-5), .decimal(precision: 9, scale: 2), .number(JSONNumber("-0.05")!)),
            (.decimal(1_234_567), .decimal(precision: 9, scale: 0), 1_234_567),
            (.bytes(Array(0..<16)), .uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f"),
            (.bytes([0, 0xAB]), .binary, "00ab"), (.double(.nan), .double, "nan"), (.long(7), .long, 7),
        ]
        for (value, type, json) in cases { #expect(value.json(as: type) == json, "\(value)") }
        #expect(PartitionTransform.year.json(.int(56), as: .int) == 2026)
        #expect(PartitionTransform.month.json(.int(-1), as: .int) == "1969-12")
        #expect(PartitionTransform.hour.json(.int(25), as: .int) == "1970-01-02T01")
    }

    @Test("text of a table cannot control the terminal")
    func controlCharacters() {
        let text = JSON.string("a\u{1B}[2J\u{9B}31m\u{7F}\nä").shown
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }, "\(text)")
        #expect(text.hasSuffix("ä\""))
    }

    @Test("a row has one hash, whether its int was stored before or after the column became a long")
    func promotedTypes() {
        func hash(_ values: ColumnValues, _ type: IcebergType) -> [UInt64] {
            var hashes = RowHashes(rowCount: values.count)
            hashes.add(ColumnRows(ColumnArray(values), rowCount: values.count), as: type)
            return hashes.values
        }
        #expect(hash(.int32([-7, 9]), .long) == hash(.int64([-7, 9]), .long))
        #expect(hash(.float([0.5]), .double) == hash(.double([0.5]), .double))
        let decimal = IcebergType.decimal(precision: 20, scale: 2)
        #expect(hash(.int32([-7]), decimal) == hash(.fixedLengthByteArray([0xFF, 0xF9], length: 2), decimal))
    }

    @Test("nested values are told apart by their leaves and by where their lists end")
    func nestedValues() {
        let element = IcebergField(
            id: 1, name: "tags", type: .list(elementID: 2, element: .int, isRequired: false))
        func value(_ numbers: [Int32], _ repetition: [UInt8], _ definition: [UInt8]) -> JSON {
            let array = ColumnArray(
                .int32(numbers), levels: NestedLevels(definition: definition, repetition: repetition))
            let rows = ColumnRows(array, rowCount: 1, maximumDefinition: 3)
            return TableRows.value(element, [1: [FileColumns.Leaf(rows: rows, type: .int)]])
        }
        let values = [
            value([1, 2], [0, 1], [3, 3]), value([2, 1], [0, 1], [3, 3]), value([1], [0, 1], [3, 2]),
            value([1], [0], [3]), value([], [0], [1]), value([], [0], [0]),
        ]
        #expect(Set(values).count == values.count, "\(values)")
        #expect(value([1], [0], [3]) == values[3])
    }

    @Test("nulls, empty texts and where one text ends make different hashes")
    func distinctHashes() {
        func hash(_ columns: [ColumnArray]) -> UInt64 {
            var hashes = RowHashes(rowCount: 1)
            for column in columns { hashes.add(ColumnRows(column, rowCount: 1), as: .string) }
            return hashes.values[0]
        }
        func text(_ value: String?) -> ColumnArray {
            guard let value else { return ColumnArray(.byteArray(ByteArrays()), presence: [0]) }
            var texts = ByteArrays()
            texts.append(Array(value.utf8))
            return ColumnArray(.byteArray(texts))
        }
        let rows: [[String?]] = [
            [nil, nil], ["", nil], [nil, ""], ["", ""], ["a", ""], ["", "a"], ["ab", "c"], ["a", "bc"],
            ["12345678", ""], ["1234567", "8"], ["12345678\0", ""],
        ]
        #expect(Set(rows.map { hash($0.map(text)) }).count == rows.count)
    }

    @Test("rows are taken once each, also where keys repeat", arguments: [0, 1, 500])
    func rowTable(expected: Int) {
        var random = SeededGenerator(seed: 5)
        var table = RowTable(expecting: expected)
        var model: [UInt64: [UInt64]] = [:]
        for number in 0..<1000 as Range<UInt64> {
            let key = UInt64.random(in: 0..<300, using: &random) << 20
            table.add(key, RowTable.Row(data: number, state: 0, isLive: true))
            model[key, default: []].append(number)
        }
        for _ in 0..<600 {
            let key = UInt64.random(in: 0..<400, using: &random) << 20
            let expected = model[key]?.isEmpty == false ? model[key]?.removeFirst() : nil
            #expect(table.take(key)?.data == expected)
        }
        var left: [UInt64] = []
        table.forEachLeft { _, row in left.append(row.data) }
        #expect(left.sorted() == model.values.flatMap { $0 }.sorted())
    }
}
