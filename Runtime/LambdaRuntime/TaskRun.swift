public import JSON

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A program's run as a task of its own, outside Lambda.
public enum TaskRun {
    /// Does the task's work, says in the log how it ended, and stops between batches on SIGTERM.
    /// - Parameter work: gets the owner for leases, which no other task has, and the log.
    /// - Returns: the exit status: 0 done, 1 the work or the environment is at fault, 75 retry.
    public static func status(
        _ environment: Environment, _ work: (_ owner: String, _ log: Log) throws -> JSON
    ) -> Int32 {
        Interruption.listen()
        let log = Log(environment)
        do {
            let owner = environment["LEASE_OWNER"] ?? "task-\(getpid())-\(ContinuousClock.now)"
            log.info("ended", try work(owner, log).object ?? [:])
            return 0
        } catch {
            let type = FailureType(error)
            log.error("\(error)", ["errorType": .string(type.name)])
            return type.isTemporary ? 75 : 1
        }
    }
}
