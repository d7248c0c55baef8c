import EmulatorCore
import JSON
import TestRandom
import Testing

@testable import EmulatedGlue

@Suite struct TableMetadataTests {
    private let schema: JSON = [
        "type": "struct", "schema-id": 0,
        "fields": [
            ["id": 0, "name": "key", "required": true, "type": "long"],
            [
                "id": 1, "name": "place", "required": false,
                "type": [
                    "type": "struct",
                    "fields": [["id": 2, "name": "city", "required": false, "type": "string"]],
                ],
            ],
            [
                "id": 3, "name": "tags", "required": false,
                "type": ["type": "list", "element-id": 4, "element": "string", "element-required": false],
            ],
        ],
        "identifier-field-ids": [0],
    ]

    private func created(_ members: JSONObject = [:]) throws -> TableMetadata {
        var request: JSONObject = ["name": "t", "schema": schema]
        for (name, value) in members { request[name] = value }
        return try TableMetadata(creating: .object(request), at: "s3://lake/t", uuid: "u-1", now: 1000)
    }

    @Test("the fields of a new table are numbered from 1 on, level by level, with all that names them")
    func numbering() throws {
        let metadata = try created([
            "partition-spec": [
                "spec-id": 7, "fields": [["source-id": 2, "transform": "identity", "name": "city"]],
            ],
            "write-order": [
                "order-id": 9,
                "fields": [["source-id": 0, "transform": "identity", "direction": "asc", "null-order": "nulls-first"]],
            ],
        ])
        let fields = metadata.document["schemas"]?[0]?["fields"]
        #expect(fields?.array?.map { $0["id"] } == [1, 2, 3])
        #expect(fields?[1]?["type"]?["fields"]?[0]?["id"] == 4)
        #expect(fields?[2]?["type"]?["element-id"] == 5)
        #expect(metadata.document["schemas"]?[0]?["identifier-field-ids"] == [1])
        #expect(metadata.lastColumnID == 5)
        #expect(
            metadata.document["partition-specs"] == [
                [
                    "spec-id": 0,
                    "fields": [["source-id": 4, "transform": "identity", "name": "city", "field-id": 1000]],
                ]
            ])
        #expect(metadata.lastPartitionID == 1000)
        #expect(metadata.defaultSortOrderID == 1)
        #expect(metadata.document["sort-orders"]?[0]?["fields"]?[0]?["source-id"] == 1)
        #expect(metadata.currentSnapshotID == nil && metadata.formatVersion == 2)
    }

    @Test("a format version is a property of the request only, and is 1 or 2")
    func formatVersion() throws {
        let first = try created(["properties": ["format-version": "1", "owner": "me"]])
        #expect(first.formatVersion == 1)
        #expect(first.properties == ["owner": "me"])
        #expect(first.document["schema"] == first.document["schemas"]?[0])
        #expect(first.document["partition-spec"] == [])
        #expect(first.document["last-sequence-number"] == nil)
        for version in ["0", "3", "x"] {
            #expect(throws: AWSFault.self) { try created(["properties": ["format-version": .string(version)]]) }
        }
    }

    @Test("a document of version 1 without the later members is completed; what is unknown stays")
    func firstVersion() throws {
        let metadata = try TableMetadata([
            "format-version": 1, "table-uuid": "u", "location": "s3://b/t", "last-updated-ms": 1, "last-column-id": 1,
            "schema": ["type": "struct", "fields": [["id": 1, "name": "a", "required": false, "type": "int"]]],
            "partition-spec": [["name": "a", "transform": "identity", "source-id": 1]], "current-snapshot-id": 5,
            "snapshots": [["snapshot-id": 5, "timestamp-ms": 1, "manifest-list": "m"]], "vendor": ["x": 1],
        ])
        #expect(metadata.document["schemas"]?[0]?["schema-id"] == 0)
        #expect(try metadata.specs.first?.highestFieldID == 1000)
        #expect(metadata.lastPartitionID == 1000)
        #expect(metadata.refs["main"]?["snapshot-id"] == 5)
        #expect(metadata.document["vendor"] == ["x": 1])
    }

    @Test("the text of a document is that of its members, whatever was added and removed")
    func text() throws {
        var random = SeededGenerator(seed: 11)
        var metadata = try created()
        var model: [JSON] = []
        for number in 1...300 {
            let entry: JSON = [
                "snapshot-id": .int(number), "timestamp-ms": .int(number), "summary": ["a": "\"ä,]}\n"],
                "manifest-list": .string("s3://lake/\(number)"),
            ]
            metadata.snapshots.append(entry)
            model.append(entry)
            if Bool.random(using: &random) {
                let ids = Set((0..<3).map { _ in Int.random(in: 1...number, using: &random) })
                metadata.snapshots.remove(ids)
                model.removeAll { ids.contains($0["snapshot-id"]?.int ?? 0) }
            }
            guard number.isMultiple(of: 20) else { continue }
            #expect(metadata.json["snapshots"] == .array(model))
            #expect(try JSON(parsing: metadata.bytes) == metadata.json)
            #expect(try TableMetadata(metadata.json) == metadata)
            for id in 1...number {
                #expect(metadata.snapshots[id] == model.first { $0["snapshot-id"]?.int == id })
            }
        }
        let half = metadata.snapshots.filtered { $0.map { $0 % 2 == 0 } ?? false }
        #expect(half.json == .array(model.filter { ($0["snapshot-id"]?.int ?? 1) % 2 == 0 }))
        let late = metadata.snapshots.suffix { $0.map { $0 <= 150 } ?? true }
        #expect(late.json == .array(model.filter { ($0["snapshot-id"]?.int ?? 0) > 150 }))
        #expect(metadata.snapshots.suffix { _ in true }.isEmpty)
    }

    @Test("metadata that readers would not understand is refused")
    func refusedMetadata() throws {
        let good = try created().document
        for name in [
            "format-version", "table-uuid", "location", "last-column-id", "current-schema-id", "schemas",
            "partition-specs", "default-spec-id", "last-partition-id", "sort-orders", "default-sort-order-id",
            "last-sequence-number",
        ] {
            var document = good
            document[name] = nil
            #expect(throws: AWSFault.self, "without \(name)") { try TableMetadata(.object(document)) }
            document[name] = ["x": 1]
            #expect(throws: AWSFault.self, "with a wrong \(name)") { try TableMetadata(.object(document)) }
        }
        for name in ["last-column-id", "current-schema-id", "default-spec-id", "last-partition-id"] {
            for id in [-1, 1 << 31, Int.max] {
                var document = good
                document[name] = .int(id)
                #expect(throws: AWSFault.self, "\(name) \(id)") { try TableMetadata(.object(document)) }
            }
        }
        #expect(throws: AWSFault.self) { try TableMetadata([]) }
    }

    @Test(
        "a schema whose fields lack a part, or share an id, is refused",
        arguments: [
            [], "struct", ["fields": 1], ["fields": [["id": 1, "name": "a", "type": "int"]]],
            ["fields": [["name": "a", "required": true, "type": "int"]]],
            ["fields": [["id": 1, "name": "a", "required": true]]],
            ["fields": [["id": 1, "name": "a", "required": true, "type": ["type": "list", "element": "int"]]]],
            ["fields": [["id": 1, "name": "a", "required": true, "type": ["type": "heap"]]]],
            [
                "fields": [
                    ["id": 1, "name": "a", "required": true, "type": "int"],
                    ["id": 1, "name": "b", "required": true, "type": "int"],
                ]
            ],
            ["fields": [["id": 1, "name": "a", "required": true, "type": "int"]], "identifier-field-ids": [2]],
            ["fields": [["id": 4_294_967_296, "name": "a", "required": true, "type": "int"]]],
            ["schema-id": 9_223_372_036_854_775_807, "fields": []],
            ["fields": [["id": 1, "name": "a", "required": true, "type": "variant"]]],
            ["fields": [["id": 1, "name": "a", "required": true, "type": "decimal(39, 2)"]]],
        ] as [JSON])
    func refusedSchema(schema: JSON) {
        #expect(throws: AWSFault.self) { try TableSchema(schema) }
    }

    @Test("a metadata file is numbered after the one before it")
    func fileNames() throws {
        let metadata = try created()
        func next(_ previous: String?, _ metadata: TableMetadata = metadata) -> String {
            MetadataFile.next(for: metadata, after: previous, uuid: "x")
        }
        #expect(next(nil) == "s3://lake/t/metadata/00000-x.metadata.json")
        #expect(next("s3://lake/t/metadata/00009-y.metadata.json") == "s3://lake/t/metadata/00010-x.metadata.json")
        #expect(next("s3://lake/t/metadata/99999-y.metadata.json") == "s3://lake/t/metadata/100000-x.metadata.json")
        #expect(
            next("s3://lake/t/metadata/\(Int.max)-y.metadata.json") == "s3://lake/t/metadata/00000-x.metadata.json")
        #expect(next("s3://lake/other.metadata.json") == "s3://lake/t/metadata/00000-x.metadata.json")
        let elsewhere = try created(["properties": ["write.metadata.path": "s3://meta/t/"]])
        #expect(next(nil, elsewhere) == "s3://meta/t/00000-x.metadata.json")
        for location in ["file:///a/b", "s3://bucket", "s3:///key", "s3://bucket/", ""] {
            #expect(throws: AWSFault.self, "\(location)") { try MetadataFile.object(at: location) }
        }
    }

    @Test("Glue shows an Iceberg table's columns with Hive's types, those of earlier schemas as not current")
    func glueColumns() throws {
        var metadata = try created()
        metadata.document["schemas"] = [
            metadata.document["schemas"]?[0] ?? [:],
            [
                "schema-id": 1, "type": "struct",
                "fields": [
                    ["id": 1, "name": "key", "required": true, "type": "decimal(9, 2)", "doc": "the key"],
                    [
                        "id": 9, "name": "m", "required": false,
                        "type": [
                            "type": "map", "key-id": 10, "key": "uuid", "value-id": 11, "value": "timestamptz",
                            "value-required": true,
                        ],
                    ],
                    ["id": 12, "name": "f", "required": false, "type": "fixed[4]"],
                ],
            ],
        ]
        metadata.document["current-schema-id"] = 1
        let columns = try GlueColumns(metadata).columns.array ?? []
        #expect(
            columns[0] == [
                "Name": "key", "Type": "decimal(9,2)", "Comment": "the key",
                "Parameters": [
                    "iceberg.field.id": "1", "iceberg.field.optional": "false", "iceberg.field.current": "true",
                ],
            ])
        #expect(
            columns.map { $0["Type"] } == [
                "decimal(9,2)", "map<string,timestamp>", "binary", "struct<city:string>", "array<string>",
            ])
        #expect(columns[3]["Parameters"]?["iceberg.field.current"] == "false")
    }
}
