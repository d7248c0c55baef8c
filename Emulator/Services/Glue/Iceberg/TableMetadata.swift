internal import EmulatorCore
internal import JSON

/// The metadata document of an Iceberg table. Members that this code does not know are kept.
/// - SeeAlso: <https://iceberg.apache.org/spec/#table-metadata-fields>
struct TableMetadata: Sendable, Hashable {
    /// The versions of the format that AWS Glue's endpoint documents.
    static let formatVersions = 1...2
    /// The branch that readers read.
    static let mainBranch = "main"
    /// `current-snapshot-id` of a table without rows.
    static let noSnapshot = -1

    /// All members but the two that follow.
    var document: JSONObject
    var snapshots: SnapshotList
    /// Which snapshot was the current one from when on.
    var snapshotLog: SnapshotList

    private static let snapshotsMember = "snapshots"
    private static let snapshotLogMember = "snapshot-log"

    /// Reads a document that somebody wrote. What version 1 may leave out is added.
    init(_ metadata: JSON) throws(AWSFault) {
        guard let document = metadata.object else { throw .badRequest("Cannot parse metadata from a non-object") }
        snapshots = SnapshotList(document[Self.snapshotsMember]?.array ?? [])
        snapshotLog = SnapshotList(document[Self.snapshotLogMember]?.array ?? [])
        self.document = document
        self.document[Self.snapshotsMember] = nil
        self.document[Self.snapshotLogMember] = nil
        let version = try metadata.integer("format-version")
        guard Self.formatVersions.contains(version) else {
            throw .badRequest("Cannot read unsupported version \(version)")
        }
        _ = try metadata.text("location")
        _ = try metadata.id("last-column-id")
        if version == 1 { try completeFirstVersion() }
        for name in ["schemas", "partition-specs", "sort-orders"] { _ = try json.list(name) }
        for name in ["current-schema-id", "default-spec-id", "default-sort-order-id", "last-partition-id"] {
            _ = try json.id(name)
        }
        _ = try json.text("table-uuid")
        if version > 1 { _ = try json.integer("last-sequence-number") }
        if self.document["refs"] == nil, let id = currentSnapshotID {
            self.document["refs"] = .object([Self.mainBranch: ["snapshot-id": .int(id), "type": "branch"]])
        }
    }

    /// Members of version 1 that later versions replaced.
    private mutating func completeFirstVersion() throws(AWSFault) {
        if document["schemas"] == nil {
            var schema = try TableSchema(.object(try json.members("schema")))
            schema.id = 0
            document["schemas"] = [.object(schema.document)]
            document["current-schema-id"] = 0
        }
        if document["partition-specs"] == nil {
            let fields = try json.list("partition-spec")
            let spec = try PartitionSpec(["spec-id": 0, "fields": .array(fields)], of: nil).numbered()
            document["partition-specs"] = [.object(spec.document)]
            document["default-spec-id"] = 0
        }
        if document["last-partition-id"] == nil {
            document["last-partition-id"] = .int(
                try specs.map(\.highestFieldID).max() ?? PartitionSpec.firstFieldID - 1)
        }
        if document["sort-orders"] == nil {
            document["sort-orders"] = [.object(SortOrder.unsorted.document)]
            document["default-sort-order-id"] = 0
        }
    }

    var json: JSON {
        var members = document
        members[Self.snapshotsMember] = snapshots.json
        members[Self.snapshotLogMember] = snapshotLog.json
        return .object(members)
    }

