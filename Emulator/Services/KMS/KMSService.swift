package import EmulatorCore
package import JSON
internal import Time

/// AWS KMS: symmetric keys, aliases, grants, and what is encrypted and decrypted with them.
///
/// Policies and grants are kept, and never refuse anything. Other kinds of keys are refused by name.
/// - SeeAlso: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html>
package struct KMSService: Service, JSONService {
    package static let signingNames = ["kms"]
    package static let schema = [StoredKey.schema]
    package var actionService: String { "kms" }
    package var targetPrefix: String { "TrentService" }
    package var protocolVersion: String { "1.1" }

    let store: Store
    let account: Account
    let clock: ClockAndChance

    package init(_ context: ServiceContext) {
        self.init(store: context.store, account: context.account, clock: context.clock)
    }

    init(store: Store, account: Account = Account(), clock: ClockAndChance = .system) {
        self.store = store
        self.account = account
        self.clock = clock
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateKey": return ["KeyMetadata": try await create(input).metadata(account)]
            case "DescribeKey": return ["KeyMetadata": try await key(input).metadata(account)]
            case "ListKeys": return try listKeys()
            case "EnableKey": return try await change(input) { $0.state = .enabled }
            case "DisableKey": return try await change(input) { $0.state = .disabled }
            case "UpdateKeyDescription":
                return try await change(input) { $0.document["Description"] = input["Description"] }
            case "ScheduleKeyDeletion": return try await scheduleDeletion(input)
            case "CancelKeyDeletion": return try await cancelDeletion(input)
            case "CreateAlias", "UpdateAlias", "DeleteAlias", "ListAliases":
                return try await performOnAliases(action, input)
            case "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
                "GenerateRandom":
                return try await performCipher(action, input)
            case "GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies", "EnableKeyRotation", "DisableKeyRotation",
                "GetKeyRotationStatus", "TagResource", "UntagResource", "ListResourceTags", "CreateGrant",
                "ListGrants", "RevokeGrant", "RetireGrant":
                return try await performOnSettings(action, input)
            default: throw AWSFault.notEmulated("KMS's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    static func required(_ name: String, in input: JSON) throws(AWSFault) -> String {
        guard let value = input[name]?.string, !value.isEmpty else {
            let field = name.prefix(1).lowercased() + name.dropFirst()
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value null at '\(field)' failed to satisfy constraint: Member must not be "
                    + "null")
        }
        return value
    }

    // MARK: Keys

    /// The key that `KeyId` names: by ID, ARN, alias or the ARN of an alias. AWS's own keys exist once they are used.
    func key(_ input: JSON, _ member: String = "KeyId") async throws -> StoredKey {
        let text = try Self.required(member, in: input)
        let name = ARN(text).map { $0.resource } ?? text
        let keys = try store.read { snapshot in
            let id = try StoredKey.target(ofAlias: name, in: snapshot) ?? String(name.split(separator: "/").last ?? "")
            return try StoredKey.find(id, in: snapshot)
        }
        if let keys { return keys }
        guard name.hasPrefix("alias/") else {
            let arn = text.hasPrefix("arn:") ? text : account.arn("kms", "key/\(text)")
            throw AWSFault("NotFoundException", "Key '\(arn)' does not exist")
        }
        guard name.hasPrefix("alias/aws/") else {
            throw AWSFault("NotFoundException", "Alias \(account.arn("kms", name)) is not found.")
        }
        var made = StoredKey(id: clock.uuid(), secret: clock.bytes(32), createdAt: clock.now().milliseconds)
        made.document["Manager"] = "AWS"
        let (key, now) = (made, clock.now().milliseconds)
        try await store.write { transaction in
            try key.save(in: transaction)
            try StoredKey.setAlias(name, to: key.id, at: now, in: transaction)
        }
        return key
    }

    /// A key that can encrypt.
    func usableKey(_ input: JSON, _ member: String = "KeyId") async throws -> StoredKey {
        let key = try await key(input, member)
        try check(key)
        return key
    }

    func check(_ key: StoredKey) throws(AWSFault) {
        switch key.state {
        case .enabled: return
        case .disabled: throw AWSFault("DisabledException", "\(key.arn(account)) is disabled.")
        case .pendingDeletion:
            throw AWSFault("KMSInvalidStateException", "\(key.arn(account)) is pending deletion.")
        }
    }

    private func create(_ input: JSON) async throws -> StoredKey {
        let spec = input["KeySpec"]?.string ?? input["CustomerMasterKeySpec"]?.string ?? StoredKey.spec
        guard spec == StoredKey.spec, input["KeyUsage"]?.string ?? StoredKey.usage == StoredKey.usage else {
            throw AWSFault.notEmulated("The KeySpec \(spec) for \(input["KeyUsage"]?.string ?? StoredKey.usage)")
        }
        guard input["Origin"]?.string ?? "AWS_KMS" == "AWS_KMS", input["MultiRegion"]?.bool != true else {
            throw AWSFault.notEmulated("A KMS key of another origin or of several regions")
        }
        var key = StoredKey(id: clock.uuid(), secret: clock.bytes(32), createdAt: clock.now().milliseconds)
        for name in ["Description", "Policy", "Tags"] { key.document[name] = input[name] }
        let made = key
        try await store.write { try made.save(in: $0) }
        return made
    }

    private func listKeys() throws -> JSON {
        let keys = try store.read { try StoredKey.all(in: $0) }
        let entries = keys.map { ["KeyId": .string($0.id), "KeyArn": .string($0.arn(account))] as JSON }
        return ["Keys": .array(entries), "Truncated": false]
    }

    /// Lets `body` change the key that the input names, unless it waits for its deletion.
    func change(_ input: JSON, _ body: @Sendable (inout StoredKey) throws -> Void) async throws -> JSON {
        var key = try await key(input)
        if key.state == .pendingDeletion { try check(key) }
        try body(&key)
        let changed = key
        try await store.write { try changed.save(in: $0) }
        return [:]
    }

    private func scheduleDeletion(_ input: JSON) async throws -> JSON {
        let days = input["PendingWindowInDays"]?.int ?? 30
        guard (7...30).contains(days) else {
            throw AWSFault("ValidationException", "PendingWindowInDays must be between 7 and 30, not \(days).")
        }
        let date = clock.now().milliseconds + Int64(days) * 86_400_000
        var key = try await key(input)
        if key.state == .pendingDeletion { try check(key) }
        key.state = .pendingDeletion
        key.document["DeletionDate"] = .int(date)
        let changed = key
        try await store.write { try changed.save(in: $0) }
        return [
            "KeyId": .string(key.arn(account)), "DeletionDate": Timestamp.json(date),
            "KeyState": .string(key.state.rawValue), "PendingWindowInDays": .int(days),
        ]
    }

    private func cancelDeletion(_ input: JSON) async throws -> JSON {
        var key = try await key(input)
        guard key.state == .pendingDeletion else {
            throw AWSFault("KMSInvalidStateException", "\(key.arn(account)) is not pending deletion.")
        }
        // As on AWS, the key is disabled then.
        key.state = .disabled
        key.document["DeletionDate"] = nil
        let changed = key
        try await store.write { try changed.save(in: $0) }
        return ["KeyId": .string(key.arn(account))]
    }
}

extension ClockAndChance {
    func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { withUnsafeBytes(of: random()) { bytes += $0 } }
        return Array(bytes.prefix(count))
    }
}
