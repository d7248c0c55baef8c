internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// Roles, and the policies in them and attached to them.
extension IAMService {
    private func role(_ form: FormBody) throws -> StoredRole {
        let name = try Self.required("RoleName", in: form)
        guard let role = try store.read({ try StoredRole.find(name, in: $0) }) else {
            throw AWSFault("NoSuchEntity", "The role with name \(name) cannot be found.", status: 404)
        }
        return role
    }

    private func change(_ form: FormBody, _ body: (inout StoredRole) throws -> Void) async throws -> Result {
        var role = try role(form)
        try body(&role)
        let changed = role
        try await store.write { try changed.save(in: $0) }
        return { _ in }
    }

    func performOnRoles(_ action: String, _ form: FormBody) async throws -> Result {
        switch action {
        case "CreateRole": return try await createRole(form)
        case "GetRole": return write(try role(form))
        case "ListRoles":
            let prefix = form["PathPrefix"] ?? "/"
            let roles = try store.read { try StoredRole.all(in: $0) }.filter {
                ($0.detail["Path"]?.string ?? "/").hasPrefix(prefix)
            }
            return { [account] result in
                result.element("IsTruncated", false)
                result.element("Roles") { list in
                    for role in roles { list.element("member") { role.write(to: &$0, account) } }
                }
            }
        case "DeleteRole":
            let role = try role(form)
            guard role.members(of: "Attached").isEmpty else {
                throw AWSFault(
                    "DeleteConflict", "Cannot delete entity, must detach all policies first.", status: 409)
            }
            guard role.members(of: "Policies").isEmpty else {
                throw AWSFault("DeleteConflict", "Cannot delete entity, must delete policies first.", status: 409)
            }
            try await store.write { try role.delete(in: $0) }
            return { _ in }
        case "UpdateRole":
            return try await change(form) { role in
                for name in ["Description", "MaxSessionDuration"] {
                    if let value = form[name] { role.detail[name] = .string(value) }
                }
            }
        case "UpdateAssumeRolePolicy":
            let document = try Self.policyDocument("PolicyDocument", in: form)
            return try await change(form) { $0.document = document }
        case "TagRole":
            return try await change(form) { role in
                var tags = role.members(of: "Tags")
                for (key, value) in Self.tags(form) { tags[key] = value }
                role.detail["Tags"] = .object(tags)
            }
        case "UntagRole":
            return try await change(form) { role in
                var tags = role.members(of: "Tags")
                for key in form.document["TagKeys"]?.array ?? [] { tags[key.string ?? ""] = nil }
                role.detail["Tags"] = .object(tags)
            }
        default:
            let tags = try role(form).members(of: "Tags")
            return { result in
                result.element("IsTruncated", false)
                result.element("Tags") { StoredRole.write(tags, to: &$0) }
            }
        }
    }

    private func write(_ role: StoredRole) -> Result {
        { [account] result in result.element("Role") { role.write(to: &$0, account) } }
    }

    private func createRole(_ form: FormBody) async throws -> Result {
        let name = try Self.required("RoleName", in: form)
        let document = form["AssumeRolePolicyDocument"] ?? "{}"
        var role = StoredRole(name: name, document: document, createdAt: clock.now().milliseconds)
        for name in ["Path", "Description", "MaxSessionDuration"] {
            role.detail[name] = form[name].map { .string($0) }
        }
        role.detail["Tags"] = .object(Self.tags(form))
        let made = role
        let isNew = try await store.write { transaction in
            guard try StoredRole.find(name, in: transaction.snapshot) == nil else { return false }
            try made.save(in: transaction)
            return true
        }
        guard isNew else {
            throw AWSFault("EntityAlreadyExists", "Role with name \(name) already exists.", status: 409)
        }
        return write(role)
    }

    static func policyDocument(_ name: String, in form: FormBody) throws(AWSFault) -> String {
        let text = try required(name, in: form)
        guard (try? JSON(parsing: text))?.object != nil else {
            throw AWSFault("MalformedPolicyDocument", "Syntax errors in policy.")
        }
        return text
    }

    // MARK: Policies of roles

    func performOnRolePolicies(_ action: String, _ form: FormBody) async throws -> Result {
        switch action {
        case "PutRolePolicy":
            let name = try Self.required("PolicyName", in: form)
            let document = try Self.policyDocument("PolicyDocument", in: form)
            return try await change(form) { role in
                var policies = role.members(of: "Policies")
                policies[name] = .string(document)
                role.detail["Policies"] = .object(policies)
            }
        case "GetRolePolicy":
            let (role, name) = (try role(form), try Self.required("PolicyName", in: form))
            guard let document = role.members(of: "Policies")[name]?.string else {
                throw Self.noRolePolicy(name)
            }
            return { result in
                result.element("RoleName", role.name)
                result.element("PolicyName", name)
                result.element("PolicyDocument", document)
            }
        case "DeleteRolePolicy":
            let name = try Self.required("PolicyName", in: form)
            return try await change(form) { role in
                var policies = role.members(of: "Policies")
                guard policies[name] != nil else { throw Self.noRolePolicy(name) }
                policies[name] = nil
                role.detail["Policies"] = .object(policies)
            }
        case "ListRolePolicies":
            let names = try role(form).members(of: "Policies").names
            return { result in
                result.element("IsTruncated", false)
                result.element("PolicyNames") { list in for name in names { list.element("member", name) } }
            }
        case "AttachRolePolicy":
            let arn = try Self.required("PolicyArn", in: form)
            let name = try policyName(arn)
            return try await change(form) { role in
                var attached = role.members(of: "Attached")
                attached[arn] = .string(name)
                role.detail["Attached"] = .object(attached)
            }
        case "DetachRolePolicy":
            let arn = try Self.required("PolicyArn", in: form)
            return try await change(form) { role in
                var attached = role.members(of: "Attached")
                guard attached[arn] != nil else {
                    throw AWSFault("NoSuchEntity", "Policy \(arn) was not found.", status: 404)
                }
                attached[arn] = nil
                role.detail["Attached"] = .object(attached)
            }
        default:
            let attached = try role(form).members(of: "Attached")
            return { result in
                result.element("IsTruncated", false)
                result.element("AttachedPolicies") { list in
                    for (arn, name) in attached {
                        list.element("member") { policy in
                            policy.element("PolicyName", name.string ?? "")
                            policy.element("PolicyArn", arn)
                        }
                    }
                }
            }
        }
    }

    private static func noRolePolicy(_ name: String) -> AWSFault {
        AWSFault("NoSuchEntity", "The role policy with name \(name) cannot be found.", status: 404)
    }
}
