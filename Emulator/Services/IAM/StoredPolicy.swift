internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// A policy of the account. AWS's own, such as `arn:aws:iam::aws:policy/ReadOnlyAccess`, are all there, without documents.
struct StoredPolicy: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS iam_policy (
            arn TEXT PRIMARY KEY, name TEXT NOT NULL, document TEXT NOT NULL, description TEXT,
            created_at INTEGER NOT NULL) STRICT;
        """

    let arn: String
    let name: String
    let document: String
    let description: String?
    let createdAt: Int64

    func write(to policy: inout XMLWriter) {
        let created = Timestamp(milliseconds: createdAt).rfc3339
        policy.element("PolicyName", name)
        policy.element("PolicyId", "ANPA\(name.uppercased())")
        policy.element("Arn", arn)
        policy.element("Path", "/")
        policy.element("DefaultVersionId", "v1")
        policy.element("IsAttachable", true)
        policy.element("Description", ifPresent: description)
        policy.element("CreateDate", created)
        policy.element("UpdateDate", created)
    }

    private static let columns = "SELECT arn, name, document, description, created_at FROM iam_policy"

    private init(_ row: borrowing Row) {
        self.init(
            arn: row.text(0), name: row.text(1), document: row.text(2), description: row.textOrNil(3),
            createdAt: row.integer(4))
    }

    init(arn: String, name: String, document: String, description: String?, createdAt: Int64) {
        self.arn = arn
        self.name = name
        self.document = document
        self.description = description
        self.createdAt = createdAt
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredPolicy] {
        try snapshot.all("\(columns) ORDER BY arn") { StoredPolicy($0) }
    }

    static func find(_ arn: String, in snapshot: borrowing Snapshot) throws -> StoredPolicy? {
        try snapshot.first("\(columns) WHERE arn = ?", .text(arn)) { StoredPolicy($0) }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO iam_policy VALUES (?, ?, ?, ?, ?)", .text(arn), .text(name), .text(document),
            .text(description), .integer(createdAt))
    }

    static func delete(_ arn: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM iam_policy WHERE arn = ?", .text(arn))
    }
}

extension IAMService {
    private static let managed = "arn:aws:iam::aws:policy/"

    /// - Throws: ``AWSFault`` for a policy of this account that is not there.
    func policyName(_ arn: String) throws -> String {
        if arn.hasPrefix(Self.managed) { return arn.split(separator: "/").last.map(String.init) ?? arn }
        return try policy(arn).name
    }

    private func policy(_ arn: String) throws -> StoredPolicy {
        guard let found = try store.read({ try StoredPolicy.find(arn, in: $0) }) else {
            throw AWSFault("NoSuchEntity", "Policy \(arn) does not exist or is not attachable.", status: 404)
        }
        return found
    }

    func performOnPolicies(_ action: String, _ form: FormBody) async throws -> Result {
        switch action {
        case "CreatePolicy":
            let name = try Self.required("PolicyName", in: form)
            let made = StoredPolicy(
                arn: "arn:aws:iam::\(account.id):policy\(form["Path"] ?? "/")\(name)", name: name,
                document: try Self.policyDocument("PolicyDocument", in: form), description: form["Description"],
                createdAt: clock.now().milliseconds)
            let isNew = try await store.write { transaction in
                try transaction.execute(
                    "INSERT OR IGNORE INTO iam_policy VALUES (?, ?, ?, ?, ?)", .text(made.arn), .text(name),
                    .text(made.document), .text(made.description), .integer(made.createdAt)) == 1
            }
            guard isNew else {
                throw AWSFault("EntityAlreadyExists", "A policy called \(name) already exists.", status: 409)
            }
            return { result in result.element("Policy") { made.write(to: &$0) } }
        case "GetPolicy":
            let policy = try policy(try Self.required("PolicyArn", in: form))
            return { result in result.element("Policy") { policy.write(to: &$0) } }
        case "GetPolicyVersion":
            let policy = try policy(try Self.required("PolicyArn", in: form))
            return { result in
                result.element("PolicyVersion") { version in
                    version.element("Document", policy.document)
                    version.element("VersionId", "v1")
                    version.element("IsDefaultVersion", true)
                    version.element("CreateDate", Timestamp(milliseconds: policy.createdAt).rfc3339)
                }
            }
        case "DeletePolicy":
            let policy = try policy(try Self.required("PolicyArn", in: form))
            let users = try store.read { try StoredRole.all(in: $0) }
            guard !users.contains(where: { $0.members(of: "Attached")[policy.arn] != nil }) else {
                throw AWSFault(
                    "DeleteConflict", "Cannot delete a policy attached to entities.", status: 409)
            }
            try await store.write {
                try $0.execute("DELETE FROM iam_policy WHERE arn = ?", .text(policy.arn))
            }
            return { _ in }
        default:
            let policies = try store.read { try StoredPolicy.all(in: $0) }
            return { result in
                result.element("IsTruncated", false)
                result.element("Policies") { list in
                    for policy in policies { list.element("member") { policy.write(to: &$0) } }
                }
            }
        }
    }
}
