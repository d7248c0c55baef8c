import JSON
import Testing

@testable import Iceberg

/// Manifests of other writers: other orders of fields and branches, other widths of numbers, fields that nobody knows.
@Suite struct ManifestReadingTests {
    private static let schema = IcebergSchema(
        id: 0, fields: [IcebergField(id: 7, name: "year", isRequired: false, type: .int)])
    private static let spec = PartitionSpec(
        id: 0, fields: [PartitionSpec.Field(sourceID: 7, fieldID: 1000, name: "year", transform: .identity)])
    private static let line = ManifestFile(
        path: "m", sizeInBytes: 1, entries: [], spec: spec, sequenceNumber: 5, snapshotID: 6)
    private static let sync = [UInt8](repeating: 7, count: 16)

    private static func field(_ id: Int, _ name: String, _ type: JSON) -> JSON {
        ["name": .string(name), "type": type, "field-id": .int(id)]
    }

    private static func record(_ name: String, _ fields: [JSON]) -> JSON {
        ["type": "record", "name": .string(name), "fields": .array(fields)]
    }

    private static func map(_ name: String, key: JSON, value: JSON) -> JSON {
        ["type": "array", "items": record(name, [field(117, "key", key), field(118, "value", value)])]
    }

    /// What no version of the specification has, in each type that Avro has.
    private static let unknown: [(type: JSON, value: AvroValue)] = [
        ("null", .null), ("boolean", .boolean(true)), ("int", .long(-1)), ("float", .float(1.5)),
        ("double", .double(2)),
        ("bytes", .bytes([1, 2, 3])), ("string", .string("Kölsch")),
        (["type": "fixed", "name": "f3", "size": 3], .bytes([4, 5, 6])),
        (["string", "null"], .string("x")), (["long", "null"], .null),
        (["type": "array", "items": ["null", "string"]], .array([.string("a"), .null])),
        (record("inner", [["name": "a", "type": "long"]]), .record([.long(.min)])),
    ]

    private static let foreign: JSON = record(
        "entry",
        [
            field(
                2, "file",
                record(
                    "file",
                    unknown.enumerated().map { ["name": .string("unknown\($0)"), "type": $1.type] } + [
                        field(128, "upper", [map("upper", key: "long", value: "bytes"), "null"]),
                        field(108, "sizes", map("sizes", key: "int", value: "int")),
                        // A value that may be null is no plain pair.
                        field(110, "nulls", ["null", map("nulls", key: "int", value: ["null", "long"])]),
                        field(103, "rows", "int"), field(104, "bytes", ["null", "long"]),
                        field(102, "partition", record("p", [field(1000, "year", ["int", "null"])])),
                        field(101, "format", "string"), field(100, "path", ["null", "string"]),
                    ])),
            field(9, "later", "string"), field(0, "status", "long"), field(1, "snapshot", ["long", "null"]),
        ])

    private static var values: AvroValue {
        .record([
            .record(
                unknown.map(\.value) + [
                    .array([.record([.long(7), .bytes([1])]), .record([.long(8), .bytes([])])]),
                    .array([.record([.long(7), .long(70)])]),
                    .array([.record([.long(7), .null]), .record([.long(8), .long(3)])]), .long(12), .long(345),
                    .record([.long(2020)]), .string("PARQUET"), .string("s3://a/b.parquet"),
                ]), .string("?"), .long(1), .null,
        ])
    }

    private func read(_ bytes: [UInt8], keeping statistics: KeptStatistics = .all) throws -> [ManifestEntry] {
        try Manifest(bytes, listed: Self.line, spec: Self.spec, schema: Self.schema, keeping: statistics).entries
    }

    @Test("fields are found by their ids, whatever their order and width, and others are passed by") func foreign()
        throws
    {
        let bytes = try AvroFile.bytes(
            schema: Self.foreign, metadata: [], records: [Self.values, Self.values], sync: Self.sync)
        let entries = try read(bytes)
        #expect(entries.count == 2 && entries[0] == entries[1])
        let entry = try #require(entries.first)
        // What the entry lacks is its manifest's.
        #expect(entry.status == .added && entry.snapshotID == 6 && entry.sequenceNumber == 5)
        var expected = DataFile(
            path: "s3://a/b.parquet", partition: [.int(2020)], recordCount: 12, sizeInBytes: 345)
        expected.columnSizes = [7: 70]
        expected.nullCounts = [8: 3]
        expected.upperBounds = [7: [1], 8: []]
        #expect(entry.file == expected)
        let some = try read(bytes, keeping: KeptStatistics(sizes: [8], values: [8]))
        (expected.columnSizes, expected.upperBounds) = ([:], [8: []])
        #expect(some.map(\.file) == [expected, expected])
    }

