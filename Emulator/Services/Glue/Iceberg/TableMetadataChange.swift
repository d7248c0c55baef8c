internal import EmulatorCore
internal import JSON

/// Applies the updates of one commit to a table's metadata, in their order.
///
/// The rules are those of the specification; where it is silent, those of Iceberg's own catalog.
/// - SeeAlso: <https://iceberg.apache.org/spec/#table-metadata-and-snapshots>
struct TableMetadataChange {
    private let base: TableMetadata
    private var metadata: TableMetadata
    /// Milliseconds since 1970, from the clock or from a snapshot of this commit.
    private let now: Int
    private var lastUpdated: Int?

    private var lastAddedSchema: Int?
    private var lastAddedSpec: Int?
    private var lastAddedOrder: Int?
    private var addedSnapshots: Set<Int> = []
    /// Snapshots of this commit that were current before another one of it was.
    private var passedSnapshots: Set<Int> = []
    private var hasFewerSnapshots = false

    init(_ base: TableMetadata, now: Int) {
        self.base = base
        metadata = base
        self.now = now
    }

    mutating func apply(_ update: TableMetadataUpdate) throws(AWSFault) {
        switch update {
        case .assignUUID(let uuid):
            guard uuid.lowercased() == metadata.uuid.lowercased() else {
                throw .badRequest("Cannot reassign uuid: the table has \(metadata.uuid)")
            }
        case .upgradeFormatVersion(let version): try upgrade(to: version)
        case .setLocation(let location): set("location", .string(location.trimmingSlash))
        case .setProperties(let updates):
            var properties = metadata.properties
            for (name, value) in updates { properties[name] = value }
            set("properties", .object(properties))
        case .removeProperties(let names):
            var properties = metadata.properties
            for name in names { properties[name] = nil }
            set("properties", .object(properties))
        case .addSchema(let schema, let lastColumnID): try add(schema, lastColumnID)
        case .setCurrentSchema(let id):
            let id = try last(id, lastAddedSchema, "schema", of: try metadata.schemas.map { $0.id ?? 0 })
            set("current-schema-id", .int(id))
        case .removeSchemas(let ids):
            guard !ids.contains(metadata.currentSchemaID) else { throw .badRequest("Cannot remove current schema") }
            remove(ids, from: "schemas", by: "schema-id")
        case .addSpec(let spec): try addSpec(spec)
        case .setDefaultSpec(let id):
            let id = try last(id, lastAddedSpec, "partition spec", of: try metadata.specs.map(\.id))
            set("default-spec-id", .int(id))
        case .removeSpecs(let ids):
            guard !ids.contains(metadata.defaultSpecID) else {
                throw .badRequest("Cannot remove the default partition spec")
            }
            remove(ids, from: "partition-specs", by: "spec-id")
        case .addSortOrder(let order): try addSortOrder(order)
        case .setDefaultSortOrder(let id):
            let id = try last(id, lastAddedOrder, "sort order", of: try metadata.sortOrders.map(\.id))
            set("default-sort-order-id", .int(id))
        case .addSnapshot(let snapshot): try add(snapshot)
        case .removeSnapshots(let ids): removeSnapshots(ids)
        case .setRef(let name, let ref): try set(ref, named: name)
        case .removeRef(let name): removeRef(name)
        case .setStatistics(let kind, let file):
            remove([try file.integer("snapshot-id")], from: kind.rawValue, by: "snapshot-id")
            append(file, to: kind.rawValue)
        case .removeStatistics(let kind, let snapshot):
            remove([snapshot], from: kind.rawValue, by: "snapshot-id")
        }
    }

    /// The new metadata; nil if the updates changed nothing.
    /// - Parameter location: of the metadata that the change began with; nil if it was never written.
    func finish(replacing location: String?) -> TableMetadata? {
        guard metadata != base else { return nil }
        var result = metadata
        result.snapshotLog = snapshotLog
        result.document["last-updated-ms"] = .int(lastUpdated ?? now)
        if let location {
            result.document["metadata-log"] = .array(
                metadataLog + [["timestamp-ms": .int(base.lastUpdated), "metadata-file": .string(location)]])
        }
        result.showFirstVersion()
        return result
    }

