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

    public mutating func set(_ properties: [String: String]) {
        let values = JSONObject(properties.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) })
        updates.append(["action": "set-properties", "updates": .object(values)])
    }

    public var json: JSON { ["requirements": .array(requirements), "updates": .array(updates)] }
}
