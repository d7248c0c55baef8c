internal import Contracts
internal import JSON
internal import LambdaRuntime

/// Everything that waits for one table, batch after batch, as a task of its own: `silver-merge --table TABLE`. A reload first
/// makes the table anew.
struct TaskCommand {
    let table: String
    let reloads: Bool
    let environment: Environment

    /// - Returns: 0 done, 1 the table or the environment is at fault, 2 usage, 75 retry.
    func run() -> Int32 {
        guard Contract.isTableName(table) else {
            Log(environment).error("'\(table)' is no name of a table")
            return 2
        }
        return TaskRun.status(environment) { owner, log in
            let merge = SilverMerge(settings: try Settings(environment), isInterrupted: Interruption.isAsked)
            var reloads = reloads
            while true {
                let outcome = try merge.reportedMerge(table, owner: owner, reloads: reloads, log: log)
                // An ordinary merge instead would look like the reload that was asked for.
                if reloads, outcome["outcome"] == "heldByAnother" {
                    throw SilverError.conflict("it is being merged; the task has to be started again")
                }
                guard outcome["more"] == true else { return outcome }
                reloads = false
                log.info("merged a batch", outcome.object ?? [:])
            }
        }
    }
}
