package import EmulatorCore
internal import JSON
internal import Time

/// Secrets in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html>
extension SecretsManagerService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::SecretsManager::Secret"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var request: JSONObject = [:]
        for name in ["Description", "KmsKeyId", "SecretString"] { request[name] = resource.properties[name] }
        let name: JSON = .string(resource.properties["Name"]?.string ?? resource.logicalID)
        let existing: JSON?
        do throws(AWSFault) {
            existing = try await perform("DescribeSecret", ["SecretId": name])["ARN"]
        } catch {
            guard error.code == "ResourceNotFoundException" else { throw error }
            existing = nil
        }
        if let existing {
            let current = try? await perform("GetSecretValue", ["SecretId": name])["SecretString"]
            if request["SecretString"] == current { request["SecretString"] = nil }
            request["SecretId"] = name
            _ = try await perform("UpdateSecret", .object(request))
            return Self.provisioned(existing)
        }
        if let rule = resource.properties["GenerateSecretString"]?.object {
            guard request["SecretString"] == nil else {
                throw AWSFault("InvalidRequest", "A secret has a SecretString or a GenerateSecretString, not both.")
            }
            request["SecretString"] = .string(try generated(rule))
        }
        request["Name"] = name
        request["Tags"] = resource.properties["Tags"]
        return Self.provisioned(try await perform("CreateSecret", .object(request))["ARN"] ?? .null)
    }

    private static func provisioned(_ arn: JSON) -> ProvisionedResource {
        ProvisionedResource(ref: arn.string ?? "", attributes: ["Id": arn.string ?? ""])
    }

    package func remove(_ type: String, _ arn: String) async throws(AWSFault) {
        do throws(AWSFault) {
            _ = try await perform("DeleteSecret", ["SecretId": .string(arn), "ForceDeleteWithoutRecovery": true])
        } catch {
            guard error.code == "ResourceNotFoundException" else { throw error }
        }
    }

    /// A password, or an object of the rule's template with it.
    private func generated(_ rule: JSONObject) throws(AWSFault) -> String {
        let password = try password(.object(rule))
        let (template, key) = (rule["SecretStringTemplate"]?.string, rule["GenerateStringKey"]?.string)
        guard template != nil || key != nil else { return password }
        guard let template, let key, var object = (try? JSON(parsing: template))?.object else {
            throw AWSFault(
                "InvalidRequest",
                "SecretStringTemplate and GenerateStringKey go together; the template is a JSON object.")
        }
        object[key] = .string(password)
        return JSON.object(object).text
    }

    // MARK: Passwords

    /// - SeeAlso: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html>
    func password(_ input: JSON) throws(AWSFault) -> String {
        func says(_ name: String, orElse value: Bool = false) -> Bool {
            input[name]?.bool ?? input[name]?.string.map { $0 == "true" } ?? value
        }
        let length = input["PasswordLength"].map { $0.looseInt ?? 0 } ?? 32
        guard (1...4096).contains(length) else {
            throw AWSFault("InvalidParameterException", "PasswordLength must be between 1 and 4096.")
        }
        let excluded = Set((input["ExcludeCharacters"]?.string ?? "").utf8)
        var kinds: [[UInt8]] = []
        if !says("ExcludeLowercase") { kinds.append(Array("abcdefghijklmnopqrstuvwxyz".utf8)) }
        if !says("ExcludeUppercase") { kinds.append(Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)) }
        if !says("ExcludeNumbers") { kinds.append(Array("0123456789".utf8)) }
        if !says("ExcludePunctuation") { kinds.append(Array(##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##.utf8)) }
        if says("IncludeSpace") { kinds.append([0x20]) }
        kinds = kinds.map { kind in kind.filter { !excluded.contains($0) } }.filter { !$0.isEmpty }
        let all = kinds.flatMap { $0 }
        guard !all.isEmpty else {
            throw AWSFault("InvalidParameterException", "The password has no characters: all are excluded.")
        }
        func one(of characters: [UInt8]) -> UInt8 {
            characters[Int(clock.random() % UInt64(characters.count))]
        }
        let required = says("RequireEachIncludedType", orElse: true) ? kinds : []
        guard required.count <= length else {
            throw AWSFault("InvalidParameterException", "The password is too short for each kind of character.")
        }
        var password = required.map { one(of: $0) }
        while password.count < length { password.append(one(of: all)) }
        for position in password.indices.reversed() {
            password.swapAt(position, Int(clock.random() % UInt64(position + 1)))
        }
        return String(decoding: password, as: UTF8.self)
    }
}
