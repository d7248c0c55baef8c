internal import EmulatorCore
internal import JSON
internal import Time

// The operations. See <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>

extension SecretsManagerService {
    private static let valueLimit = 65_536

    /// Letters, digits and `/_+=.@-`.
    private static func check(name: String) throws(AWSFault) {
        let isValid = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "/_+=.@-".utf8.contains(byte)
        }
        guard isValid, (1...512).contains(name.utf8.count) else {
            throw AWSFault(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
            )
        }
    }

    /// `SecretString` or `SecretBinary`; nil where there is neither.
    private static func value(in input: JSON) throws(AWSFault) -> JSONObject? {
        let given = ["SecretString", "SecretBinary"].filter { input[$0]?.isNull == false }
        guard given.count < 2 else {
            throw AWSFault(
                "InvalidParameterException",
                "You can't specify both a binary secret value and a string secret value in the same secret.")
        }
        guard let name = given.first, let text = input[name]?.string else { return nil }
        guard (1...valueLimit).contains(text.utf8.count) else {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value at '\(name.prefix(1).lowercased() + name.dropFirst())' failed to satisfy "
                    + "constraint: Member must have length less than or equal to \(valueLimit)")
        }
        return [name: .string(text)]
    }

    private static func tags(_ input: JSON) -> JSONObject {
        JSONObject(
            (input["Tags"]?.array ?? []).compactMap { tag in tag["Key"]?.string.map { ($0, tag["Value"] ?? "") } })
    }

    func createSecret(_ input: JSON) async throws -> JSON {
        let name = try Self.required("Name", in: input)
        try Self.check(name: name)
        let value = try Self.value(in: input)
        let now = clock.now().milliseconds
        let suffix = clock.uuid().filter { $0 != "-" }.prefix(6)
        var secret = StoredSecret(
            name: name, arn: account.arn("secretsmanager", "secret:\(name)-\(suffix)"), createdAt: now)
        secret.description = input["Description"]?.string
        secret.keyID = input["KmsKeyId"]?.string
        secret.tags = Self.tags(input)
        let version = input["ClientRequestToken"]?.string ?? clock.uuid()
        if let value { try secret.add(value, id: version, stages: [StoredSecret.current], at: now) }
        let made = secret
        try await store.write { transaction in
            if let existing = try StoredSecret.find(name, in: transaction.snapshot) {
                guard existing.deletedAt == nil else {
                    throw AWSFault(
                        "InvalidRequestException",
                        "You can't create this secret because a secret with this name is already scheduled for deletion."
                    )
                }
                throw AWSFault(
                    "ResourceExistsException",
                    "The operation failed because the secret \(name) already exists.")
            }
            try made.save(in: transaction)
        }
        var answer: JSONObject = ["ARN": .string(made.arn), "Name": .string(name)]
        if value != nil { answer["VersionId"] = .string(version) }
        return .object(answer)
    }

    func secretValue(_ input: JSON) throws -> JSON {
        let secret = try secret(input)
        if secret.deletedAt != nil { throw AWSFault.secretIsDeleted }
        let (id, stage) = (input["VersionId"]?.string, input["VersionStage"]?.string)
        let wanted = stage ?? (id == nil ? StoredSecret.current : nil)
        let found = secret.versions.first { version in
            (id.map { $0 == version.id } ?? true) && (wanted.map { version.stages.contains($0) } ?? true)
        }
        guard let found else {
            let what = id.map { "VersionId: \($0)" } ?? "staging label: \(wanted ?? "")"
            throw AWSFault(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for \(what)")
        }
        var answer: JSONObject = [
            "ARN": .string(secret.arn), "Name": .string(secret.name), "VersionId": .string(found.id),
            "VersionStages": .array(found.stages.map { .string($0) }), "CreatedDate": Timestamp.json(found.createdAt),
        ]
        for (name, value) in found.value { answer[name] = value }
        return .object(answer)
    }

    func putSecretValue(_ input: JSON) async throws -> JSON {
        guard let value = try Self.value(in: input) else {
            throw AWSFault("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
        }
        let id = input["ClientRequestToken"]?.string ?? clock.uuid()
        let given = (input["VersionStages"]?.array ?? []).compactMap(\.string)
        let stages = given.isEmpty ? [StoredSecret.current] : given
        let now = clock.now().milliseconds
        return try await change(input) { secret in
            // The first version is current in any case.
            let all =
                secret.versions.isEmpty && !stages.contains(StoredSecret.current)
                ? stages + [StoredSecret.current] : stages
            try secret.add(value, id: id, stages: all, at: now)
            return [
                "ARN": .string(secret.arn), "Name": .string(secret.name), "VersionId": .string(id),
                "VersionStages": .array(all.map { .string($0) }),
            ]
        }
    }

    func updateSecret(_ input: JSON) async throws -> JSON {
        let value = try Self.value(in: input)
        let id = input["ClientRequestToken"]?.string ?? clock.uuid()
        let now = clock.now().milliseconds
        return try await change(input) { secret in
            if let description = input["Description"]?.string { secret.description = description }
            if let key = input["KmsKeyId"]?.string { secret.keyID = key }
            secret.changedAt = now
            var answer: JSONObject = ["ARN": .string(secret.arn), "Name": .string(secret.name)]
            if let value {
                try secret.add(value, id: id, stages: [StoredSecret.current], at: now)
                answer["VersionId"] = .string(id)
            }
            return .object(answer)
        }
    }

    private func description(of secret: StoredSecret, versions member: String) -> JSON {
        var answer: JSONObject = [
            "ARN": .string(secret.arn), "Name": .string(secret.name), "CreatedDate": Timestamp.json(secret.createdAt),
            "LastChangedDate": Timestamp.json(secret.changedAt),
            "Tags": .array(secret.tags.map { ["Key": .string($0.name), "Value": $0.value] }),
        ]
        if !secret.versions.isEmpty { answer[member] = secret.stagesByVersion }
        answer["Description"] = secret.description.map { .string($0) }
        answer["KmsKeyId"] = secret.keyID.map { .string($0) }
        answer["DeletedDate"] = secret.deletedAt.map { Timestamp.json($0) }
        return .object(answer)
    }

    func describeSecret(_ input: JSON) throws -> JSON {
        description(of: try secret(input), versions: "VersionIdsToStages")
    }

    func deleteSecret(_ input: JSON) async throws -> JSON {
        let isForced = input["ForceDeleteWithoutRecovery"]?.bool ?? false
        let days = input["RecoveryWindowInDays"]?.int
        if isForced, days != nil {
            throw AWSFault(
                "InvalidParameterException",
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
        }
        guard (7...30).contains(days ?? 30) else {
            throw AWSFault(
                "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
            )
        }
        let id = try Self.required("SecretId", in: input)
        let now = clock.now().milliseconds
        return try await store.write { transaction in
            guard var secret = try StoredSecret.find(id, in: transaction.snapshot) else { throw AWSFault.noSecret }
            if isForced {
                try transaction.execute("DELETE FROM secret WHERE name = ?", .text(secret.name))
            } else {
                if secret.deletedAt != nil { throw AWSFault.secretIsDeleted }
                secret.deletedAt = now + Int64(days ?? 30) * 86_400_000
                try secret.save(in: transaction)
            }
            return [
                "ARN": .string(secret.arn), "Name": .string(secret.name),
                "DeletionDate": Timestamp.json(secret.deletedAt ?? now),
            ]
        }
    }

    func restoreSecret(_ input: JSON) async throws -> JSON {
        try await change(input, deletedToo: true) { secret in
            secret.deletedAt = nil
            return ["ARN": .string(secret.arn), "Name": .string(secret.name)]
        }
    }

    func listSecrets(_ input: JSON) throws -> JSON {
        let includesDeleted = input["IncludePlannedDeletion"]?.bool ?? false
        let all = try store.read { try StoredSecret.all(in: $0) }.filter { includesDeleted || $0.deletedAt == nil }
        let limit = min(max(input["MaxResults"]?.int ?? 100, 1), 100)
        let start = min(max(input["NextToken"]?.string.flatMap { Int($0) } ?? 0, 0), all.count)
        let page = all[start...].prefix(limit)
        var answer: JSONObject = [
            "SecretList": .array(page.map { description(of: $0, versions: "SecretVersionsToStages") })
        ]
        if page.endIndex < all.count { answer["NextToken"] = .string(String(page.endIndex)) }
        return .object(answer)
    }

    func listVersions(_ input: JSON) throws -> JSON {
        let secret = try secret(input)
        return [
            "ARN": .string(secret.arn), "Name": .string(secret.name),
            "Versions": .array(
                secret.versions.map { version in
                    [
                        "VersionId": .string(version.id), "CreatedDate": Timestamp.json(version.createdAt),
                        "VersionStages": .array(version.stages.map { .string($0) }),
                    ]
                }),
        ]
    }

    func tagSecret(_ input: JSON) async throws -> JSON {
        let tags = Self.tags(input)
        return try await change(input) { secret in
            for (name, value) in tags { secret.tags[name] = value }
            return [:]
        }
    }

    func untagSecret(_ input: JSON) async throws -> JSON {
        let keys = (input["TagKeys"]?.array ?? []).compactMap(\.string)
        return try await change(input) { secret in
            for key in keys { secret.tags[key] = nil }
            return [:]
        }
    }
}
