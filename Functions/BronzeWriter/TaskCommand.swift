internal import Contracts
internal import Control
internal import JSON
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// One record, as a task of its own: `bronze-writer --control-id ID`.
struct TaskCommand {
    let id: String
    let environment: Environment

    /// - Returns: 0 done, 1 the file is at fault (the record says how), 2 usage, 75 retry.
    func run() -> Int32 {
        Interruption.listen()
        let log = Log(environment)
        do {
            guard let id = ControlID(id) else {
                log.error("'\(id)' is not a control ID: expected 32 hexadecimal digits")
                return 2
            }
            let owner = environment["LEASE_OWNER"] ?? "task-\(getpid())-\(ContinuousClock.now)"
            let settings = try Settings(environment)
            let writer = BronzeWriter(settings: settings, isInterrupted: Interruption.isAsked)
            let outcome = try writer.convert(id, owner: owner, requestID: owner, log: log)
            log.info("ended", outcome.object ?? [:])
            return 0
        } catch {
            let type = FailureType(error)
            log.error("\(error)", ["errorType": .string(type.name)])
            return type.isTemporary ? 75 : 1
        }
    }
}
