internal import Synchronization

/// The bells of all that wait for the same event. Each keeps its own ring, so that no reader takes another's.
package final class BellGroup: Sendable {
    private let bells = Mutex<[ObjectIdentifier: Bell]>([:])

    package init() {}

    package func add(_ bell: Bell) { bells.withLock { $0[ObjectIdentifier(bell)] = bell } }
    package func remove(_ bell: Bell) { bells.withLock { $0[ObjectIdentifier(bell)] = nil } }
    package func ring() { for bell in bells.withLock({ Array($0.values) }) { bell.ring() } }
}
