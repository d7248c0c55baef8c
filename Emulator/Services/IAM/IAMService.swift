package import EmulatorCore
internal import Time
internal import XML

/// AWS IAM and STS, as far as scripts need them: roles can be created and read, and no permission is ever refused.
///
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html>
package struct IAMService: Service {
    package static let signingNames = ["iam", "sts"]
    package static let schema = [
        """
        CREATE TABLE IF NOT EXISTS iam_role (
            name TEXT PRIMARY KEY, document TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
        """
    ]

    private static let requestLimit = 1 << 20

    private let store: Store
    private let account: Account
    private let clock: ClockAndChance

    package init(_ context: ServiceContext) {
        self.init(store: context.store, account: context.account, clock: context.clock)
    }

    init(store: Store, account: Account = Account(), clock: ClockAndChance = .system) {
        self.store = store
        self.account = account
        self.clock = clock
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let form = FormBody(try await request.body.collect(upTo: Self.requestLimit))
            let action = form["Action"] ?? ""
            let result = try await perform(action, form)
            return QueryAnswer.success(action, requestID: clock.uuid(), result)
        } catch {
            return QueryAnswer.failure(error as? AWSFault ?? .internalFailure(error), requestID: clock.uuid())
        }
    }

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        QueryAnswer.failure(fault.queryFault, requestID: clock.uuid())
    }

    /// Writes an answer's result.
    private typealias Result = (inout XMLWriter) -> Void

    private func perform(_ action: String, _ form: FormBody) async throws -> Result {
        switch action {
        case "CreateRole": return try await createRole(form)
        case "GetRole": return try role(named: form["RoleName"] ?? "")
        case "DeleteRole":
            try await store.write {
                try $0.execute("DELETE FROM iam_role WHERE name = ?", .text(form["RoleName"] ?? ""))
            }
            return { _ in }
        case "ListRoles":
            let roles = try store.read { snapshot in
                try snapshot.all("SELECT name, document, created_at FROM iam_role ORDER BY name") { row in
                    members(row.text(0), row.text(1), row.integer(2))
                }
            }
            return { result in
                result.element("IsTruncated", false)
                result.element("Roles") { list in for role in roles { list.element("member", role) } }
            }
        // Permissions are not checked, so there is nothing to store.
        case "PutRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "DeleteRolePolicy": return { _ in }
        case "ListAttachedRolePolicies": return Self.emptyList("AttachedPolicies")
        case "ListRolePolicies": return Self.emptyList("PolicyNames")
        case "GetCallerIdentity":
            return { [account] result in
                result.element("Arn", "arn:aws:iam::\(account.id):root")
                result.element("UserId", account.id)
                result.element("Account", account.id)
            }
        default: throw AWSFault.notEmulated("IAM's \(action)")
        }
    }

    private static func emptyList(_ name: String) -> Result {
        { result in
            result.element("IsTruncated", false)
            result.element(name, "")
        }
    }

    // MARK: Roles

    private func createRole(_ form: FormBody) async throws -> Result {
        guard let name = form["RoleName"], !name.isEmpty else {
            throw AWSFault("ValidationError", "RoleName is missing.")
        }
        let document = form["AssumeRolePolicyDocument"] ?? "{}"
        let now = clock.now().milliseconds
        let isNew = try await store.write { transaction in
            try transaction.execute(
                "INSERT OR IGNORE INTO iam_role VALUES (?, ?, ?)", .text(name), .text(document), .integer(now)) == 1
        }
        guard isNew else {
            throw AWSFault("EntityAlreadyExists", "Role with name \(name) already exists.", status: 409)
        }
        return try role(named: name)
    }

    private func role(named name: String) throws -> Result {
        let found = try store.read { snapshot in
            try snapshot.first("SELECT document, created_at FROM iam_role WHERE name = ?", .text(name)) { row in
                members(name, row.text(0), row.integer(1))
            }
        }
        guard let found else {
            throw AWSFault("NoSuchEntity", "The role with name \(name) cannot be found.", status: 404)
        }
        return { $0.element("Role", found) }
    }

    private func members(_ name: String, _ document: String, _ createdAt: Int64) -> Result {
        let arn = "arn:aws:iam::\(account.id):role/\(name)"
        return { role in
            role.element("Path", "/")
            role.element("RoleName", name)
            role.element("RoleId", "AROA\(name.uppercased())")
            role.element("Arn", arn)
            role.element("CreateDate", Timestamp(milliseconds: createdAt).rfc3339)
            role.element("AssumeRolePolicyDocument", document)
        }
    }
}
