public import JSON
public import Time

/// One thing that the host of an execution does after an input. The order matters.
public enum Effect: Sendable, Equatable {
    case record(HistoryEvent)
    case startTask(TaskRequest)
    /// Nothing waits for the result of the task any more.
    case cancelTask(TaskID)
    case setTimer(TimerID, at: Timestamp)
    case cancelTimer(TimerID)
    /// A distributed Map state has begun or ended a run.
    case mapRun(MapRunReport)
    case finished(Outcome)
}

/// How an execution ended.
public enum Outcome: Sendable, Equatable {
    case succeeded(output: JSON)
    case failed(ErrorOutput)
    case timedOut(ErrorOutput)
    case aborted(ErrorOutput)

    /// As DescribeExecution spells it.
    public var status: String {
        switch self {
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        case .timedOut: "TIMED_OUT"
        case .aborted: "ABORTED"
        }
    }
}

/// A call that a Task state makes.
public struct TaskRequest: Sendable, Equatable {
    public let id: TaskID
    public let stateName: String
    public let resource: TaskResource
    public let parameters: JSON
    /// What SendTaskSuccess names the task by, as `$$.Task.Token` gave it to the callee.
    public let token: String
    public let timeoutInSeconds: Int?
    public let heartbeatInSeconds: Int?
    /// Set when the items of a distributed Map are asked for, and the host reads them from S3 itself.
    public var reading: ItemSource?
}

/// One event of an execution's history.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>
public struct HistoryEvent: Sendable, Equatable {
    public let id: Int
    public let previousEventID: Int
    /// `TaskStateEntered`, `LambdaFunctionFailed`…
    public let type: String
    public let at: Timestamp
    public let details: JSONObject?

    /// The member that carries ``details`` in an answer of GetExecutionHistory.
    public var detailsName: String {
        if type.hasSuffix("StateEntered") { return "stateEnteredEventDetails" }
        if type.hasSuffix("StateExited") { return "stateExitedEventDetails" }
        return type.prefix(1).lowercased() + type.dropFirst() + "EventDetails"
    }

    /// The event as GetExecutionHistory answers it.
    public var json: JSON {
        var object: JSONObject = [
            "timestamp": JSONNumber(at.epochSeconds).map { .number($0) } ?? .int(at.seconds), "type": .string(type),
            "id": .int(id), "previousEventId": .int(previousEventID),
        ]
        object[detailsName] = details.map { .object($0) }
        return .object(object)
    }
}
