package import EmulatorCore
internal import JSON

extension SQSService: ResourcePolicyKeeping {
    package var policyService: String { "sqs" }

    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        do { return try store.read { try StoredQueue.find(arn.resource, in: $0) }?.settings["Policy"] } catch {
            throw .internalFailure(error)
        }
    }
}

extension SQSService {
    static let policyType = "AWS::SQS::QueuePolicy"

    /// `AWS::SQS::QueuePolicy`, whose queues name it.
    func provisionPolicy(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let urls = (resource.properties["Queues"]?.array ?? []).compactMap(\.string)
        guard let document = resource.properties["PolicyDocument"], !urls.isEmpty else {
            throw AWSFault("ValidationError", "\(resource.logicalID): a policy needs Queues and PolicyDocument.")
        }
        let policy = document.string ?? document.text
        for url in urls {
            guard try self.policy(ofQueueAt: url) != policy else { continue }
            _ = try await perform(
                "SetQueueAttributes", ["QueueUrl": .string(url), "Attributes": ["Policy": .string(policy)]])
        }
        return ProvisionedResource(
            ref: "\(resource.stack)-\(resource.logicalID)", physicalID: urls.joined(separator: " "))
    }

    private func policy(ofQueueAt url: String) throws(AWSFault) -> String? {
        let name = StoredQueue.name(inURL: url)
        do { return try store.read { try StoredQueue(named: name, in: $0) }.settings["Policy"] } catch {
            throw error as? AWSFault ?? .internalFailure(error)
        }
    }

    /// - Parameter physicalID: the URLs of the queues.
    func removePolicy(_ physicalID: String) async throws(AWSFault) {
        for url in physicalID.split(separator: " ") {
            do throws(AWSFault) {
                _ = try await perform(
                    "SetQueueAttributes", ["QueueUrl": .string(String(url)), "Attributes": ["Policy": ""]])
            } catch {
                guard error.code == AWSFault.noQueue.code else { throw error }
            }
        }
    }
}
