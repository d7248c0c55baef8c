internal import Control

/// The right to write a silver table, kept while the work goes on.
final class TableHold {
    private let control: ControlTable
    private let lease: TableLease
    private var renewAt: ContinuousClock.Instant

    /// An erasure that was killed keeps the table so long from all but the same erasure, started again.
    private static let leaseSeconds = 120
    private static let attempts = 150

    /// Waits for a merge that has the right.
    /// - Parameter owner: a name that the same work has each time: it takes over what it held when it was killed.
    init(_ table: String, _ owner: String, _ control: ControlTable) throws {
        self.control = control
        lease = try Self.taken(table, owner, control)
        renewAt = .now + .seconds(Self.leaseSeconds / 3)
    }

    private static func taken(_ table: String, _ owner: String, _ control: ControlTable) throws -> TableLease {
        for attempt in 1...attempts {
            if attempt > 1 { Pause.seconds(1) }
            let lease = try control.takeTable(table, in: .silver, owner: owner, leaseSeconds: leaseSeconds)
            if let lease { return lease }
        }
        throw CommandFailure.failed("a merge of silver.\(table) holds it; start again when it has ended")
    }

    /// - Throws: ``ControlError/tableLeaseLost(table:epoch:)`` if another worker has the table by now.
    func renewIfDue() throws {
        guard ContinuousClock.now >= renewAt else { return }
        try control.renew(lease, leaseSeconds: Self.leaseSeconds)
        renewAt = .now + .seconds(Self.leaseSeconds / 3)
    }

    /// Gives the right back. If that fails it expires.
    func leave() { try? control.leave(lease) }
}
