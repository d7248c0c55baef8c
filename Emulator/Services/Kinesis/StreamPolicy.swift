package import EmulatorCore

extension KinesisService: ResourcePolicyKeeping {
    package var policyService: String { "kinesis" }

    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        do { return try store.read { try StoredPolicy.find(arn.text, in: $0) } } catch {
            throw .internalFailure(error)
        }
    }
}
