internal import Contracts
internal import JSON
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Everything that waits for one table, batch after batch, as a task of its own: `silver-merge --table TABLE`.
struct TaskCommand {
    let table: String
    let environment: Environment

    /// - Returns: 0 done, 1 the table or the environment is at fault, 2 usage, 75 retry.
    func run() -> Int32 {
        Interruption.listen()
        let log = Log(environment)
        do {
            guard Contract.isTableName(table) else {
                log.error("'\(table)' is no name of a table")
                return 2
            }
            let owner = environment["LEASE_OWNER"] ?? "task-\(getpid())-\(ContinuousClock.now)"
            let merge = SilverMerge(settings: try Settings(environment), isInterrupted: Interruption.isAsked)
            var outcome: JSON
            repeat {
                outcome = try merge.reportedMerge(table, owner: owner, log: log)
                log.info("ended", outcome.object ?? [:])
            } while outcome["more"] == true
            return 0
        } catch {
            let type = FailureType(error)
            log.error("\(error)", ["errorType": .string(type.name)])
            return type.isTemporary ? 75 : 1
        }
    }
}
