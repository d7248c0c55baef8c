internal import JSON
internal import Time

typealias BranchID = Int

/// One line of states that run one after another: the machine itself, or a branch or iteration inside a state of another.
struct Branch: Sendable {
    let block: StateBlock
    /// The branch whose Map or Parallel state started this one; nil at the top.
    let owner: BranchID?
    /// Which branch or iteration of the owner this is.
    let slot: Int
    /// The state to enter next, or the one being visited.
    var stateName: String
    var input: JSON
    var variables: [String: JSON]
    /// How long the texts of the variables are, by name.
    var variableSizes: [String: Int] = [:]
    /// `$$.Map` inside an iteration.
    let mapContext: JSON?
    /// The event that the branch's next event points back to.
    var lastEventID: Int
    /// Iterations of a distributed Map leave no trace in the history of their parent.
    let isSilent: Bool
    var visit: Visit?
}

/// One stay in a state, retries included.
struct Visit: Sendable {
    let state: State
    let enteredEventID: Int
    /// The event before the entry.
    let previousEventID: Int
    let enteredAt: Timestamp
    /// The input as it came, before `InputPath`.
    let input: JSON
    var effectiveInput: JSON
    /// How often each retrier has been used.
    var retriesUsed: [Int]
    var retryCount = 0
    var pending = Pending.nothing
    /// What the branches of a Map or Parallel state had done when it failed: a redrive continues there.
    var stopped: StoppedFan?

    enum Pending: Sendable {
        case nothing
        case timer(TimerID)
        case task(PendingTask)
        /// A Map or Parallel state whose branches run; see ``Execution/fans``.
        case fan
    }
}

/// A task that was started and has not ended.
struct PendingTask: Sendable {
    let request: TaskRequest
    let timeoutTimer: TimerID?
    var heartbeatTimer: TimerID?
    /// The answer to the call, for calls whose result comes later.
    var submission: JSON?
    /// Set when the task reads the items of a Map state.
    var reader: ItemReader?
    /// Set when the task writes the results of a Map state.
    var writer: (ResultWriter, ResultWriting)?
    /// Whether a worker has taken the task of an activity.
    var isStarted = false
    /// A result that came before TaskSubmitted.
    var earlyResult: TaskResult?
}

enum TaskResult: Sendable {
    case succeeded(JSON)
    case failed(ErrorOutput)
}

/// Why a timer was set.
enum TimerPurpose: Sendable {
    case wait(BranchID)
    case retry(BranchID)
    case taskTimeout(TaskID)
    case heartbeat(TaskID)
    case execution
}
