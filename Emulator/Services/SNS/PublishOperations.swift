package import EmulatorCore
internal import JSON
internal import Time

// Messages to topics. See <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

extension SNSService: EventTarget {
    package var targetService: String { "sns" }

    package func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
        let topic = try StoredTopic.named(try topicName(resource.text), in: transaction.snapshot)
        _ = try answer(
            to: Notice(message: event.body, attributes: event.attributes, groupID: event.groupID), on: topic,
            in: transaction)
    }

    func publish(_ input: JSON) async throws -> JSON {
        if input["PhoneNumber"] != nil { throw AWSFault.notEmulated("SNS's delivery by sms") }
        let name = try topicName(input["TopicArn"]?.string ?? input["TargetArn"]?.string)
        let notice = try Notice(input)
        return try await store.write { [self] transaction in
            .object(try answer(to: notice, on: try StoredTopic.named(name, in: transaction.snapshot), in: transaction))
        }
    }

    /// Publishes, once for a deduplication ID where the topic is FIFO.
    private func answer(
        to notice: Notice, on topic: StoredTopic, in transaction: borrowing Transaction
    ) throws -> JSONObject {
        guard topic.isFIFO else { return ["MessageId": .string(try publish(notice, to: topic, in: transaction))] }
        let key = try notice.deduplication(on: topic)
        let now = clock.now().milliseconds
        if let earlier = try PublishedOnce.find(key, of: topic.name, at: now, in: transaction) { return earlier.answer }
        var ordered = notice
        ordered.deduplicationID = key
        let id = try publish(ordered, to: topic, in: transaction)
        return try PublishedOnce.add(key, of: topic.name, id: id, at: now, in: transaction).answer
    }

    func publishBatch(_ input: JSON) async throws -> JSON {
        let name = try topicName(input["TopicArn"]?.string)
        let entries = try BatchEntries(input, "PublishBatchRequestEntry", member: "PublishBatchRequestEntries")
        return try await store.write { [self] transaction in
            let topic = try StoredTopic.named(name, in: transaction.snapshot)
            return try entries.answer(in: transaction) { entry, transaction in
                try answer(to: try Notice(entry), on: topic, in: transaction)
            }
        }
    }

    /// - Returns: the message's ID.
    private func publish(
        _ notice: Notice, to topic: StoredTopic, in transaction: borrowing Transaction
    ) throws -> String {
        let id = clock.uuid()
        for subscription in try StoredSubscription.all(ofTopic: topic.name, in: transaction.snapshot)
        where !subscription.isPending && subscription.matches(notice) {
            let notification = notification(notice, id: id, for: subscription)
            do {
                try deliver(notification, notice, to: subscription, in: transaction)
            } catch let fault as AWSFault {
                try sendToDeadLetterQueue(notification, notice, of: subscription, fault, in: transaction)
            }
        }
        return id
    }

    private func deliver(
        _ notification: JSONObject, _ notice: Notice, to subscription: StoredSubscription,
        in transaction: borrowing Transaction
    ) throws {
        let sender = EventSender("sns.amazonaws.com", for: arn(of: subscription.topic))
        if subscription.proto == "sqs" {
            let message = queueMessage(notification, notice, for: subscription)
            return try peers.deliver(message, to: subscription.endpoint, from: sender, in: transaction)
        }
        var members = notification
        if members["Subject"] == nil { members["Subject"] = .null }
        if members["MessageAttributes"] == nil { members["MessageAttributes"] = [:] }
        let event: JSON = [
            "Records": [
                [
                    "EventSource": "aws:sns", "EventVersion": "1.0",
                    "EventSubscriptionArn": .string(arn(of: subscription)), "Sns": .object(members),
                ]
            ]
        ]
        try peers.deliver(TargetEvent(event), to: subscription.endpoint, from: sender, in: transaction)
    }

    private func queueMessage(
        _ notification: JSONObject, _ notice: Notice, for subscription: StoredSubscription
    ) -> TargetEvent {
        var event =
            subscription.deliversRaw
            ? TargetEvent(notice.message(for: subscription.proto), attributes: notice.attributes)
            : TargetEvent(.object(notification))
        // A queue without order takes no group.
        if subscription.endpoint.hasSuffix(".fifo") {
            event.groupID = notice.groupID
            event.deduplicationID = notice.deduplicationID
        }
        return event
    }

    /// Sends a message that its endpoint refused to the subscription's dead-letter queue. Without one it is lost, as on
    /// AWS.
    private func sendToDeadLetterQueue(
        _ notification: JSONObject, _ notice: Notice, of subscription: StoredSubscription, _ fault: AWSFault,
        in transaction: borrowing Transaction
    ) throws {
        peers.write(
            "\(subscription.endpoint) refused a message: \(fault)\n",
            group: "sns/\(account.region)/\(account.id)/\(subscription.topic)/Failure", stream: subscription.id)
        guard let target = subscription.deadLetterTarget else { return }
        var letter = queueMessage(notification, notice, for: subscription)
        // The message may have been refused because it has more attributes than a queue accepts.
        if notice.attributes.count > 10 { letter.attributes = [:] }
        do { try peers.deliver(letter, to: target, in: transaction) } catch is AWSFault {}
    }

    /// The notification for a subscriber without raw delivery. It is not signed, because the emulator lacks SNS's key.
    /// - SeeAlso: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
    private func notification(_ notice: Notice, id: String, for subscription: StoredSubscription) -> JSONObject {
        var members: JSONObject = [
            "Type": "Notification", "MessageId": .string(id), "TopicArn": .string(arn(of: subscription.topic)),
        ]
        if let subject = notice.subject { members["Subject"] = .string(subject) }
        members["Message"] = .string(notice.message(for: subscription.proto))
        members["Timestamp"] = .string(clock.now().rfc3339)
        members["UnsubscribeURL"] = .string(
            "https://sns.\(account.region).amazonaws.com/?Action=Unsubscribe&SubscriptionArn=\(arn(of: subscription))")
        if !notice.attributes.isEmpty { members["MessageAttributes"] = notice.attributesAsShown }
        return members
    }
}
