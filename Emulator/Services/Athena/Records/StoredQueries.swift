internal import EmulatorCore
internal import JSON

/// A query that was saved under a name, or as a prepared statement of a work group.
enum StoredQueries {
    static let schema = """
        CREATE TABLE IF NOT EXISTS athena_query (
            kind TEXT NOT NULL, work_group TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
            PRIMARY KEY (kind, work_group, id)) STRICT, WITHOUT ROWID;
        """

    enum Kind: String, Sendable { case named, prepared }

    /// - Parameter workGroup: nil for any; names of prepared statements are unique in their group only.
    static func find(
        _ kind: Kind, _ id: String, of workGroup: String?, in snapshot: borrowing Snapshot
    ) throws -> JSONObject? {
        try snapshot.first(
            "SELECT document FROM athena_query WHERE kind = ? AND id = ? AND work_group = coalesce(?, work_group)",
            .text(kind.rawValue), .text(id), .text(workGroup)
        ) { try JSON(parsing: $0.text(0)).object ?? [:] }
    }

    /// By their IDs.
    static func all(_ kind: Kind, of workGroup: String, in snapshot: borrowing Snapshot) throws -> [JSONObject] {
        try snapshot.all(
            "SELECT document FROM athena_query WHERE kind = ? AND work_group = ? ORDER BY id", .text(kind.rawValue),
            .text(workGroup)
        ) { try JSON(parsing: $0.text(0)).object ?? [:] }
    }

    static func save(
        _ kind: Kind, _ id: String, of workGroup: String, _ document: JSONObject, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO athena_query VALUES (?, ?, ?, ?)", .text(kind.rawValue), .text(workGroup),
            .text(id),
            .text(JSON.object(document).text))
    }

    /// - Returns: whether it was there.
    @discardableResult
    static func delete(
        _ kind: Kind, _ id: String, of workGroup: String?, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            "DELETE FROM athena_query WHERE kind = ? AND id = ? AND work_group = coalesce(?, work_group)",
            .text(kind.rawValue), .text(id), .text(workGroup)) > 0
    }
}
