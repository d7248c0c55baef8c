import JSON
import Testing

@testable import Iceberg

@Suite struct AvroTests {
    let schema: JSON = [
        "type": "record", "name": "r",
        "fields": [
            ["name": "a", "type": ["null", "long"], "field-id": 1],
            ["name": "b", "type": "string", "field-id": 2],
            [
                "name": "c", "type": ["type": "array", "items": ["type": "fixed", "name": "f", "size": 2]],
                "field-id": 3,
            ],
            ["name": "d", "type": "double"], ["name": "e", "type": "boolean"],
        ],
    ]
    let records: [AvroValue] = [
        .record([.null, .string(""), .array([]), .double(-0.5), .boolean(true)]),
        .record([
            .long(.min), .string("Kölsch"), .array([.bytes([1, 2]), .bytes([3, 4])]), .double(1e300), .boolean(false),
        ]),
    ]
    let sync = [UInt8](repeating: 7, count: 16)

    @Test("records are read as they were written, with the file's metadata and the fields' ids") func roundTrip() throws
    {
        let bytes = try AvroFile.bytes(schema: schema, metadata: [("spec", "x")], records: records, sync: sync)
        let file = try AvroFile(bytes)
        #expect(file.records.map { .record($0) } == records)
        #expect(file.metadata == ["spec": "x"])
        #expect(file.fields.map(\.id) == [1, 2, 3, nil, nil])
    }

    @Test("a file without records is read") func empty() throws {
        #expect(try AvroFile(AvroFile.bytes(schema: schema, metadata: [], records: [], sync: sync)).records.isEmpty)
    }

    @Test("a file that is cut or changed at any byte gives an error or other values, and never stops the process")
    func damaged() throws {
        let bytes = try AvroFile.bytes(schema: schema, metadata: [], records: records, sync: sync)
        for count in bytes.indices {
            #expect(throws: IcebergError.self, "\(count) bytes") {
                let file = try AvroFile(Array(bytes[..<count]))
                // A file may end before its first block.
                if file.records.isEmpty { throw IcebergError.avro(reason: "no records", byte: count) }
            }
        }
        for place in bytes.indices {
            for value in [0, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = value
                _ = try? AvroFile(changed)
            }
        }
    }

    @Test("a schema that is nested without end is refused") func deepSchema() {
        var json: JSON = "long"
        for _ in 0..<1000 { json = ["type": "array", "items": json] }
        #expect(throws: IcebergError.self) { try AvroSchema(json) }
    }
}
