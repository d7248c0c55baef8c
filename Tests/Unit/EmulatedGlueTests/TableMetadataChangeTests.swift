import EmulatorCore
import JSON
import Testing

@testable import EmulatedGlue

@Suite struct TableMetadataChangeTests {
    private let base: TableMetadata

    init() throws {
        var metadata = try TableMetadata(
            creating: [
                "name": "t",
                "schema": [
                    "fields": [
                        ["id": 1, "name": "a", "required": true, "type": "long"],
                        ["id": 2, "name": "b", "required": false, "type": "string"],
                    ]
                ],
            ], at: "s3://lake/t", uuid: "u-1", now: 1000)
        metadata.document["vendor"] = ["kept": true]
        base = metadata
    }

    private func changed(
        _ updates: JSON..., from metadata: TableMetadata? = nil
    ) throws -> TableMetadata? {
        var change = TableMetadataChange(metadata ?? base, now: 2000)
        for update in updates { try change.apply(try TableMetadataUpdate(update)) }
        return change.finish(replacing: "s3://lake/t/metadata/old")
    }

    private func snapshot(_ id: Int, sequence: Int, parent: Int? = nil, at time: Int = 1500) -> JSON {
        var snapshot: JSONObject = [
            "snapshot-id": .int(id), "sequence-number": .int(sequence), "timestamp-ms": .int(time),
            "manifest-list": "s3://lake/t/metadata/m", "summary": ["operation": "append"], "schema-id": 0,
        ]
        if let parent { snapshot["parent-snapshot-id"] = .int(parent) }
        return ["action": "add-snapshot", "snapshot": .object(snapshot)]
    }

    private func main(_ id: Int) -> JSON {
        ["action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": .int(id)]
    }

