package import EmulatorCore

/// AWS IAM and STS, as far as scripts ask: roles can be made and read, and nobody is ever refused anything.
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
    private let ambient: Ambient

    package init(_ context: ServiceContext) {
        self.init(store: context.store, account: context.account, ambient: context.ambient)
    }

    init(store: Store, account: Account = Account(), ambient: Ambient = .system) {
        self.store = store
        self.account = account
        self.ambient = ambient
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let form = FormBody(try await request.body.collect(upTo: Self.requestLimit))
            let action = form["Action"] ?? ""
            let result = try await perform(action, form)
            return QueryAnswer.success(action, requestID: ambient.uuid()) { $0.verbatim(Array(result.utf8)) }
        } catch {
            return QueryAnswer.failure(error as? AWSFault ?? .internalFailure(error), requestID: ambient.uuid())
        }
    }

    private func perform(_ action: String, _ form: FormBody) async throws -> String {
        switch action {
        case "CreateRole": return try await createRole(form)
        case "GetRole": return try role(named: form["RoleName"] ?? "")
        case "DeleteRole":
            try await store.write {
                try $0.execute("DELETE FROM iam_role WHERE name = ?", .text(form["RoleName"] ?? ""))
            }
            return ""
        case "ListRoles":
            let roles = try store.read { snapshot in
                try snapshot.all("SELECT name, document, created_at FROM iam_role ORDER BY name") { row in
                    "<member>\(members(row.text(0), row.text(1), row.integer(2)))</member>"
                }
            }
            return "<IsTruncated>false</IsTruncated><Roles>\(roles.joined())</Roles>"
        // Rights are not checked, so there is nothing to keep.
        case "PutRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "DeleteRolePolicy": return ""
        case "ListAttachedRolePolicies": return "<IsTruncated>false</IsTruncated><AttachedPolicies/>"
        case "ListRolePolicies": return "<IsTruncated>false</IsTruncated><PolicyNames/>"
        case "GetCallerIdentity":
            return
                "<Arn>arn:aws:iam::\(account.id):root</Arn><UserId>\(account.id)</UserId><Account>\(account.id)</Account>"
        default: throw AWSFault.notEmulated("IAM's \(action)")
        }
    }

    // MARK: Roles

    private func createRole(_ form: FormBody) async throws -> String {
        guard let name = form["RoleName"], !name.isEmpty else {
            throw AWSFault("ValidationError", "RoleName is missing.")
        }
        let document = form["AssumeRolePolicyDocument"] ?? "{}"
        let now = ambient.now()
        let isNew = try await store.write { transaction in
            try transaction.execute(
                "INSERT OR IGNORE INTO iam_role VALUES (?, ?, ?)", .text(name), .text(document), .integer(now)) == 1
        }
        guard isNew else {
            throw AWSFault("EntityAlreadyExists", "Role with name \(name) already exists.", status: 409)
        }
        return try role(named: name)
    }

    private func role(named name: String) throws -> String {
        let found = try store.read { snapshot in
            try snapshot.first("SELECT document, created_at FROM iam_role WHERE name = ?", .text(name)) { row in
                members(name, row.text(0), row.integer(1))
            }
        }
        guard let found else {
            throw AWSFault("NoSuchEntity", "The role with name \(name) cannot be found.", status: 404)
        }
        return "<Role>\(found)</Role>"
    }

    private func members(_ name: String, _ document: String, _ createdAt: Int64) -> String {
        let created = Timestamp(milliseconds: createdAt).iso8601
        return """
            <Path>/</Path><RoleName>\(escaped(name))</RoleName><RoleId>AROA\(escaped(name.uppercased()))</RoleId>\
            <Arn>arn:aws:iam::\(account.id):role/\(escaped(name))</Arn><CreateDate>\(created)</CreateDate>\
            <AssumeRolePolicyDocument>\(escaped(document))</AssumeRolePolicyDocument>
            """
    }

    private func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.append(character)
            }
        }
    }
}
