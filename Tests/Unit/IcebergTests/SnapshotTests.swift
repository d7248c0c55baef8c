import JSON
import Testing

@testable import Iceberg

@Suite struct SnapshotTests {
    let document: JSON = [
        "format-version": 2, "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1", "location": "s3://lake/silver/beer",
        "last-sequence-number": 0, "last-updated-ms": 0, "last-column-id": 2, "current-schema-id": 0,
        "schemas": [
            [
                "type": "struct", "schema-id": 0, "identifier-field-ids": [1],
                "fields": [
                    ["id": 1, "name": "beer_id", "required": true, "type": "long"],
                    ["id": 2, "name": "price", "required": false, "type": "decimal(9, 2)"],
                ],
            ]
        ],
        "default-spec-id": 0,
        "partition-specs": [
            ["spec-id": 0, "fields": [["name": "price", "transform": "identity", "source-id": 2, "field-id": 1000]]]
        ],
        "last-partition-id": 1000, "default-sort-order-id": 0, "sort-orders": [["order-id": 0, "fields": []]],
        "properties": ["a": "b"], "current-snapshot-id": -1, "snapshots": [],
    ]

    func file(_ name: String, rows: Int64, price: IcebergValue?) -> DataFile {
        var file = DataFile(path: "s3://lake/\(name)", partition: [price], recordCount: rows, sizeInBytes: 10 * rows)
        file.columnSizes = [1: 7, 2: 3]
        file.valueCounts = [1: rows, 2: rows]
        file.nullCounts = [1: 0]
        file.lowerBounds = [1: IcebergValue.long(1).serialized]
        file.upperBounds = [1: IcebergValue.long(rows).serialized]
        file.splitOffsets = [4]
        return file
    }

    /// A table whose metadata files are in memory, and what a catalog would do with a commit.
    struct Table {
        var document: JSONObject
        var files: [String: [UInt8]] = [:]

        func metadata() throws -> TableMetadata { try TableMetadata(.object(document)) }

        func live() throws -> TableFiles {
            try TableFiles(of: metadata().currentSnapshot, in: metadata()) { try #require(files[$0]) }
        }

        @discardableResult
        mutating func commit(adding: [DataFile], removing: Set<String>, id: Int64) throws -> Snapshot {
            let draft = try SnapshotDraft(
                of: metadata(), live(), adding: adding, removing: removing, schema: metadata().currentSchema, id: id,
                token: "t\(id)", timestamp: id,
                summary: ["batch": "\(id)"])
            for file in draft.files { files[file.path] = file.bytes }
            document["snapshots"] = .array((document["snapshots"]?.array ?? []) + [draft.snapshot.json])
            document["current-snapshot-id"] = .int(id)
            document["last-sequence-number"] = .int(draft.snapshot.sequenceNumber)
            return draft.snapshot
        }
    }

    @Test("a snapshot has the files that were added and not removed, as they were told") func files() throws {
        var table = Table(document: try #require(document.object))
        let (a, b, c) = (
            file("a", rows: 5, price: .decimal(-1)), file("b", rows: 7, price: nil),
            file("c", rows: 9, price: .decimal(300))
        )
        let first = try table.commit(adding: [a, b], removing: [], id: 11)
        #expect(first.summary["operation"] == "append" && first.parentID == nil && first.sequenceNumber == 1)
        #expect(Set(try table.live().dataFiles) == [a, b])
        let second = try table.commit(adding: [c], removing: [a.path], id: 12)
        #expect(second.summary["operation"] == "overwrite" && second.parentID == 11 && second.sequenceNumber == 2)
        #expect(second.summary["total-records"] == "16" && second.summary["deleted-records"] == "5")
        #expect(second.summary["total-data-files"] == "2" && second.summary["batch"] == "12")
        #expect(Set(try table.live().dataFiles) == [b, c])
    }

    @Test("an entry keeps the numbers of the snapshot that added it, however often its manifest is written again")
    func sequenceNumbers() throws {
        var table = Table(document: try #require(document.object))
        try table.commit(
            adding: [file("kept", rows: 1, price: nil), file("x0", rows: 1, price: nil)], removing: [], id: 1)
        for id in 2...30 as ClosedRange<Int64> {
            try table.commit(
                adding: [file("x\(id - 1)", rows: 1, price: nil)], removing: ["s3://lake/x\(id - 2)"], id: id)
        }
        let live = try table.live()
        let kept = try #require(live.manifests.flatMap(\.entries).first { $0.file.path == "s3://lake/kept" })
        #expect(kept.sequenceNumber == 1 && kept.fileSequenceNumber == 1 && kept.snapshotID == 1)
        #expect(live.dataFiles.count == 2)
    }

    @Test("manifests are joined before a reader has to fetch many") func joined() throws {
        var table = Table(document: try #require(document.object))
        for id in 1...40 as ClosedRange<Int64> {
            try table.commit(adding: [file("\(id)", rows: 1, price: .decimal(Int128(id)))], removing: [], id: id)
            #expect(try table.live().manifests.count <= 17)
        }
        #expect(try table.live().dataFiles.count == 40)
    }

    @Test("a manifest's line says what its entries are") func line() throws {
        var table = Table(document: try #require(document.object))
        try table.commit(
            adding: [
                file("a", rows: 5, price: .decimal(-1)), file("b", rows: 7, price: nil),
                file("c", rows: 9, price: .decimal(300)),
            ],
            removing: [], id: 5)
        let line = try #require(try table.live().manifests.first?.line)
        #expect(line.files.added == 3 && line.rows.added == 21 && line.rows.existing == 0 && line.sequenceNumber == 1)
        #expect(line.partitions.first?.containsNull == true)
        #expect(line.partitions.first?.lowerBound == [0xFF] && line.partitions.first?.upperBound == [1, 0x2C])
    }

    @Test("a table of another format version is refused by name") func formatVersion() throws {
        var object = try #require(document.object)
        object["format-version"] = 3
        #expect(throws: IcebergError.unsupported("format version 3 of a table; 2 is read and written, and")) {
            try TableMetadata(.object(object))
        }
    }
}
