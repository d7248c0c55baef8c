internal import Control
internal import Time

/// The right to write the table of a run, renewed as long as the run goes on.
final class HeldTable {
    private let settings: Settings
    private let isInterrupted: @Sendable () -> Bool
    private var lease: TableLease
    private var renewedAt: Timestamp

    /// - Returns: nil while another worker has the table.
    init?(
        _ table: String, owner: String, _ settings: Settings, isInterrupted: @escaping @Sendable () -> Bool
    ) throws(ControlError) {
        renewedAt = settings.clock.now()
        guard
            let lease = try settings.control.takeTable(
                table, in: .silver, owner: owner, leaseSeconds: settings.leaseSeconds)
        else { return nil }
        self.lease = lease
        self.settings = settings
        self.isInterrupted = isInterrupted
    }

    var table: String { lease.table }
    /// The batch that was begun and not known to have ended.
    var batch: TableLease.Batch? { lease.batch }

    /// Called between the steps of a long work.
    /// - Throws: if the time of the invocation is over, or another worker has the table.
    func goOn() throws {
        if isInterrupted() { throw SilverError.interrupted }
        let due = renewedAt.advanced(byMilliseconds: Int64(settings.leaseSeconds) * 1000 / 3)
        if due < settings.clock.now() { try renew() }
    }

    /// - Throws: if another worker has the table: it must not be changed then.
    func renew() throws(ControlError) {
        let now = settings.clock.now()
        try settings.control.renew(lease, leaseSeconds: settings.leaseSeconds)
        renewedAt = now
    }

    func note(_ batch: TableLease.Batch?) throws(ControlError) { try settings.control.note(batch, of: &lease) }

    /// Gives the table back. If that fails, the lease's expiry does it.
    func leave() { try? settings.control.leave(lease) }
}