    @Test("a snapshot becomes the current one, with its time, its place in the log, and the file before")
    func append() throws {
        let metadata = try #require(try changed(snapshot(7, sequence: 1), main(7)))
        #expect(metadata.currentSnapshotID == 7 && metadata.lastSequenceNumber == 1)
        #expect(metadata.refs["main"] == ["type": "branch", "snapshot-id": 7])
        #expect(metadata.lastUpdated == 1500)
        #expect(metadata.json["snapshot-log"] == [["snapshot-id": 7, "timestamp-ms": 1500]])
        #expect(
            metadata.document["metadata-log"] == [
                ["timestamp-ms": 1000, "metadata-file": "s3://lake/t/metadata/old"]
            ])
        #expect(metadata.document["vendor"] == ["kept": true])
        #expect(try TableMetadata(metadata.json) == metadata)
    }

    @Test("a snapshot planned on metadata that is no longer current is a conflict")
    func staleSnapshot() throws {
        let first = try #require(try changed(snapshot(7, sequence: 1), main(7)))
        let late = #expect(throws: AWSFault.self) { try changed(snapshot(8, sequence: 1, parent: 7), from: first) }
        #expect(late?.status == 409 && late?.code == "CommitFailedException")
        let again = #expect(throws: AWSFault.self) { try changed(snapshot(7, sequence: 2, parent: 7), from: first) }
        #expect(again?.status == 400)
        let unknown = #expect(throws: AWSFault.self) { try changed(main(9), from: first) }
        #expect(unknown?.message == "Cannot set main to unknown snapshot: 9")
    }

    @Test("a snapshot that was current only within a commit is not in the log")
    func passedSnapshot() throws {
        let metadata = try #require(
            try changed(snapshot(7, sequence: 1), main(7), snapshot(8, sequence: 2, parent: 7, at: 1600), main(8)))
        #expect(metadata.json["snapshot-log"] == [["snapshot-id": 8, "timestamp-ms": 1600]])
        #expect(metadata.snapshots.count == 2)
    }

    @Test("removing a snapshot removes its refs and statistics, and the history before the hole")
    func removedSnapshots() throws {
        var metadata = try #require(try changed(snapshot(7, sequence: 1), main(7)))
        metadata = try #require(
            try changed(
                snapshot(8, sequence: 2, parent: 7), main(8),
                ["action": "set-snapshot-ref", "ref-name": "old", "type": "tag", "snapshot-id": 7],
                [
                    "action": "set-statistics",
                    "statistics": ["snapshot-id": 7, "statistics-path": "s3://lake/t/s.puffin"],
                ], from: metadata))
        #expect(metadata.document["statistics"]?.array?.count == 1)
        metadata = try #require(try changed(["action": "remove-snapshots", "snapshot-ids": [7]], from: metadata))
        #expect(metadata.snapshots.count == 1)
        #expect(metadata.refs.names == ["main"])
        #expect(metadata.document["statistics"] == [])
        #expect(metadata.json["snapshot-log"]?.array?.map { $0["snapshot-id"] } == [8])
        metadata = try #require(try changed(["action": "remove-snapshot-ref", "ref-name": "main"], from: metadata))
        #expect(metadata.currentSnapshotID == nil && metadata.json["snapshot-log"] == [])
    }

    @Test("a new schema gets the next id, an equal one the id it has, and -1 names it")
    func schemas() throws {
        let wider: JSON = [
            "type": "struct", "schema-id": 0,
            "fields": [
                ["id": 1, "name": "a", "required": true, "type": "long"],
                ["id": 2, "name": "b", "required": false, "type": "string"],
                ["id": 3, "name": "c", "required": false, "type": "date"],
            ],
        ]
        let add: JSON = ["action": "add-schema", "schema": wider]
        let set: JSON = ["action": "set-current-schema", "schema-id": -1]
        let metadata = try #require(try changed(add, set))
        #expect(metadata.currentSchemaID == 1 && metadata.lastColumnID == 3)
        let again = try changed(add, set, from: metadata)
        #expect(again == nil, "nothing has changed")
        #expect(try changed(["action": "set-current-schema", "schema-id": 0], from: metadata)?.currentSchemaID == 0)
        #expect(try changed(["action": "remove-schemas", "schema-ids": [0]], from: metadata)?.schemas.count == 1)
        for wrong: JSON in [
            set, ["action": "set-current-schema", "schema-id": 5], ["action": "remove-schemas", "schema-ids": [0]],
            ["action": "add-schema", "schema": wider, "last-column-id": 1],
        ] {
            #expect(throws: AWSFault.self, "\(wrong)") { try changed(wrong) }
        }
    }

    @Test("a new spec keeps the field ids of fields that an earlier one had")
    func specs() throws {
        func add(_ fields: JSON) -> JSON { ["action": "add-spec", "spec": ["spec-id": 0, "fields": fields]] }
        let day: JSON = ["source-id": 1, "transform": "bucket[4]", "name": "a_bucket"]
        let text: JSON = ["source-id": 2, "transform": "identity", "name": "b"]
        let set: JSON = ["action": "set-default-spec", "spec-id": -1]
        var metadata = try #require(try changed(add([day]), set))
        #expect(metadata.defaultSpecID == 1 && metadata.lastPartitionID == 1000)
        metadata = try #require(try changed(add([text, day]), set, from: metadata))
        #expect(metadata.document["partition-specs"]?[2]?["fields"]?.array?.map { $0["field-id"] } == [1001, 1000])
        #expect(metadata.lastPartitionID == 1001 && metadata.defaultSpecID == 2)
        let back = try #require(try changed(add([]), set, from: metadata))
        #expect(back.defaultSpecID == 0 && back.document["partition-specs"]?.array?.count == 3)
        #expect(
            try changed(["action": "remove-partition-specs", "spec-ids": [0, 1]], from: metadata)?.specs.map(\.id) == [
                2
            ])
        for wrong: JSON in [
            add([["source-id": 9, "transform": "identity", "name": "x"]]), set,
            ["action": "set-default-spec", "spec-id": 4], ["action": "remove-partition-specs", "spec-ids": [0]],
        ] {
            #expect(throws: AWSFault.self, "\(wrong)") { try changed(wrong) }
        }
    }

    @Test("the order of id 0 is no order; others are numbered from 1 on")
    func sortOrders() throws {
        func add(_ fields: JSON) -> JSON {
            ["action": "add-sort-order", "sort-order": ["order-id": 5, "fields": fields]]
        }
        let field: JSON = ["source-id": 2, "transform": "identity", "direction": "asc", "null-order": "nulls-last"]
        let set: JSON = ["action": "set-default-sort-order", "sort-order-id": -1]
        let metadata = try #require(try changed(add([field]), set))
        #expect(metadata.defaultSortOrderID == 1)
        #expect(try changed(add([]), set, from: metadata)?.defaultSortOrderID == 0)
        #expect(try changed(add([field]), set, from: metadata) == nil)
    }

    @Test("properties and location change; the uuid and the version only forward")
    func properties() throws {
        let metadata = try #require(
            try changed(
                ["action": "set-properties", "updates": ["x": "1", "y": "2"]],
                ["action": "remove-properties", "removals": ["y", "z"]],
                ["action": "set-location", "location": "s3://lake/moved/"],
                ["action": "assign-uuid", "uuid": "U-1"], ["action": "upgrade-format-version", "format-version": 2]))
        #expect(metadata.properties == ["x": "1"] && metadata.location == "s3://lake/moved")
        #expect(metadata.lastUpdated == 2000)
        for wrong: JSON in [
            ["action": "assign-uuid", "uuid": "u-2"], ["action": "upgrade-format-version", "format-version": 1],
            ["action": "upgrade-format-version", "format-version": 3],
            ["action": "set-properties", "updates": ["x": 1]],
            ["action": "mystery"], [:], ["action": "set-location"],
        ] {
            #expect(throws: AWSFault.self, "\(wrong)") { try changed(wrong) }
        }
        #expect(try changed() == nil)
    }

    @Test("the log of metadata files has at most as many entries as the table's properties ask for")
    func metadataLog() throws {
        var metadata = try #require(
            try changed(["action": "set-properties", "updates": ["write.metadata.previous-versions-max": "3"]]))
        for value in 0..<5 {
            metadata = try #require(
                try changed(["action": "set-properties", "updates": ["x": .string("\(value)")]], from: metadata))
        }
        #expect(metadata.document["metadata-log"]?.array?.count == 3)
    }

    @Test("a reference's limits are checked")
    func references() throws {
        let metadata = try #require(try changed(snapshot(7, sequence: 1), main(7)))
        func set(_ members: JSONObject) -> JSON {
            var update: JSONObject = [
                "action": "set-snapshot-ref", "ref-name": "r", "type": "branch", "snapshot-id": 7,
            ]
            for (name, value) in members { update[name] = value }
            return .object(update)
        }
        let good = try #require(
            try changed(set(["max-ref-age-ms": 5, "min-snapshots-to-keep": .null]), from: metadata))
        #expect(good.refs["r"] == ["type": "branch", "snapshot-id": 7, "max-ref-age-ms": 5])
        for wrong: JSONObject in [
            ["type": "stick"], ["max-ref-age-ms": 0], ["type": "tag", "min-snapshots-to-keep": 1],
            ["ref-name": "main", "type": "tag"], ["snapshot-id": 8],
        ] {
            #expect(throws: AWSFault.self, "\(wrong)") { try changed(set(wrong), from: metadata) }
        }
    }

    @Test("each requirement holds for the metadata as it is, and fails for any other")
    func requirements() throws {
        let metadata = try #require(try changed(snapshot(7, sequence: 1), main(7)))
        let pairs: [(JSON, JSON)] = [
            (["type": "assert-table-uuid", "uuid": "U-1"], ["type": "assert-table-uuid", "uuid": "u"]),
            (
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7],
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": .null]
            ),
            (
                ["type": "assert-ref-snapshot-id", "ref": "other", "snapshot-id": .null],
                ["type": "assert-ref-snapshot-id", "ref": "other", "snapshot-id": 7]
            ),
            (
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7],
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 8]
            ),
            (
                ["type": "assert-last-assigned-field-id", "last-assigned-field-id": 2],
                ["type": "assert-last-assigned-field-id", "last-assigned-field-id": 1]
            ),
            (
                ["type": "assert-current-schema-id", "current-schema-id": 0],
                ["type": "assert-current-schema-id", "current-schema-id": 1]
            ),
            (
                ["type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 999],
                ["type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 1000]
            ),
            (
                ["type": "assert-default-spec-id", "default-spec-id": 0],
                ["type": "assert-default-spec-id", "default-spec-id": 1]
            ),
            (
                ["type": "assert-default-sort-order-id", "default-sort-order-id": 0],
                ["type": "assert-default-sort-order-id", "default-sort-order-id": 1]
            ),
        ]
        for (holds, fails) in pairs {
            try TableRequirement(holds).check(metadata)
            let fault = #expect(throws: AWSFault.self, "\(fails)") { try TableRequirement(fails).check(metadata) }
            #expect(fault?.status == 409 && fault?.message.hasPrefix("Requirement failed: ") == true)
        }
        #expect(throws: AWSFault.self) { try TableRequirement(["type": "assert-create"]).check(metadata) }
        let unknown = #expect(throws: AWSFault.self) { try TableRequirement(["type": "assert-luck"]) }
        #expect(unknown?.status == 400)
    }
}
