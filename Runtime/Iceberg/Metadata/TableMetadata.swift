public import JSON

/// A table's metadata document.
/// - SeeAlso: <https://iceberg.apache.org/spec/#table-metadata-fields>
public struct TableMetadata: Sendable {
    public let formatVersion: Int
    public let uuid: String
    public let location: String
    public let lastSequenceNumber: Int64
    public let lastColumnID: Int32
    public let schemas: [IcebergSchema]
    public let currentSchema: IcebergSchema
    public let specs: [PartitionSpec]
    public let defaultSpec: PartitionSpec
    public let snapshots: [Snapshot]
    public let currentSnapshot: Snapshot?
    public let properties: [String: String]
    /// The snapshots that branches and tags name.
    public let referencedIDs: Set<Int64>
    /// Where earlier metadata documents are that the table still lists.
    public let formerLocations: [String]
    /// Where statistics of snapshots are.
    public let statisticsLocations: [String]

    public init(_ json: JSON) throws(IcebergError) {
        func require<Value>(_ name: String, _ value: Value?) throws(IcebergError) -> Value {
            guard let value else { throw .metadata(place: name, reason: "it is missing or no value of its type") }
            return value
        }
        formatVersion = try require("format-version", json["format-version"]?.int)
        guard formatVersion == 2 else {
            throw .unsupported("format version \(formatVersion) of a table; 2 is read and written, and")
        }
        uuid = try require("table-uuid", json["table-uuid"]?.string)
        location = try require("location", json["location"]?.string)
        lastSequenceNumber = Int64(try require("last-sequence-number", json["last-sequence-number"]?.int))
        lastColumnID = try require("last-column-id", json["last-column-id"]?.id)
        var schemas: [IcebergSchema] = []
        for schema in try require("schemas", json["schemas"]?.array) {
            schemas.append(try IcebergSchema(schema, at: "schemas"))
        }
        self.schemas = schemas
        let schemaID = try require("current-schema-id", json["current-schema-id"]?.id)
        currentSchema = try require("current-schema-id", schemas.first { $0.id == schemaID })
        var specs: [PartitionSpec] = []
        for spec in try require("partition-specs", json["partition-specs"]?.array) {
            specs.append(try PartitionSpec(spec, at: "partition-specs"))
        }
        self.specs = specs
        let specID = try require("default-spec-id", json["default-spec-id"]?.id)
        defaultSpec = try require("default-spec-id", specs.first { $0.id == specID })
        var snapshots: [Snapshot] = []
        for snapshot in json["snapshots"]?.array ?? [] { snapshots.append(try Snapshot(snapshot)) }
        self.snapshots = snapshots
        // Older writers say "none" by -1.
        let current = json["current-snapshot-id"]?.int.map(Int64.init)
        currentSnapshot =
            current == nil || current == -1
            ? nil : try require("current-snapshot-id", snapshots.first { $0.id == current })
        var properties: [String: String] = [:]
        for (name, value) in json["properties"]?.object ?? [:] { properties[name] = value.string }
        self.properties = properties
        let references = json["refs"]?.object?.compactMap { $0.value["snapshot-id"]?.int.map(Int64.init) } ?? []
        referencedIDs = Set(references)
        formerLocations = (json["metadata-log"]?.array ?? []).compactMap { $0["metadata-file"]?.string }
        let statistics = (json["statistics"]?.array ?? []) + (json["partition-statistics"]?.array ?? [])
        statisticsLocations = statistics.compactMap { $0["statistics-path"]?.string }
    }
}

/// One state of a table.
/// - SeeAlso: <https://iceberg.apache.org/spec/#snapshots>
public struct Snapshot: Sendable, Hashable {
    public let id: Int64
    public let parentID: Int64?
    public let sequenceNumber: Int64
    /// Milliseconds since 1970.
    public let timestamp: Int64
    public let manifestList: String
    /// `operation`, counts, and what the writer adds.
    public let summary: [String: String]
    public let schemaID: Int32?

    public init(
        id: Int64, parentID: Int64?, sequenceNumber: Int64, timestamp: Int64, manifestList: String,
        summary: [String: String], schemaID: Int32?
    ) {
        self.id = id
        self.parentID = parentID
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.manifestList = manifestList
        self.summary = summary
        self.schemaID = schemaID
    }

    /// The table's rows, where the summary tells.
    public var rowCount: Int64? { summary["total-records"].flatMap { Int64($0) } }

    init(_ json: JSON) throws(IcebergError) {
        guard let id = json["snapshot-id"]?.int, let timestamp = json["timestamp-ms"]?.int else {
            throw .metadata(place: "snapshots", reason: "\(json) lacks its id or time")
        }
        guard let list = json["manifest-list"]?.string else {
            throw .unsupported("snapshot \(id), which lists its manifests in the metadata itself,")
        }
        var summary: [String: String] = [:]
        for (name, value) in json["summary"]?.object ?? [:] { summary[name] = value.string }
        self.init(
            id: Int64(id), parentID: json["parent-snapshot-id"]?.int.map(Int64.init),
            sequenceNumber: Int64(json["sequence-number"]?.int ?? 0), timestamp: Int64(timestamp), manifestList: list,
            summary: summary, schemaID: json["schema-id"]?.id)
    }

    public var json: JSON {
        var object: JSONObject = ["snapshot-id": .int(id)]
        if let parentID { object["parent-snapshot-id"] = .int(parentID) }
        object["sequence-number"] = .int(sequenceNumber)
        object["timestamp-ms"] = .int(timestamp)
        object["manifest-list"] = .string(manifestList)
        object["summary"] = .object(JSONObject(summary.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        if let schemaID { object["schema-id"] = .int(schemaID) }
        return .object(object)
    }
}

extension Snapshot {
    /// An id for a new snapshot: a positive number out of a random UUID.
    public static func newID(from uuid: String) -> Int64 {
        let digits = uuid.filter { $0 != "-" }.prefix(16)
        return (Int64(bitPattern: UInt64(digits, radix: 16) ?? 1) & .max) | 1
    }
}
