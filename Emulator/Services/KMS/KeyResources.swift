internal import Digest
package import EmulatorCore
internal import JSON
internal import Time

/// Keys and aliases in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>
extension KMSService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::KMS::Key", "AWS::KMS::Alias"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            return try await resource.type == "AWS::KMS::Key" ? provisionKey(resource) : provisionAlias(resource)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    /// A key of a template has the same ID each time that its stack is deployed.
    private func provisionKey(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let spec = properties["KeySpec"]?.string ?? StoredKey.spec
        guard spec == StoredKey.spec else { throw AWSFault.notEmulated("The KeySpec \(spec)") }
        let digest = Digest.sha256("\(resource.stack)\n\(resource.logicalID)").hexadecimal
        let id =
            "\(digest.prefix(8))-\(digest.dropFirst(8).prefix(4))-4\(digest.dropFirst(12).prefix(3))-8"
            + "\(digest.dropFirst(15).prefix(3))-\(digest.dropFirst(18).prefix(12))"
        let known = try store.read { try StoredKey.find(id, in: $0) }
        var key = known ?? StoredKey(id: id, secret: clock.bytes(32), createdAt: clock.now().milliseconds)
        key.document["Description"] = properties["Description"]
        key.document["Policy"] = properties["KeyPolicy"].map { .string($0.string ?? $0.text) }
        key.document["Rotates"] = properties["EnableKeyRotation"].map { .bool($0.bool ?? ($0.string == "true")) }
        key.document["Tags"] = .array(
            (properties["Tags"]?.array ?? []).map {
                ["TagKey": $0["Key"] ?? "", "TagValue": $0["Value"] ?? ""]
            })
        key.state = properties["Enabled"] == false || properties["Enabled"] == "false" ? .disabled : .enabled
        key.document["DeletionDate"] = nil
        let made = key
        try await store.write { try made.save(in: $0) }
        return ProvisionedResource(ref: id, attributes: ["Arn": key.arn(account), "KeyId": id])
    }

    private func provisionAlias(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let name = try Self.required("AliasName", in: resource.properties)
        let target = try await key(resource.properties, "TargetKeyId").id
        let now = clock.now().milliseconds
        try await store.write { try StoredKey.setAlias(name, to: target, at: now, in: $0) }
        return ProvisionedResource(ref: name, attributes: ["AliasName": name])
    }

    package func remove(_ type: String, _ physicalID: String) async throws(AWSFault) {
        do throws(AWSFault) {
            _ =
                type == "AWS::KMS::Key"
                ? try await perform("ScheduleKeyDeletion", ["KeyId": .string(physicalID)])
                : try await perform("DeleteAlias", ["AliasName": .string(physicalID)])
        } catch {
            guard ["NotFoundException", "KMSInvalidStateException"].contains(error.code) else { throw error }
        }
    }
}
