import EmulatorCore
import JSON
import Testing
import TestServices

@testable import EmulatedCloudFormation
@testable import EmulatedSNS
@testable import EmulatedSQS

@Suite struct TopicTests {
    private let directory: TemporaryDirectory
    private let clock = TestClock()
    private let logs = RecordedLogs()
    private let peers = Peers()
    private static let topic = "arn:aws:sns:us-east-1:000000000000:alarms"

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> (store: Store, topics: SNSService, queues: SQSService) {
        let store = try Store(
            directory: directory.path, schema: SQSService.schema + SNSService.schema + [TableTarget.schema])
        let queues = SQSService(store: store, clock: clock.clockAndChance)
        let functions = TableTarget("lambda") { _, function in
            function.resource.hasSuffix(":f") ? nil : AWSFault("ResourceNotFoundException", "no function")
        }
        peers.connect([queues, functions, logs])
        let topics = SNSService(store: store, peers: peers, clock: clock.clockAndChance)
        peers.connect([topics])
        return (store, topics, queues)
    }

    private func message(_ queues: SQSService) async throws -> JSON? {
        try await queues.perform("ReceiveMessage", ["QueueUrl": "/q", "VisibilityTimeout": 0])["Messages"]?[0]
    }

    @Test("a notification is delivered only if its transaction commits, and survives a restart")
    func delivery() async throws {
        let (store, topics, queues) = try open()
        _ = try await queues.perform("CreateQueue", ["QueueName": "q"])
        _ = try await topics.perform("CreateTopic", ["Name": "alarms"])
        _ = try await topics.perform(
            "Subscribe",
            ["TopicArn": .string(Self.topic), "Protocol": "sqs", "Endpoint": .string(queues.arn(of: "q"))])
        await #expect(throws: AWSFault.self) {
            try await store.write { transaction in
                try peers.deliver(TargetEvent("undone"), to: Self.topic, in: transaction)
                throw AWSFault("RolledBack", "the test rolls this transaction back")
            }
        }
        #expect(try await message(queues) == nil)
        try await store.write { try peers.deliver(TargetEvent("kept"), to: Self.topic, in: $0) }
        let body = try JSON(parsing: try await message(queues)?["Body"]?.string ?? "")
        #expect(body["Message"] == "kept")
        #expect(body["Timestamp"] == "2026-05-28T20:26:40.123Z")
        store.close()
        let again = try open()
        #expect(try await message(again.queues)?["Body"]?.string == body.text)
        #expect(try await again.topics.perform("ListSubscriptions", [:])["Subscriptions"]?.array?.count == 1)
        again.store.close()
    }

    @Test("a subscribed function is invoked, even after a delivery to a missing function failed")
    func functions() async throws {
        let (store, topics, _) = try open()
        _ = try await topics.perform("CreateTopic", ["Name": "alarms"])
        for name in ["gone", "f"] {
            _ = try await topics.perform(
                "Subscribe",
                [
                    "TopicArn": .string(Self.topic), "Protocol": "lambda",
                    "Endpoint": .string("arn:aws:lambda:us-east-1:000000000000:function:\(name)"),
                ])
        }
        _ = try await topics.perform("Publish", ["TopicArn": .string(Self.topic), "Message": "x", "Subject": "s"])
        let queued = try TableTarget.bodies(in: store).map { try JSON(parsing: $0) }
        #expect(queued.map { $0["Records"]?[0]?["Sns"]?["Subject"] } == ["s"])
        #expect(queued.map { $0["Records"]?[0]?["Sns"]?["MessageAttributes"] } == [[:]])
        #expect(logs.messages(in: "sns/us-east-1/000000000000/alarms/Failure").count == 1)
        store.close()
    }

    @Test("a template's topic is created once, then updated to its new properties")
    func templateTopic() async throws {
        let (store, topics, queues) = try open()
        func deploy(_ raw: Bool, _ name: String) async throws -> StackReport {
            let text = """
                Resources:
                  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
                  Alarms:
                    Type: AWS::SNS::Topic
                    Properties:
                      TopicName: alarms
                      DisplayName: \(name)
                      Subscription: [{Protocol: email, Endpoint: a@example.com}]
                  Subscription:
                    Type: AWS::SNS::Subscription
                    Properties: {TopicArn: !Ref Alarms, Protocol: sqs, Endpoint: !GetAtt Queue.Arn, RawMessageDelivery: \(raw)}
                Outputs:
                  Arn: {Value: !Ref Alarms}
                  Name: {Value: !GetAtt Alarms.TopicName}
                  Subscription: {Value: !Ref Subscription}
                """
            return try await Stack(try Template(parsing: text, file: "t.yaml"), name: "test").deploy(to: [
                queues, topics,
            ])
        }
        let first = try await deploy(false, "Old")
        #expect(first.resources(.emulated).map(\.logicalID).sorted() == ["Alarms", "Queue", "Subscription"])
        #expect(first.output("Arn") == Self.topic)
        #expect(first.output("Name") == "alarms")
        let second = try await deploy(true, "New")
        #expect(second.output("Subscription") == first.output("Subscription"))
        let attributes = try await topics.perform("GetTopicAttributes", ["TopicArn": .string(Self.topic)])["Attributes"]
        #expect(attributes?["DisplayName"] == "New")
        #expect(attributes?["SubscriptionsConfirmed"] == "1")
        #expect(attributes?["SubscriptionsPending"] == "1")
        _ = try await topics.perform("Publish", ["TopicArn": .string(Self.topic), "Message": "bare"])
        #expect(try await message(queues)?["Body"] == "bare")
        for _ in 0..<2 {
            try await topics.remove("AWS::SNS::Subscription", try #require(first.output("Subscription")))
            try await topics.remove("AWS::SNS::Topic", Self.topic)
        }
        #expect(try await topics.perform("ListTopics", [:])["Topics"] == [])
        #expect(try await topics.perform("ListSubscriptions", [:])["Subscriptions"] == [])
        store.close()
    }

    @Test("an action that is not emulated answers NotImplemented")
    func notEmulated() async throws {
        let (store, topics, _) = try open()
        _ = try await topics.perform("CreateTopic", ["Name": "alarms"])
        let calls: [(String, JSON)] = [
            ("Subscribe", ["TopicArn": .string(Self.topic), "Protocol": "https", "Endpoint": "https://example.com"]),
            ("Publish", ["PhoneNumber": "+1", "Message": "x"]), ("CreatePlatformEndpoint", [:]),
        ]
        for (action, input) in calls {
            let fault = await #expect(throws: AWSFault.self) { try await topics.perform(action, input) }
            #expect(fault?.code == "NotImplemented", "\(action)")
        }
        store.close()
    }

    @Test("a FIFO topic wants a group, and delivers a message once, in the order of its group")
    func fifo() async throws {
        let (store, topics, queues) = try open()
        defer { store.close() }
        let topic = Self.topic + ".fifo"
        for (name, attributes) in [("alarms.fifo", [:]), ("alarms", ["FifoTopic": "true"])] as [(String, JSON)] {
            let refused = await #expect(throws: AWSFault.self) {
                try await topics.perform("CreateTopic", ["Name": .string(name), "Attributes": attributes])
            }
            #expect(refused?.code == "InvalidParameter")
        }
        _ = try await topics.perform("CreateTopic", ["Name": "alarms.fifo", "Attributes": ["FifoTopic": "true"]])
        _ = try await queues.perform("CreateQueue", ["QueueName": "q.fifo", "Attributes": ["FifoQueue": "true"]])
        _ = try await queues.perform("CreateQueue", ["QueueName": "q"])
        for queue in ["q.fifo", "q"] {
            _ = try await topics.perform(
                "Subscribe",
                [
                    "TopicArn": .string(topic), "Protocol": "sqs", "Endpoint": .string(queues.arn(of: queue)),
                    "Attributes": ["RawMessageDelivery": "true"],
                ])
        }
        func publish(_ members: JSONObject) async throws -> JSON {
            var input: JSONObject = ["TopicArn": .string(topic), "Message": "m"]
            for (name, value) in members { input[name] = value }
            return try await topics.perform("Publish", .object(input))
        }
        let noGroup = await #expect(throws: AWSFault.self) { try await publish([:]) }
        #expect(noGroup?.message == "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
        let noKey = await #expect(throws: AWSFault.self) { try await publish(["MessageGroupId": "g"]) }
        #expect(noKey?.message.contains("ContentBasedDeduplication") == true)
        let first = try await publish(["MessageGroupId": "g", "MessageDeduplicationId": "1"])
        #expect(first["SequenceNumber"]?.string?.utf8.count == 20)
        #expect(try await publish(["MessageGroupId": "g", "MessageDeduplicationId": "1"]) == first)
        _ = try await topics.perform(
            "SetTopicAttributes",
            ["TopicArn": .string(topic), "AttributeName": "ContentBasedDeduplication", "AttributeValue": "true"])
        let second = try await publish(["MessageGroupId": "g", "Message": "n"])
        #expect(second != first)
        let ordered = try await queues.perform(
            "ReceiveMessage", ["QueueUrl": "/q.fifo", "MaxNumberOfMessages": 10, "AttributeNames": ["All"]])
        #expect(ordered["Messages"]?.array?.compactMap { $0["Body"]?.string } == ["m", "n"])
        #expect(ordered["Messages"]?[0]?["Attributes"]?["MessageGroupId"] == "g")
        #expect(try await message(queues)?["Body"] == "m")
    }
}
