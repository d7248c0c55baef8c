package import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// AWS IAM and STS: roles and policies are kept, and sessions of roles have keys. Permissions are enforced elsewhere, and only
/// where the emulator is started so.
///
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html>,
///   <https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html>
package struct IAMService: Service {
    package static let signingNames = ["iam", "sts"]
    package static let schema = [StoredRole.schema, StoredPolicy.schema]

    private static let requestLimit = 1 << 20

    let store: Store
    let account: Account
    let clock: ClockAndChance
    let sessions: SessionKeys
    let gathered = GatheredResources()

    package init(_ context: ServiceContext) {
        self.init(
            store: context.store, account: context.account, clock: context.clock, sessions: context.sessions)
    }

    init(
        store: Store, account: Account = Account(), clock: ClockAndChance = .system,
        sessions: SessionKeys = SessionKeys(.emulator)
    ) {
        self.store = store
        self.account = account
        self.clock = clock
        self.sessions = sessions
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let form = FormBody(try await request.body.collect(upTo: Self.requestLimit))
            let action = form["Action"] ?? ""
            let token = request.headers["X-Amz-Security-Token"]
            let result = try await perform(action, form, token)
            return QueryAnswer.success(action, requestID: clock.uuid(), result)
        } catch {
            return QueryAnswer.failure(error as? AWSFault ?? .internalFailure(error), requestID: clock.uuid())
        }
    }

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        QueryAnswer.failure(fault.queryFault, requestID: clock.uuid())
    }

    /// Writes an answer's result.
    typealias Result = (inout XMLWriter) -> Void

    private func perform(_ action: String, _ form: FormBody, _ token: String?) async throws -> Result {
        switch action {
        case "GetCallerIdentity": return callerIdentity(token)
        case "AssumeRole": return try assumeRole(form)
        case "GetSessionToken":
            let session = SessionKeys.Session(
                arn: rootARN, expiresAt: try expiry(form, longest: 129_600, usual: 43_200))
            return credentials(of: session)
        case "CreateRole", "GetRole", "UpdateRole", "DeleteRole", "ListRoles", "UpdateAssumeRolePolicy", "TagRole",
            "UntagRole", "ListRoleTags":
            return try await performOnRoles(action, form)
        case "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy", "ListRolePolicies", "AttachRolePolicy",
            "DetachRolePolicy", "ListAttachedRolePolicies":
            return try await performOnRolePolicies(action, form)
        case "CreatePolicy", "GetPolicy", "GetPolicyVersion", "DeletePolicy", "ListPolicies":
            return try await performOnPolicies(action, form)
        default: throw AWSFault.notEmulated("IAM's \(action)")
        }
    }

    static func required(_ name: String, in form: FormBody) throws(AWSFault) -> String {
        guard let value = form[name], !value.isEmpty else {
            let field = name.prefix(1).lowercased() + name.dropFirst()
            throw AWSFault(
                "ValidationError",
                "1 validation error detected: Value null at '\(field)' failed to satisfy constraint: Member must not be "
                    + "null")
        }
        return value
    }

    /// `Tags.member.N`, by key.
    static func tags(_ form: FormBody) -> JSONObject {
        JSONObject((form.document["Tags"]?.array ?? []).map { ($0["Key"]?.string ?? "", $0["Value"] ?? "") })
    }

    // MARK: Sessions

    private var rootARN: String { "arn:aws:iam::\(account.id):root" }

    private func callerIdentity(_ token: String?) -> Result {
        let session = token.flatMap { sessions.session(ofToken: $0) }
        return { [account, rootARN] result in
            result.element("Arn", session?.session.arn ?? rootARN)
            result.element("UserId", session?.key.id ?? account.id)
            result.element("Account", account.id)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    private func assumeRole(_ form: FormBody) throws -> Result {
        let arn = try Self.required("RoleArn", in: form)
        let name = try Self.required("RoleSessionName", in: form)
        guard let role = ARN(arn), role.service == "iam", role.resource.hasPrefix("role/") else {
            throw AWSFault("ValidationError", "\(arn) is invalid")
        }
        let isNamed =
            (2...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                UnicodeScalar(byte).properties.isAlphabetic || (0x30...0x39).contains(byte)
                    || "_=,.@-".utf8.contains(byte)
            }
        guard isNamed else {
            throw AWSFault(
                "ValidationError",
                "1 validation error detected: Value '\(name)' at 'roleSessionName' failed to satisfy constraint: Member "
                    + "must satisfy regular expression pattern: [\\w+=,.@-]*")
        }
        let roleName = role.resource.split(separator: "/").last.map(String.init) ?? ""
        let session = SessionKeys.Session(
            arn: "arn:aws:sts::\(account.id):assumed-role/\(roleName)/\(name)",
            expiresAt: try expiry(form, longest: 43_200, usual: 3600))
        let written = credentials(of: session)
        return { result in
            written(&result)
            result.element("AssumedRoleUser") { user in
                user.element("AssumedRoleId", "AROA\(roleName.uppercased()):\(name)")
                user.element("Arn", session.arn)
            }
            result.element("PackedPolicySize", "0")
        }
    }

    private func expiry(_ form: FormBody, longest: Int, usual: Int) throws -> Int64 {
        let seconds = form["DurationSeconds"].map { Int($0) ?? 0 } ?? usual
        guard (900...longest).contains(seconds) else {
            throw AWSFault(
                "ValidationError",
                "DurationSeconds must be between 900 and \(longest), not \(form["DurationSeconds"] ?? "").")
        }
        return clock.now().milliseconds + Int64(seconds) * 1000
    }

    private func credentials(of session: SessionKeys.Session) -> Result {
        let key = sessions.key(for: session, clock)
        return { result in
            result.element("Credentials") { credentials in
                credentials.element("AccessKeyId", key.id)
                credentials.element("SecretAccessKey", key.secret)
                credentials.element("SessionToken", key.token ?? "")
                credentials.element("Expiration", Timestamp(milliseconds: session.expiresAt).rfc3339)
            }
        }
    }
}
