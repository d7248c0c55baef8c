package import EmulatorCore
package import JSON
internal import Time

/// The Parameter Store of AWS Systems Manager: values by name. Only the latest version is stored.
///
/// A `SecureString` is not encrypted, but its value is returned only if the request asks for decryption.
/// - SeeAlso: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
package struct ParameterStore: Sendable {
    package static let signingNames = ["ssm"]
    package static let schema = [StoredParameter.schema]

    let store: Store
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

    func arn(of name: String) -> String {
        account.arn("ssm", "parameter" + (name.hasPrefix("/") ? name : "/" + name))
    }

    // MARK: Operations

    private func put(_ input: JSON) async throws -> JSON {
        let name = input["Name"]?.string ?? ""
        let value = input["Value"]?.string ?? ""
        let type = input["Type"]?.string
        try StoredParameter.check(name: name)
        guard (1...StoredParameter.valueLimit).contains(value.utf8.count) else {
            throw AWSFault(
                "ValidationException",
                "Standard tier parameters support a maximum parameter value of \(StoredParameter.valueLimit) characters, "
                    + "which must not be empty.")
        }
        if let type, !StoredParameter.types.contains(type) {
            throw AWSFault("UnsupportedParameterType", "The parameter type isn't supported.")
        }
        let overwrites = input["Overwrite"]?.bool ?? false
        let now = clock.now().milliseconds
        let version = try await store.write { transaction in
            guard var parameter = try StoredParameter.find(name, in: transaction.snapshot) else {
                guard let type else {
                    throw AWSFault(
                        "ValidationException", "A parameter type is required when you create a parameter.")
                }
                try StoredParameter(name: name, type: type, value: value, version: 1, modifiedAt: now)
                    .save(in: transaction)
                return 1
            }
            guard overwrites else {
                throw AWSFault(
                    "ParameterAlreadyExists",
                    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
                )
            }
            guard type ?? parameter.type == parameter.type else {
                throw AWSFault(
                    "HierarchyTypeMismatchException",
                    "Parameter Store doesn't support changing a parameter type in a hierarchy.")
            }
            parameter.value = value
            parameter.version += 1
            parameter.modifiedAt = now
            try parameter.save(in: transaction)
            return parameter.version
        }
        return ["Version": .int(version), "Tier": "Standard"]
    }

    private func get(_ input: JSON) throws -> JSON {
        ["Parameter": try parameter(input["Name"]?.string ?? "", decrypted: input["WithDecryption"]?.bool ?? false)]
    }

    private func getSome(_ input: JSON) throws -> JSON {
        var (found, missing): ([JSON], [JSON]) = ([], [])
        for name in (input["Names"]?.array ?? []).compactMap(\.string) {
            do {
                found.append(try parameter(name, decrypted: input["WithDecryption"]?.bool ?? false))
            } catch let fault as AWSFault where fault.code.hasSuffix("NotFound") {
                missing.append(.string(name))
            }
        }
        return ["Parameters": .array(found), "InvalidParameters": .array(missing)]
    }

    /// - Parameter reference: a name or an ARN, with or without `:` and a version.
    func parameter(_ reference: String, decrypted: Bool) throws -> JSON {
        var path = reference
        if let resource = ARN(reference)?.resource, resource.hasPrefix("parameter") {
            path = String(resource.dropFirst("parameter".count))
        }
        let parts = path.split(separator: ":", maxSplits: 1).map(String.init)
        guard let name = parts.first else { throw Self.notFound }
        let found = try store.read { snapshot in
            try StoredParameter.find(name, in: snapshot)
                // The ARN of a name without a hierarchy also has a slash.
                ?? (path == reference ? nil : StoredParameter.find(String(name.dropFirst()), in: snapshot))
        }
        guard let found else { throw Self.notFound }
        if parts.count == 2, Int(parts[1]) != found.version {
            throw AWSFault(
                "ParameterVersionNotFound",
                "Systems Manager could not find version \(parts[1]) of \(found.name). Verify the version and try again."
            )
        }
        return [
            "ARN": .string(arn(of: found.name)), "DataType": "text",
            "LastModifiedDate": Timestamp.json(found.modifiedAt), "Name": .string(found.name),
            "Type": .string(found.type), "Version": .int(found.version),
            "Value": .string(found.isSecure && !decrypted ? found.cipherText : found.value),
        ]
    }

    private static let notFound = AWSFault("ParameterNotFound", "The parameter couldn't be found.")

    private func delete(_ input: JSON) async throws -> JSON {
        let name = input["Name"]?.string ?? ""
        let wasThere = try await store.write { transaction in
            try transaction.execute("DELETE FROM ssm_parameter WHERE name = ?", .text(name)) == 1
        }
        guard wasThere else { throw Self.notFound }
        return [:]
    }
}

extension ParameterStore: Service, JSONService {
    package var actionService: String { "ssm" }
    package var targetPrefix: String { "AmazonSSM" }
    package var protocolVersion: String { "1.1" }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "PutParameter": return try await put(input)
            case "GetParameter": return try get(input)
            case "GetParameters": return try getSome(input)
            case "GetParametersByPath": return try getByPath(input)
            case "DescribeParameters": return try describe(input)
            case "DeleteParameter": return try await delete(input)
            case "DeleteParameters": return try await deleteSome(input)
            default: throw AWSFault.notEmulated("Systems Manager's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}
