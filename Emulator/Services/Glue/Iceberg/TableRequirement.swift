internal import EmulatorCore
internal import JSON

/// A condition under which a commit is valid.
/// - SeeAlso: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>, `TableRequirement`
enum TableRequirement: Sendable, Hashable {
    /// The table does not exist.
    case create
    case uuid(String)
    /// The snapshot of a branch or tag; nil for none.
    case ref(String, snapshot: Int?)
    case lastColumn(Int)
    case currentSchema(Int)
    case lastPartition(Int)
    case defaultSpec(Int)
    case defaultSortOrder(Int)

    init(_ requirement: JSON) throws(AWSFault) {
        switch try requirement.text("type") {
        case "assert-create": self = .create
        case "assert-table-uuid": self = .uuid(try requirement.text("uuid"))
        case "assert-ref-snapshot-id":
            let ref = try requirement.text("ref")
            self = .ref(
                ref,
                snapshot: try requirement.present("snapshot-id").map { _ throws(AWSFault) in
                    try requirement.integer("snapshot-id")
                })
        case "assert-last-assigned-field-id": self = .lastColumn(try requirement.integer("last-assigned-field-id"))
        case "assert-current-schema-id": self = .currentSchema(try requirement.integer("current-schema-id"))
        case "assert-last-assigned-partition-id":
            self = .lastPartition(try requirement.integer("last-assigned-partition-id"))
        case "assert-default-spec-id": self = .defaultSpec(try requirement.integer("default-spec-id"))
        case "assert-default-sort-order-id": self = .defaultSortOrder(try requirement.integer("default-sort-order-id"))
        case let other: throw .badRequest("Unknown requirement type: \(other)")
        }
    }

    /// - Throws: ``AWSFault`` `CommitFailedException` if the condition does not hold for the table's metadata.
    func check(_ metadata: TableMetadata) throws(AWSFault) {
        switch self {
        case .create: throw Self.failed("table already exists")
        case .uuid(let uuid):
            guard uuid.lowercased() != metadata.uuid.lowercased() else { return }
            throw Self.failed("UUID does not match: expected \(metadata.uuid) != \(uuid)")
        case .ref(let name, let expected): try Self.check(name, expected, metadata)
        case .lastColumn(let id):
            try Self.check("last assigned field id changed", id, metadata.lastColumnID)
        case .currentSchema(let id): try Self.check("current schema changed", id, metadata.currentSchemaID)
        case .lastPartition(let id):
            try Self.check("last assigned partition id changed", id, metadata.lastPartitionID)
        case .defaultSpec(let id): try Self.check("default partition spec changed", id, metadata.defaultSpecID)
        case .defaultSortOrder(let id): try Self.check("default sort order changed", id, metadata.defaultSortOrderID)
        }
    }

    private static func check(_ name: String, _ expected: Int?, _ metadata: TableMetadata) throws(AWSFault) {
        let ref = metadata.refs[name]
        switch (ref?["snapshot-id"]?.int, expected) {
        case (nil, nil): return
        case (_?, nil): throw failed("branch or tag \(name) was created concurrently")
        case (nil, let expected?): throw failed("branch or tag \(name) is missing, expected \(expected)")
        case (let found?, let expected?):
            guard found != expected else { return }
            throw failed("\(ref?["type"]?.string ?? "branch") \(name) has changed: expected id \(expected) != \(found)")
        }
    }

    private static func check(_ what: String, _ expected: Int, _ found: Int) throws(AWSFault) {
        guard expected == found else { throw failed("\(what): expected id \(expected) != \(found)") }
    }

    private static func failed(_ reason: String) -> AWSFault { .commitFailed("Requirement failed: \(reason)") }
}
