package import JSON

/// An event for a target.
package struct TargetEvent: Sendable {
    /// JSON or any other text.
    package var body: String
    /// Attributes by name, each with a `DataType` and a value, as in SQS and SNS. Other targets ignore them.
    package var attributes: JSONObject
    /// The group in which a FIFO queue or topic keeps the order, and what makes two events the same for it.
    package var groupID: String?
    package var deduplicationID: String?

    package init(_ body: String, attributes: JSONObject = [:]) {
        self.body = body
        self.attributes = attributes
    }

    package init(_ document: JSON) { self.init(document.text) }
}

/// A service whose resources receive events: functions, state machines, queues, topics.
package protocol EventTarget: Peer {
    /// The service in its ARNs, such as `lambda`.
    var targetService: String { get }

    /// Queues `event` for the resource. It is durable with `transaction`: the event enters the target's queue if and
    /// only if the sender's change is committed.
    /// - Throws: ``AWSFault``, before anything is changed, if the resource does not exist or refuses the event.
    func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws
}
