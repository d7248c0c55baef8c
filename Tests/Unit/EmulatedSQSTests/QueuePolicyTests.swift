import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedSQS

/// Policies of queues in templates.
@Suite struct QueuePolicyTests {
    @Test("a template's policy is the queue's attribute until the template drops it")
    func template() async throws {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: SQSService.schema)
        let queues = SQSService(store: store)
        func provision(_ type: String, _ properties: JSON) async throws -> ProvisionedResource {
            try await queues.provision(
                DeclaredResource(logicalID: "R", type: type, properties: properties, stack: "app"))
        }
        let queue = try await provision("AWS::SQS::Queue", ["QueueName": "q"])
        let document: JSON = ["Version": "2012-10-17", "Statement": []]
        let policy = try await provision(
            "AWS::SQS::QueuePolicy", ["Queues": [.string(queue.ref)], "PolicyDocument": document])
        let arn = try #require(ARN("arn:aws:sqs:us-east-1:000000000000:q"))
        #expect(try queues.policy(ofResource: arn) == document.text)
        let attributes = try await queues.perform(
            "GetQueueAttributes", ["QueueUrl": .string(queue.ref), "AttributeNames": ["Policy"]])
        #expect(attributes["Attributes"]?["Policy"]?.string == document.text)
        try await queues.remove("AWS::SQS::QueuePolicy", policy.physicalID)
        #expect(try queues.policy(ofResource: arn) == nil)
        store.close()
    }
}