    /// The document's text.
    var bytes: [UInt8] {
        var bytes = JSON.object(document).bytes
        // Before the last brace; there is a member before, the version at least.
        bytes.removeLast()
        bytes.reserveCapacity(bytes.count + snapshots.text.count + snapshotLog.text.count + 64)
        for (name, list) in [(Self.snapshotsMember, snapshots), (Self.snapshotLogMember, snapshotLog)] {
            bytes += ",\"\(name)\":[".utf8
            bytes += list.text
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    // MARK: Members

    var formatVersion: Int { document["format-version"]?.int ?? 0 }
    var uuid: String { document["table-uuid"]?.string ?? "" }
    var location: String { document["location"]?.string ?? "" }
    var lastUpdated: Int { document["last-updated-ms"]?.int ?? 0 }
    var lastColumnID: Int { document["last-column-id"]?.int ?? 0 }
    var lastPartitionID: Int { document["last-partition-id"]?.int ?? PartitionSpec.firstFieldID - 1 }
    var lastSequenceNumber: Int { document["last-sequence-number"]?.int ?? 0 }
    var currentSchemaID: Int { document["current-schema-id"]?.int ?? 0 }
    var defaultSpecID: Int { document["default-spec-id"]?.int ?? 0 }
    var defaultSortOrderID: Int { document["default-sort-order-id"]?.int ?? 0 }

    var properties: JSONObject { document["properties"]?.object ?? [:] }
    /// Branches and tags by name.
    var refs: JSONObject { document["refs"]?.object ?? [:] }

    /// Nil for a table without rows.
    var currentSnapshotID: Int? {
        document["current-snapshot-id"]?.int.flatMap { $0 == Self.noSnapshot ? nil : $0 }
    }

    var schemas: [TableSchema] {
        get throws(AWSFault) {
            var schemas: [TableSchema] = []
            for schema in document["schemas"]?.array ?? [] { schemas.append(try TableSchema(schema)) }
            return schemas
        }
    }

    var specs: [PartitionSpec] {
        get throws(AWSFault) {
            var specs: [PartitionSpec] = []
            for spec in document["partition-specs"]?.array ?? [] { specs.append(try PartitionSpec(spec, of: nil)) }
            return specs
        }
    }

    var sortOrders: [SortOrder] {
        get throws(AWSFault) {
            var orders: [SortOrder] = []
            for order in document["sort-orders"]?.array ?? [] { orders.append(try SortOrder(order, of: nil)) }
            return orders
        }
    }

    /// The metadata with only those snapshots that a branch or tag names.
    var withReferencedSnapshotsOnly: TableMetadata {
        let named = Set(refs.compactMap { $0.value["snapshot-id"]?.int })
        var metadata = self
        metadata.snapshots = snapshots.filtered { $0.map(named.contains) ?? false }
        return metadata
    }
}

extension TableMetadata {
    /// The metadata of a new table, as `createTable` asks for it. The fields are numbered from 1 on.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#table-metadata-fields>
    init(creating request: JSON, at location: String, uuid: String, now: Int) throws(AWSFault) {
        let asked = try TableSchema(.object(try request.members("schema")))
        var (schema, newIDs) = try asked.renumbered()
        schema.id = 0
        var spec =
            try request.present("partition-spec").map { json throws(AWSFault) in try PartitionSpec(json, of: asked) }
            ?? .unpartitioned
        spec = spec.renumbered(newIDs).numbered()
        spec.id = 0
        var order =
            try request.present("write-order").map { json throws(AWSFault) in try SortOrder(json, of: asked) }
            ?? .unsorted
        order = order.renumbered(newIDs)
        order.id = order.fields.isEmpty ? 0 : 1
        var properties =
            try request.present("properties").map { _ throws(AWSFault) in try request.properties("properties") } ?? [:]
        let version = properties["format-version"]?.string.map { Int($0) } ?? 2
        properties["format-version"] = nil
        guard let version, Self.formatVersions.contains(version) else {
            throw .badRequest("Unsupported format version: v\(version.map { "\($0)" } ?? "?")")
        }
        document = [
            "format-version": .int(version), "table-uuid": .string(uuid), "location": .string(location),
            "last-sequence-number": 0, "last-updated-ms": .int(now), "last-column-id": .int(newIDs.count),
            "current-schema-id": 0, "schemas": [.object(schema.document)], "default-spec-id": 0,
            "partition-specs": [.object(spec.document)], "last-partition-id": .int(spec.highestFieldID),
            "default-sort-order-id": .int(order.id), "sort-orders": [.object(order.document)],
            "properties": .object(properties), "current-snapshot-id": .int(Self.noSnapshot), "refs": [:],
            "statistics": [], "partition-statistics": [], "metadata-log": [],
        ]
        snapshots = SnapshotList()
        snapshotLog = SnapshotList()
        showFirstVersion()
    }

    /// Keeps the members of version 1 that later versions replaced in step with their replacements.
    mutating func showFirstVersion() {
        guard formatVersion == 1 else {
            for name in ["schema", "partition-spec"] { document[name] = nil }
            return
        }
        document["last-sequence-number"] = nil
        document["schema"] = document["schemas"]?.array?.first { $0["schema-id"]?.int == currentSchemaID }
        document["partition-spec"] =
            document["partition-specs"]?.array?.first { $0["spec-id"]?.int == defaultSpecID }?["fields"]
    }
}
