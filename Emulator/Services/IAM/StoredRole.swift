internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// A role in the store.
struct StoredRole: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS iam_role (
            name TEXT PRIMARY KEY, document TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS iam_role_detail (name TEXT PRIMARY KEY, detail TEXT NOT NULL) STRICT;
        """

    let name: String
    /// Who may assume it: `AssumeRolePolicyDocument`.
    var document: String
    let createdAt: Int64
    /// Path, Description, MaxSessionDuration, Tags, Policies (documents by name) and Attached (names by ARN).
    var detail: JSONObject = [:]

    func members(of key: String) -> JSONObject { detail[key]?.object ?? [:] }

    func write(to role: inout XMLWriter, _ account: Account) {
        role.element("Path", detail["Path"]?.string ?? "/")
        role.element("RoleName", name)
        role.element("RoleId", "AROA\(name.uppercased())")
        role.element("Arn", arn(account))
        role.element("CreateDate", Timestamp(milliseconds: createdAt).rfc3339)
        role.element("AssumeRolePolicyDocument", document)
        role.element("Description", ifPresent: detail["Description"]?.string)
        role.element("MaxSessionDuration", detail["MaxSessionDuration"]?.string ?? "3600")
        let tags = members(of: "Tags")
        if !tags.isEmpty { role.element("Tags") { Self.write(tags, to: &$0) } }
    }

    static func write(_ tags: JSONObject, to list: inout XMLWriter) {
        for (key, value) in tags {
            list.element("member") { tag in
                tag.element("Key", key)
                tag.element("Value", value.string ?? value.text)
            }
        }
    }

    // MARK: The store

    private static let columns = """
        SELECT r.name, r.document, r.created_at, d.detail FROM iam_role r LEFT JOIN iam_role_detail d ON d.name = r.name
        """

    init(name: String, document: String, createdAt: Int64) {
        self.name = name
        self.document = document
        self.createdAt = createdAt
    }

    private init(_ row: borrowing Row) throws {
        self.init(name: row.text(0), document: row.text(1), createdAt: row.integer(2))
        detail = try row.textOrNil(3).map { try JSON(parsing: $0) }?.object ?? [:]
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredRole? {
        try snapshot.first("\(columns) WHERE r.name = ?", .text(name)) { try StoredRole($0) }
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredRole] {
        try snapshot.all("\(columns) ORDER BY r.name") { try StoredRole($0) }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO iam_role VALUES (?, ?, ?)", .text(name), .text(document), .integer(createdAt))
        try transaction.execute(
            "INSERT OR REPLACE INTO iam_role_detail VALUES (?, ?)", .text(name), .text(JSON.object(detail).text))
    }

    func delete(in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM iam_role WHERE name = ?", .text(name))
        try transaction.execute("DELETE FROM iam_role_detail WHERE name = ?", .text(name))
    }
}
