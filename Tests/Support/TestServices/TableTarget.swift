package import EmulatorCore
internal import Synchronization

/// An event target whose queue is a table, so an event that was not committed is not in it.
package final class TableTarget: EventTarget {
    package static let schema =
        "CREATE TABLE IF NOT EXISTS delivered (id INTEGER PRIMARY KEY, target TEXT NOT NULL, body TEXT NOT NULL) STRICT;"

    package let targetService: String
    private let refusal: @Sendable (TargetEvent, ARN) -> AWSFault?
    private let failuresLeft = Mutex(0)

    /// - Parameters:
    ///   - service: the service in the ARNs that it takes, such as `lambda`.
    ///   - refusal: the fault for an event that it does not take.
    package init(_ service: String, refusal: @escaping @Sendable (TargetEvent, ARN) -> AWSFault? = { _, _ in nil }) {
        targetService = service
        self.refusal = refusal
    }

    /// Lets the next `count` events fail after they were inserted, so that only a rollback removes them.
    package func fail(_ count: Int) { failuresLeft.withLock { $0 = count } }

    package func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
        if let fault = refusal(event, resource) { throw fault }
        try transaction.execute(
            "INSERT INTO delivered (target, body) VALUES (?, ?)", .text(resource.text), .text(event.body))
        let fails = failuresLeft.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw AWSFault("ResourceNotFoundException", "not there") }
    }

    /// The bodies in the order of their commits.
    package static func bodies(in store: Store) throws -> [String] {
        try store.read { try $0.all("SELECT body FROM delivered ORDER BY id") { $0.text(0) } }
    }
}
