package import JSON

/// An event on its way to a target.
package struct TargetEvent: Sendable {
    /// JSON or any other text.
    package var body: String
    /// By name, each with a `DataType` and a value, as SQS and SNS take them. Other targets ignore them.
    package var attributes: JSONObject

    package init(_ body: String, attributes: JSONObject = [:]) {
        self.body = body
        self.attributes = attributes
    }

    package init(_ document: JSON) { self.init(document.text) }
}

/// A service whose resources take events: functions, state machines, queues, topics.
package protocol EventTarget: Sendable {
    /// The service in its ARNs, such as `lambda`.
    var targetService: String { get }

    /// Queues `event` for the resource. It is durable with `transaction`: the event enters the target's queue if and only
    /// if the sender's change is committed.
    /// - Throws: ``AWSFault``, before anything is changed, when the resource does not exist or does not take the event.
    func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws
}
