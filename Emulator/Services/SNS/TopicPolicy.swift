package import EmulatorCore
internal import JSON

extension SNSService: ResourcePolicyKeeping {
    package var policyService: String { "sns" }

    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        do { return try store.read { try StoredTopic.find(arn.resource, in: $0) }?.attributes["Policy"]?.string } catch
        {
            throw .internalFailure(error)
        }
    }
}

extension SNSService {
    static let policyType = "AWS::SNS::TopicPolicy"

    /// `AWS::SNS::TopicPolicy`, whose topics name it.
    func provisionPolicy(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let topics = (resource.properties["Topics"]?.array ?? []).compactMap(\.string)
        guard let document = resource.properties["PolicyDocument"], !topics.isEmpty else {
            throw AWSFault("ValidationError", "\(resource.logicalID): a policy needs Topics and PolicyDocument.")
        }
        let policy = document.string ?? document.text
        for topic in topics where try self.policy(ofTopic: topic) != policy {
            _ = try await perform(
                "SetTopicAttributes",
                ["TopicArn": .string(topic), "AttributeName": "Policy", "AttributeValue": .string(policy)])
        }
        return ProvisionedResource(
            ref: "\(resource.stack)-\(resource.logicalID)", physicalID: topics.joined(separator: " "))
    }

    private func policy(ofTopic arn: String) throws(AWSFault) -> String? {
        try ARN(arn).flatMap { arn throws(AWSFault) in try policy(ofResource: arn) }
    }

    /// - Parameter physicalID: the ARNs of the topics.
    func removePolicy(_ physicalID: String) async throws(AWSFault) {
        for topic in physicalID.split(separator: " ").compactMap({ ARN(String($0)) }) {
            do {
                guard var stored = try store.read({ try StoredTopic.find(topic.resource, in: $0) }) else { continue }
                stored.attributes["Policy"] = nil
                let changed = stored
                try await store.write { try changed.save(in: $0) }
            } catch { throw .internalFailure(error) }
        }
    }
}
