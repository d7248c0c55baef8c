internal import Control
internal import JSON
internal import LambdaRuntime

/// One record, as a task of its own: `bronze-writer --control-id ID`.
struct TaskCommand {
    let id: String
    let environment: Environment

    /// - Returns: 0 done, 1 the file is at fault (the record says how), 2 usage, 75 retry.
    func run() -> Int32 {
        guard let id = ControlID(id) else {
            Log(environment).error("'\(id)' is not a control ID: expected 32 hexadecimal digits")
            return 2
        }
        return TaskRun.status(environment) { owner, log in
            let writer = BronzeWriter(settings: try Settings(environment), isInterrupted: Interruption.isAsked)
            return try writer.convert(id, owner: owner, requestID: owner, log: log)
        }
    }
}
