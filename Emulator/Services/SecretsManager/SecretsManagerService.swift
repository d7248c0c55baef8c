package import EmulatorCore
package import JSON
internal import Time

/// AWS Secrets Manager: secrets by name, each with versions that carry staging labels.
///
/// Values are not encrypted, and rotation is not emulated.
/// - SeeAlso: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>
package struct SecretsManagerService: Sendable {
    package static let signingNames = ["secretsmanager"]
    package static let schema = [StoredSecret.schema]

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

    /// Lets `body` change the secret that the input names.
    /// - Parameter deletedToo: whether it may be a secret that waits for its deletion.
    func change(
        _ input: JSON, deletedToo: Bool = false, _ body: @escaping @Sendable (inout StoredSecret) throws -> JSON
    ) async throws -> JSON {
        let id = try Self.required("SecretId", in: input)
        return try await store.write { transaction in
            guard var secret = try StoredSecret.find(id, in: transaction.snapshot) else { throw AWSFault.noSecret }
            if secret.deletedAt != nil, !deletedToo { throw AWSFault.secretIsDeleted }
            let answer = try body(&secret)
            try secret.save(in: transaction)
            return answer
        }
    }

    func secret(_ input: JSON) throws -> StoredSecret {
        let id = try Self.required("SecretId", in: input)
        guard let secret = try store.read({ try StoredSecret.find(id, in: $0) }) else { throw AWSFault.noSecret }
        return secret
    }

    static func required(_ name: String, in input: JSON) throws(AWSFault) -> String {
        guard let value = input[name]?.string else {
            let field = name.prefix(1).lowercased() + name.dropFirst()
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value null at '\(field)' failed to satisfy constraint: Member must not be "
                    + "null")
        }
        return value
    }
}

extension SecretsManagerService: Service, JSONService {
    package var actionService: String { "secretsmanager" }
    package var targetPrefix: String { "secretsmanager" }
    package var protocolVersion: String { "1.1" }

    /// An invalid name is an error that the service's model lacks.
    package func sdkError(_ fault: AWSFault) -> SDKError {
        let isGeneric = ["ValidationException", "InternalFailure", "SerializationException"].contains(fault.code)
        return SDKError(type: isGeneric ? nil : fault.code, code: fault.code)
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateSecret": return try await createSecret(input)
            case "GetRandomPassword": return ["RandomPassword": .string(try password(input))]
            case "GetSecretValue": return try secretValue(input)
            case "PutSecretValue": return try await putSecretValue(input)
            case "UpdateSecret": return try await updateSecret(input)
            case "DescribeSecret": return try describeSecret(input)
            case "DeleteSecret": return try await deleteSecret(input)
            case "RestoreSecret": return try await restoreSecret(input)
            case "ListSecrets": return try listSecrets(input)
            case "ListSecretVersionIds": return try listVersions(input)
            case "TagResource": return try await tagSecret(input)
            case "UntagResource": return try await untagSecret(input)
            default: throw AWSFault.notEmulated("Secrets Manager's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}

extension AWSFault {
    static let noSecret = AWSFault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    static let secretIsDeleted = AWSFault(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.")
}
