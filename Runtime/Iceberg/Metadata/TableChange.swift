public import JSON

/// A change of a table as the catalog takes it: what must still hold, and what becomes of it.
/// - SeeAlso: <https://iceberg.apache.org/rest-catalog-spec/>, `CommitTableRequest`
public struct TableChange: Sendable {
    public private(set) var requirements: [JSON]
    public private(set) var updates: [JSON] = []

    /// A change of the table as it was read.
    public init(of metadata: TableMetadata) {
        requirements = [["type": "assert-table-uuid", "uuid": .string(metadata.uuid)]]
    }

    /// Asks that no other snapshot has become the current one.
    public mutating func requireCurrent(_ snapshot: Snapshot?) {
        requirements.append([
            "type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": snapshot.map { .int($0.id) } ?? .null,
        ])
    }

    /// Makes a snapshot the table's current one, if nobody has committed another since.
    public mutating func advance(to snapshot: Snapshot) {
        requirements.append([
            "type": "assert-ref-snapshot-id", "ref": "main",
            "snapshot-id": snapshot.parentID.map { .int($0) } ?? .null,
        ])
        updates.append(["action": "add-snapshot", "snapshot": snapshot.json])
        updates.append([
            "action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": .int(snapshot.id),
        ])
    }

    /// Makes a schema the table's current one, if nobody has changed the columns since.
    public mutating func evolve(_ metadata: TableMetadata, to schema: IcebergSchema) {
        guard schema.id != metadata.currentSchema.id else { return }
        requirements.append([
            "type": "assert-current-schema-id", "current-schema-id": .int(metadata.currentSchema.id),
        ])
        requirements.append([
            "type": "assert-last-assigned-field-id", "last-assigned-field-id": .int(metadata.lastColumnID),
        ])
        let isNew = !metadata.schemas.contains { $0.id == schema.id }
        if isNew { updates.append(["action": "add-schema", "schema": schema.json]) }
        // -1 is the schema that was added last.
        updates.append(["action": "set-current-schema", "schema-id": .int(isNew ? -1 : schema.id)])
    }

    /// Removes snapshots, which no branch or tag may name.
    public mutating func expire(_ ids: [Int64]) {
        updates.append(["action": "remove-snapshots", "snapshot-ids": .array(ids.map { .int($0) })])
    }

    public mutating func set(_ properties: [String: String]) {
        let values = JSONObject(properties.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) })
        updates.append(["action": "set-properties", "updates": .object(values)])
    }

    public mutating func remove(_ properties: [String]) {
        updates.append(["action": "remove-properties", "removals": .array(properties.map { .string($0) })])
    }

    public var json: JSON { ["requirements": .array(requirements), "updates": .array(updates)] }
}
