internal import EmulatorCore
internal import JSON
internal import Time

/// Aliases, policies, rotation, tags and grants.
extension KMSService {
    func performOnAliases(_ action: String, _ input: JSON) async throws -> JSON {
        if action == "ListAliases" { return try await listAliases(input) }
        let name = try Self.required("AliasName", in: input)
        guard name.hasPrefix("alias/"), name.utf8.count > "alias/".utf8.count else {
            throw AWSFault(
                "ValidationException", "Invalid identifier: AliasName must begin with alias/, as in alias/mine.")
        }
        guard !name.hasPrefix("alias/aws/") else {
            throw AWSFault("NotAuthorizedException", "Aliases that begin with alias/aws/ are AWS's own.")
        }
        let arn = account.arn("kms", name)
        if action == "DeleteAlias" {
            guard try await store.write({ try StoredKey.deleteAlias(name, in: $0) }) else {
                throw AWSFault("NotFoundException", "Alias \(arn) is not found.")
            }
            return [:]
        }
        let key = try await key(input, "TargetKeyId").id
        let now = clock.now().milliseconds
        let isNew = action == "CreateAlias"
        try await store.write { transaction in
            let known = try StoredKey.target(ofAlias: name, in: transaction.snapshot)
            guard isNew == (known == nil) else {
                throw isNew
                    ? AWSFault("AlreadyExistsException", "An alias with the name \(arn) already exists")
                    : AWSFault("NotFoundException", "Alias \(arn) is not found.")
            }
            try StoredKey.setAlias(name, to: key, at: now, in: transaction)
        }
        return [:]
    }

    private func listAliases(_ input: JSON) async throws -> JSON {
        let wanted = input.present("KeyId") == nil ? nil : try await key(input).id
        let aliases = try store.read { snapshot in
            try snapshot.all("SELECT name, key, created_at, changed_at FROM kms_alias ORDER BY name") { row in
                (name: row.text(0), key: row.text(1), createdAt: row.integer(2), changedAt: row.integer(3))
            }
        }
        let entries = aliases.filter { wanted == nil || $0.key == wanted }.map { alias -> JSON in
            [
                "AliasName": .string(alias.name), "AliasArn": .string(account.arn("kms", alias.name)),
                "TargetKeyId": .string(alias.key), "CreationDate": Timestamp.json(alias.createdAt),
                "LastUpdatedDate": Timestamp.json(alias.changedAt),
            ]
        }
        return ["Aliases": .array(entries), "Truncated": false]
    }

    func performOnSettings(_ action: String, _ input: JSON) async throws -> JSON {
        switch action {
        case "GetKeyPolicy":
            return ["Policy": try await key(input).document["Policy"] ?? defaultPolicy, "PolicyName": "default"]
        case "ListKeyPolicies":
            _ = try await key(input)
            return ["PolicyNames": ["default"], "Truncated": false]
        case "PutKeyPolicy":
            let policy = try Self.required("Policy", in: input)
            guard (try? JSON(parsing: policy))?.object != nil else {
                throw AWSFault("MalformedPolicyDocumentException", "The new key policy is not a JSON object.")
            }
            return try await change(input) { $0.document["Policy"] = .string(policy) }
        case "EnableKeyRotation", "DisableKeyRotation":
            return try await change(input) { $0.document["Rotates"] = .bool(action == "EnableKeyRotation") }
        case "GetKeyRotationStatus":
            let key = try await key(input)
            return ["KeyRotationEnabled": key.document["Rotates"] ?? false, "KeyId": .string(key.arn(account))]
        case "TagResource":
            let added = input["Tags"]?.array ?? []
            return try await change(input) { key in
                let names = Set(added.map { $0["TagKey"]?.string })
                let kept = (key.document["Tags"]?.array ?? []).filter { !names.contains($0["TagKey"]?.string) }
                key.document["Tags"] = .array(kept + added)
            }
        case "UntagResource":
            let names = Set((input["TagKeys"]?.array ?? []).map(\.string))
            return try await change(input) { key in
                let tags = key.document["Tags"]?.array ?? []
                key.document["Tags"] = .array(tags.filter { !names.contains($0["TagKey"]?.string) })
            }
        case "ListResourceTags":
            return ["Tags": try await key(input).document["Tags"] ?? [], "Truncated": false]
        default: return try await performOnGrants(action, input)
        }
    }

    private var defaultPolicy: JSON {
        let policy: JSON = [
            "Version": "2012-10-17", "Id": "key-default-1",
            "Statement": [
                [
                    "Sid": "Enable IAM User Permissions", "Effect": "Allow",
                    "Principal": ["AWS": .string("arn:aws:iam::\(account.id):root")], "Action": "kms:*",
                    "Resource": "*",
                ]
            ],
        ]
        return .string(policy.text)
    }

    private func performOnGrants(_ action: String, _ input: JSON) async throws -> JSON {
        switch action {
        case "CreateGrant":
            var grant: JSONObject = [:]
            for name in ["GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints", "Name"] {
                grant[name] = input[name]
            }
            _ = try Self.required("GranteePrincipal", in: input)
            let id = clock.uuid().filter { $0 != "-" }
            grant["GrantId"] = .string(id)
            grant["CreationDate"] = Timestamp.json(clock.now().milliseconds)
            let made = grant
            _ = try await change(input) { key in
                key.document["Grants"] = .array((key.document["Grants"]?.array ?? []) + [.object(made)])
            }
            return ["GrantId": .string(id), "GrantToken": .string(Array(id.utf8).base64)]
        case "ListGrants":
            let key = try await key(input)
            let grants = (key.document["Grants"]?.array ?? []).map { grant -> JSON in
                var members = grant.object ?? [:]
                members["KeyId"] = .string(key.arn(account))
                members["IssuingAccount"] = .string("arn:aws:iam::\(account.id):root")
                return .object(members)
            }
            return ["Grants": .array(grants), "Truncated": false]
        default:
            let id = try Self.required("GrantId", in: input)
            return try await change(input) { key in
                let grants = key.document["Grants"]?.array ?? []
                let left = grants.filter { $0["GrantId"]?.string != id }
                guard left.count < grants.count else {
                    throw AWSFault("NotFoundException", "Grant ID \(id) not found")
                }
                key.document["Grants"] = .array(left)
            }
        }
    }
}
