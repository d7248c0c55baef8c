package import EmulatorCore
internal import JSON

extension KMSService: ResourcePolicyKeeping {
    package var policyService: String { "kms" }

    /// The policy that was given to the key. The one that keys have without it leaves all to the account's policies.
    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        let id = arn.resource.split(separator: "/").last.map(String.init) ?? ""
        do { return try store.read { try StoredKey.find(id, in: $0) }?.document["Policy"]?.string } catch {
            throw .internalFailure(error)
        }
    }
}