    // MARK: Schemas, specs, orders

    private mutating func upgrade(to version: Int) throws(AWSFault) {
        guard TableMetadata.formatVersions.contains(version) else {
            throw .badRequest("Cannot upgrade table to unsupported format version: v\(version)")
        }
        guard version >= metadata.formatVersion else {
            throw .badRequest("Cannot downgrade v\(metadata.formatVersion) table to v\(version)")
        }
        set("format-version", .int(version))
        if version > 1, metadata.document["last-sequence-number"] == nil { set("last-sequence-number", 0) }
    }

    private mutating func add(_ schema: TableSchema, _ lastColumnID: Int?) throws(AWSFault) {
        let highest = max(schema.fieldIDs.max() ?? 0, metadata.lastColumnID)
        if let lastColumnID, lastColumnID < metadata.lastColumnID {
            throw .badRequest(
                "Invalid last column ID: \(lastColumnID) < \(metadata.lastColumnID) (previous last column ID)")
        }
        set("last-column-id", .int(max(highest, lastColumnID ?? 0)))
        let schemas = try metadata.schemas
        if let same = schemas.first(where: { $0.describesSameRows(as: schema) }) {
            lastAddedSchema = same.id
            return
        }
        var added = schema
        let id = (schemas.compactMap(\.id).max() ?? -1) + 1
        added.id = id
        append(.object(added.document), to: "schemas")
        lastAddedSchema = id
    }

    private func currentSchema() throws(AWSFault) -> TableSchema? {
        let id = metadata.currentSchemaID
        return try metadata.schemas.first { $0.id == id }
    }

    private mutating func addSpec(_ json: JSON) throws(AWSFault) {
        let spec = try PartitionSpec(json, of: try currentSchema())
        let specs = try metadata.specs
        if let same = specs.first(where: { $0.dividesRows(as: spec) }) {
            lastAddedSpec = same.id
            return
        }
        var added = spec.numbered(like: specs, after: metadata.lastPartitionID)
        added.id = (specs.map(\.id).max() ?? -1) + 1
        append(.object(added.document), to: "partition-specs")
        set("last-partition-id", .int(max(metadata.lastPartitionID, added.highestFieldID)))
        lastAddedSpec = added.id
    }

    private mutating func addSortOrder(_ json: JSON) throws(AWSFault) {
        var order = try SortOrder(json, of: try currentSchema())
        let orders = try metadata.sortOrders
        if let same = orders.first(where: { $0.fields == order.fields }) {
            lastAddedOrder = same.id
            return
        }
        order.id = order.fields.isEmpty ? 0 : max(orders.map(\.id).max() ?? 0, 0) + 1
        append(.object(order.document), to: "sort-orders")
        lastAddedOrder = order.id
    }

    /// - Parameter id: nil for the one that this commit added last.
    private func last(_ id: Int?, _ added: Int?, _ what: String, of known: [Int]) throws(AWSFault) -> Int {
        guard let id else {
            guard let added else { throw .badRequest("Cannot set last added \(what): no \(what) has been added") }
            return added
        }
        guard known.contains(id) else { throw .badRequest("Cannot set \(what) to unknown \(what): \(id)") }
        return id
    }

    // MARK: Snapshots and references

    private mutating func add(_ snapshot: JSON) throws(AWSFault) {
        let id = try snapshot.integer("snapshot-id")
        guard !metadata.snapshots.contains(id) else { throw .badRequest("Snapshot already exists for id: \(id)") }
        if metadata.formatVersion > 1 {
            let number = try snapshot.integer("sequence-number")
            guard number > metadata.lastSequenceNumber || snapshot.present("parent-snapshot-id") == nil else {
                // The writer planned on metadata that another commit has since replaced.
                throw .commitFailed(
                    "Cannot add snapshot with sequence number \(number) older than last sequence number "
                        + "\(metadata.lastSequenceNumber)")
            }
            set("last-sequence-number", .int(max(number, metadata.lastSequenceNumber)))
            guard snapshot["manifest-list"]?.string != nil else {
                throw .badRequest("Cannot parse missing string: manifest-list")
            }
        }
        metadata.snapshots.append(snapshot)
        lastUpdated = try snapshot.integer("timestamp-ms")
        addedSnapshots.insert(id)
    }

