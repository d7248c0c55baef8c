/// Who builds a model, as the lease of its control record names him.
enum BuildWorker: Sendable, Hashable {
    /// The function, in any invocation.
    case function
    /// A task or a job of Spark, which the execution of a state machine waits for.
    case execution(String)

    func owner(of model: TableName) -> String {
        switch self {
        case .function: "gold-build/\(model)"
        case .execution(let id): "gold-build/\(model)/\(id)"
        }
    }

    /// A function has ended by then; the state machine gives a task or a job no longer.
    var leaseSeconds: Int {
        switch self {
        case .function: 900
        case .execution: 15_000
        }
    }
}
