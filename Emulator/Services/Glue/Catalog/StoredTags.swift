internal import EmulatorCore
internal import JSON

/// Tags of databases and tables.
enum StoredTags {
    static let schema = """
        CREATE TABLE IF NOT EXISTS glue_tag (
            resource TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (resource, key)) STRICT, WITHOUT ROWID;
        """

    private static let limit = 50

    /// - Throws: ``AWSFault`` if a value is not a text.
    static func checked(_ tags: JSON?) throws(AWSFault) -> JSONObject {
        let tags = tags?.object ?? [:]
        for (key, value) in tags where value.string == nil || key.isEmpty || key.count > 128 {
            throw .invalidInput("The tag \(key) is not valid: a key has 1 to 128 characters, and a value is a string.")
        }
        return tags
    }

    static func all(of resource: String, in snapshot: borrowing Snapshot) throws -> JSONObject {
        JSONObject(
            try snapshot.all("SELECT key, value FROM glue_tag WHERE resource = ? ORDER BY key", .text(resource)) {
                ($0.text(0), .string($0.text(1)))
            })
    }

    static func add(_ tags: JSONObject, to resource: String, in transaction: borrowing Transaction) throws {
        for (key, value) in tags {
            try transaction.execute(
                "INSERT OR REPLACE INTO glue_tag VALUES (?, ?, ?)", .text(resource), .text(key), .text(value.string))
        }
        guard try all(of: resource, in: transaction.snapshot).count <= limit else {
            throw AWSFault.invalidInput("A resource has at most \(limit) tags.")
        }
    }

    static func remove(_ keys: [String], of resource: String, in transaction: borrowing Transaction) throws {
        for key in keys {
            try transaction.execute(
                "DELETE FROM glue_tag WHERE resource = ? AND key = ?", .text(resource), .text(key))
        }
    }

    static func remove(of resource: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM glue_tag WHERE resource = ?", .text(resource))
    }
}