    @Test("what is written is read again, and by the general reader, too") func roundTrip() throws {
        var file = DataFile(path: "s3://a/ü.parquet", partition: [nil], recordCount: .max, sizeInBytes: 0)
        file.columnSizes = [2: 1, 1: 2, 300: 3]
        file.valueCounts = [1: .max]
        file.nanCounts = [1: 0]
        file.lowerBounds = [1: [], 2: [0xFF]]
        file.upperBounds = [2: Array("text".utf8)]
        file.splitOffsets = [4, 1 << 40]
        file.equalityIDs = [1, 2]
        file.sortOrderID = 1
        file.referencedPath = "s3://a/c.parquet"
        var deletes = DataFile(path: "", partition: [.int(-1)], recordCount: 1, sizeInBytes: 1)
        deletes.content = .positionDeletes
        let entries = [
            ManifestEntry(status: .existing, snapshotID: 1, sequenceNumber: 2, fileSequenceNumber: 3, file: file),
            ManifestEntry(status: .deleted, snapshotID: .max, sequenceNumber: 0, fileSequenceNumber: 0, file: deletes),
            ManifestEntry(status: .added, snapshotID: 6, sequenceNumber: 5, fileSequenceNumber: 5, file: file),
        ]
        let bytes = try Manifest.bytes(entries, spec: Self.spec, schema: Self.schema, sync: Self.sync)
        #expect(try read(bytes) == entries)
        let some = try read(bytes, keeping: KeptStatistics(sizes: [1, 300], values: [2]))
        (file.columnSizes, file.valueCounts, file.nanCounts) = ([1: 2, 300: 3], [:], [:])
        file.lowerBounds = [2: [0xFF]]
        #expect(some.map(\.file) == [file, deletes, file])
        let general = try AvroFile(bytes)
        #expect(general.records.map { $0[2].long } == [2, 0, nil])
        let shown = try #require(general.records.first?[4].record)
        #expect(shown[1] == .string("s3://a/ü.parquet") && shown[3] == .record([.null]))
        // In the keys' order.
        #expect(shown[6].array?.map { $0.record?[0].long } == [1, 2, 300])
    }

    @Test("a manifest that is cut or changed at any byte gives an error or other entries, and never stops the process")
    func damaged() throws {
        let bytes = try AvroFile.bytes(schema: Self.foreign, metadata: [], records: [Self.values], sync: Self.sync)
        for count in bytes.indices { _ = try? read(Array(bytes[..<count])) }
        for place in bytes.indices {
            for value in [0, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = value
                _ = try? read(changed)
            }
        }
        // A block that is not packed reaches the reader of entries at once.
        let plain = try unpacked(Self.values)
        for place in plain.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = plain
                changed[place] = value
                var decoder = AvroDecoder(changed)
                let reader = EntryReader(
                    fields: try fields(), listed: Self.line, types: try Self.spec.types(in: Self.schema))
                _ = try? reader.entry(&decoder)
            }
        }
    }

    private func fields() throws -> [AvroSchema.Field] {
        guard case .record(let fields) = try AvroSchema(Self.foreign) else { return [] }
        return fields
    }

    private func unpacked(_ value: AvroValue) throws -> [UInt8] {
        var encoder = AvroEncoder()
        encoder.write(value, try AvroSchema(Self.foreign))
        return encoder.bytes
    }

    @Test("an entry without what it must have is refused by name", arguments: [100, 101, 103, 104])
    func missing(id: Int) throws {
        let name = "file"
        let members: [(Int, JSON, AvroValue)] = [
            (100, "string", .string("a")), (101, "string", .string("PARQUET")), (103, "long", .long(1)),
            (104, "long", .long(1)),
        ].filter { $0.0 != id }
        let schema = Self.record(
            "entry",
            [
                Self.field(0, "status", "int"),
                Self.field(2, name, Self.record(name, members.map { Self.field($0.0, "m\($0.0)", $0.1) })),
            ])
        let bytes = try AvroFile.bytes(
            schema: schema, metadata: [], records: [.record([.long(1), .record(members.map(\.2))])], sync: Self.sync)
        let error = #expect(throws: IcebergError.self) { try read(bytes) }
        #expect("\(error as Any)".contains("field \(id) of a manifest"), "\(error as Any)")
    }
}
