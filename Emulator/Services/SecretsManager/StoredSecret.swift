internal import EmulatorCore
internal import JSON
internal import Time

/// A secret in the store.
struct StoredSecret: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS secret (
            name TEXT PRIMARY KEY, arn TEXT NOT NULL UNIQUE, document BLOB NOT NULL) STRICT;
        """

    static let current = "AWSCURRENT"
    static let previous = "AWSPREVIOUS"

    struct Version: Sendable {
        let id: String
        /// `SecretString` or `SecretBinary`.
        let value: JSONObject
        var stages: [String]
        let createdAt: Int64
    }

    let name: String
    let arn: String
    var description: String?
    var keyID: String?
    var tags: JSONObject = [:]
    var versions: [Version] = []
    let createdAt: Int64
    var changedAt: Int64
    /// When the secret is deleted for good; nil unless its deletion was asked for.
    var deletedAt: Int64?

    /// - Parameter id: a name, an ARN, or an ARN without the characters after the name.
    static func find(_ id: String, in snapshot: borrowing Snapshot) throws -> StoredSecret? {
        try snapshot.first(
            """
            SELECT name, arn, document FROM secret WHERE name = ?1 OR arn = ?1 OR substr(arn, 1, length(arn) - 7) = ?1
            """, .text(id)
        ) { try StoredSecret(name: $0.text(0), arn: $0.text(1), document: try JSON(parsing: $0.blob(2))) }
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredSecret] {
        try snapshot.all("SELECT name, arn, document FROM secret ORDER BY name") {
            try StoredSecret(name: $0.text(0), arn: $0.text(1), document: try JSON(parsing: $0.blob(2)))
        }
    }

    init(name: String, arn: String, createdAt: Int64) {
        self.name = name
        self.arn = arn
        self.createdAt = createdAt
        changedAt = createdAt
    }

    private init(name: String, arn: String, document: JSON) throws {
        self.init(name: name, arn: arn, createdAt: Int64(document["createdAt"]?.int ?? 0))
        description = document["description"]?.string
        keyID = document["keyID"]?.string
        tags = document["tags"]?.object ?? [:]
        changedAt = Int64(document["changedAt"]?.int ?? 0)
        deletedAt = document["deletedAt"]?.int.map { Int64($0) }
        versions = (document["versions"]?.array ?? []).map { version in
            Version(
                id: version["id"]?.string ?? "", value: version["value"]?.object ?? [:],
                stages: (version["stages"]?.array ?? []).compactMap(\.string),
                createdAt: Int64(version["createdAt"]?.int ?? 0))
        }
    }

    func save(in transaction: borrowing Transaction) throws {
        var document: JSONObject = [
            "createdAt": .int(createdAt), "changedAt": .int(changedAt), "tags": .object(tags),
            "versions": .array(
                versions.map { version in
                    [
                        "id": .string(version.id), "value": .object(version.value),
                        "stages": .array(version.stages.map { .string($0) }), "createdAt": .int(version.createdAt),
                    ]
                }),
        ]
        document["description"] = description.map { .string($0) }
        document["keyID"] = keyID.map { .string($0) }
        document["deletedAt"] = deletedAt.map { .int($0) }
        try transaction.execute(
            "INSERT OR REPLACE INTO secret VALUES (?, ?, ?)", .text(name), .text(arn),
            .blob(JSON.object(document).bytes))
    }

    /// Adds a version, and moves staging labels to it. What had the current one becomes the previous one.
    mutating func add(_ value: JSONObject, id: String, stages: [String], at now: Int64) throws(AWSFault) {
        if let known = versions.first(where: { $0.id == id }) {
            guard known.value == value else {
                throw AWSFault(
                    "ResourceExistsException",
                    "You can't use ClientRequestToken \(id) because that value is already in use for a version of "
                        + "secret \(arn).")
            }
            return
        }
        changedAt = now
        if stages.contains(Self.current) {
            for position in versions.indices {
                versions[position].stages.removeAll { $0 == Self.previous }
                if versions[position].stages.contains(Self.current) { versions[position].stages.append(Self.previous) }
            }
        }
        for position in versions.indices { versions[position].stages.removeAll { stages.contains($0) } }
        versions.append(Version(id: id, value: value, stages: stages, createdAt: now))
        // Versions without a label are deprecated; AWS deletes them in time.
        versions.removeAll { $0.stages.isEmpty }
    }

    /// The staging labels by version.
    var stagesByVersion: JSON {
        .object(JSONObject(versions.map { ($0.id, .array($0.stages.map { .string($0) })) }))
    }
}