    private mutating func set(_ ref: JSONObject, named name: String) throws(AWSFault) {
        guard metadata.refs[name] != .object(ref) else { return }
        let id = try JSON.object(ref).integer("snapshot-id")
        guard let snapshot = metadata.snapshots[id] else {
            throw .badRequest("Cannot set \(name) to unknown snapshot: \(id)")
        }
        let isMain = name == TableMetadata.mainBranch
        if isMain, ref["type"] != "branch" { throw .badRequest("Cannot set \(name) to a tag; it must be a branch") }
        if addedSnapshots.contains(id) { lastUpdated = snapshot["timestamp-ms"]?.int }
        if isMain, metadata.currentSnapshotID != id {
            if let passed = metadata.currentSnapshotID, addedSnapshots.contains(passed) {
                passedSnapshots.insert(passed)
            }
            passedSnapshots.remove(id)
            let time = lastUpdated ?? now
            lastUpdated = time
            set("current-snapshot-id", .int(id))
            metadata.snapshotLog.append(["snapshot-id": .int(id), "timestamp-ms": .int(time)])
        }
        var refs = metadata.refs
        refs[name] = .object(ref)
        set("refs", .object(refs))
    }

    private mutating func removeRef(_ name: String) {
        var refs = metadata.refs
        guard refs[name] != nil else { return }
        refs[name] = nil
        set("refs", .object(refs))
        guard name == TableMetadata.mainBranch else { return }
        set("current-snapshot-id", .int(TableMetadata.noSnapshot))
        metadata.snapshotLog = SnapshotList()
    }

    private mutating func removeSnapshots(_ ids: [Int]) {
        let ids = Set(ids)
        metadata.snapshots.remove(ids)
        hasFewerSnapshots = true
        for kind in [TableMetadataUpdate.StatisticsKind.table, .partition] {
            remove(Array(ids), from: kind.rawValue, by: "snapshot-id")
        }
        for (name, ref) in metadata.refs where ref["snapshot-id"]?.int.map(ids.contains) == true { removeRef(name) }
    }

    /// Without snapshots that were current only within this commit, and from the first entry on after which every
    /// snapshot still exists: a history with holes would show rows at times at which they were not there.
    private var snapshotLog: SnapshotList {
        guard hasFewerSnapshots || !passedSnapshots.isEmpty else { return metadata.snapshotLog }
        return metadata.snapshotLog.filtered { $0.map { !passedSnapshots.contains($0) } ?? false }
            .suffix { $0.map { !metadata.snapshots.contains($0) } ?? true }
    }

    // MARK: Earlier metadata files

    /// Without the oldest files, as the table's properties ask; there is place for one more.
    private var metadataLog: [JSON] {
        let log = base.document["metadata-log"]?.array ?? []
        let limit = metadata.properties["write.metadata.previous-versions-max"]?.string.flatMap { Int($0) } ?? 100
        return Array(log.suffix(max(limit, 1) - 1))
    }

    // MARK: Members

    private mutating func set(_ name: String, _ value: JSON) { metadata.document[name] = value }

    private mutating func append(_ element: JSON, to name: String) {
        set(name, .array((metadata.document[name]?.array ?? []) + [element]))
    }

    private mutating func remove(_ ids: [Int], from name: String, by member: String) {
        guard let elements = metadata.document[name]?.array else { return }
        let kept = elements.filter { !($0[member]?.int.map(ids.contains) ?? false) }
        if kept.count < elements.count { set(name, .array(kept)) }
    }
}

extension String {
    /// The text without slashes at its end.
    var trimmingSlash: String {
        var text = self[...]
        while text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }
}
