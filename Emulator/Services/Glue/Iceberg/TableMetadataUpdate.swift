internal import EmulatorCore
internal import JSON

/// One change of a table's metadata, as a commit sends it.
/// - SeeAlso: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>, `TableUpdate`
enum TableMetadataUpdate: Sendable, Hashable {
    case assignUUID(String)
    case upgradeFormatVersion(Int)
    case setLocation(String)
    case setProperties(JSONObject)
    case removeProperties([String])
    case addSchema(TableSchema, lastColumnID: Int?)
    /// Nil for the schema that this commit added last; so with the next two.
    case setCurrentSchema(Int?)
    case removeSchemas([Int])
    /// The spec's fields are checked when the update is applied, when the schema is known.
    case addSpec(JSON)
    case setDefaultSpec(Int?)
    case removeSpecs([Int])
    case addSortOrder(JSON)
    case setDefaultSortOrder(Int?)
    case addSnapshot(JSON)
    case removeSnapshots([Int])
    case setRef(name: String, JSONObject)
    case removeRef(String)
    /// The list in the metadata, and the entry, which replaces that of the same snapshot.
    case setStatistics(StatisticsKind, JSON)
    case removeStatistics(StatisticsKind, snapshot: Int)

    enum StatisticsKind: String, Sendable {
        case table = "statistics"
        case partition = "partition-statistics"
    }

    init(_ update: JSON) throws(AWSFault) {
        switch try update.text("action") {
        case "assign-uuid": self = .assignUUID(try update.text("uuid"))
        case "upgrade-format-version": self = .upgradeFormatVersion(try update.integer("format-version"))
        case "set-location": self = .setLocation(try update.text("location"))
        // Before there was a specification, clients named it `updated` and `removed`.
        case "set-properties":
            self = .setProperties(try update.properties(update["updates"] == nil ? "updated" : "updates"))
        case "remove-properties":
            self = .removeProperties(try update.texts(update["removals"] == nil ? "removed" : "removals"))
        case "add-schema":
            try update.checkID("last-column-id")
            self = .addSchema(
                try TableSchema(.object(try update.members("schema"))),
                lastColumnID: update.present("last-column-id")?.int)
        case "set-current-schema": self = .setCurrentSchema(try Self.id("schema-id", in: update))
        case "remove-schemas": self = .removeSchemas(try update.integers("schema-ids"))
        case "add-spec": self = .addSpec(.object(try update.members("spec")))
        case "set-default-spec": self = .setDefaultSpec(try Self.id("spec-id", in: update))
        case "remove-partition-specs": self = .removeSpecs(try update.integers("spec-ids"))
        case "add-sort-order": self = .addSortOrder(.object(try update.members("sort-order")))
        case "set-default-sort-order": self = .setDefaultSortOrder(try Self.id("sort-order-id", in: update))
        case "add-snapshot": self = .addSnapshot(try Self.checkedSnapshot(in: update))
        case "remove-snapshots": self = .removeSnapshots(try update.integers("snapshot-ids"))
        case "set-snapshot-ref": self = try Self.ref(update)
        case "remove-snapshot-ref": self = .removeRef(try update.text("ref-name"))
        case "set-statistics": self = .setStatistics(.table, try Self.statistics("statistics", in: update))
        case "remove-statistics": self = .removeStatistics(.table, snapshot: try update.integer("snapshot-id"))
        case "set-partition-statistics":
            self = .setStatistics(.partition, try Self.statistics("partition-statistics", in: update))
        case "remove-partition-statistics":
            self = .removeStatistics(.partition, snapshot: try update.integer("snapshot-id"))
        case let other: throw .badRequest("Cannot convert metadata update action to an update: \(other)")
        }
    }

    /// An id; nil for -1, which names what this commit added last.
    private static func id(_ name: String, in update: JSON) throws(AWSFault) -> Int? {
        let id = try update.integer(name)
        return id == -1 ? nil : id
    }

    private static func checkedSnapshot(in update: JSON) throws(AWSFault) -> JSON {
        let snapshot = JSON.object(try update.members("snapshot"))
        _ = try snapshot.integer("snapshot-id")
        _ = try snapshot.integer("timestamp-ms")
        if let summary = snapshot.present("summary") { _ = try summary.text("operation") }
        return snapshot
    }

    private static func ref(_ update: JSON) throws(AWSFault) -> TableMetadataUpdate {
        let name = try update.text("ref-name")
        var ref = update.object ?? [:]
        ref["action"] = nil
        ref["ref-name"] = nil
        for (member, value) in ref where value.isNull { ref[member] = nil }
        _ = try update.integer("snapshot-id")
        let type = try update.text("type").lowercased()
        guard ["branch", "tag"].contains(type) else { throw .badRequest("Invalid snapshot ref type: \(type)") }
        ref["type"] = .string(type)
        for limit in ["min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"] {
            guard let value = ref[limit] else { continue }
            guard let number = value.int, number > 0 else { throw .badRequest("\(limit) must be greater than 0") }
            if type == "tag", limit != "max-ref-age-ms" { throw .badRequest("Tags do not support setting \(limit)") }
        }
        return .setRef(name: name, ref)
    }

    private static func statistics(_ name: String, in update: JSON) throws(AWSFault) -> JSON {
        let file = JSON.object(try update.members(name))
        _ = try file.integer("snapshot-id")
        _ = try file.text("statistics-path")
        return file
    }
}
