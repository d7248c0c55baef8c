public import JSON
public import Time

public typealias TaskID = Int
public typealias TimerID = Int

/// Something that happened to an execution. The list of all inputs, in order, is the whole state of the execution:
/// the interpreter gives the same effects for the same inputs, so a log of them brings it back after a crash.
public struct ExecutionInput: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// `seed` feeds everything that looks random: jitter, tokens, `States.UUID`, `States.MathRandom`.
        case started(seed: UInt64)
        /// Continues with the states that earlier inputs have left ready.
        case continued
        case timerFired(TimerID)
        /// An activity worker took the task.
        case taskStarted(TaskID, workerName: String?)
        /// A `.sync` or `.waitForTaskToken` call was accepted; its result is still to come.
        case taskSubmitted(TaskID, output: JSON)
        case taskSucceeded(TaskID, output: JSON)
        case taskFailed(TaskID, ErrorOutput)
        case taskHeartbeat(TaskID)
        /// RedriveExecution, after an end without success.
        case redriven
        /// UpdateMapRun.
        case mapRunUpdated(MapRunUpdate)
        /// StopExecution.
        case aborted(ErrorOutput)
    }

    public let kind: Kind
    public let at: Timestamp

    public init(_ kind: Kind, at: Timestamp) {
        self.kind = kind
        self.at = at
    }
}

extension ExecutionInput {
    /// The input as one line for a log.
    public var json: JSON {
        var object: JSONObject = ["at": .int(at.milliseconds)]
        switch kind {
        case .started(let seed):
            object["started"] = .int(seed)
        case .continued:
            object["continued"] = true
        case .redriven:
            object["redriven"] = true
        case .mapRunUpdated(let update):
            object["mapRunUpdated"] = update.json
        case .timerFired(let id):
            object["timerFired"] = .int(id)
        case .taskStarted(let id, let workerName):
            object["taskStarted"] = .int(id)
            object["workerName"] = workerName.map { .string($0) }
        case .taskSubmitted(let id, let output):
            object["taskSubmitted"] = .int(id)
            object["output"] = output
        case .taskSucceeded(let id, let output):
            object["taskSucceeded"] = .int(id)
            object["output"] = output
        case .taskFailed(let id, let failure):
            object["taskFailed"] = .int(id)
            object.add(failure)
        case .taskHeartbeat(let id):
            object["taskHeartbeat"] = .int(id)
        case .aborted(let failure):
            object["aborted"] = true
            object.add(failure)
        }
        return .object(object)
    }

    /// Reads what ``json`` wrote; nil for anything else.
    public init?(json: JSON) {
        guard let milliseconds = json["at"]?.int else { return nil }
        let failure = ErrorOutput(error: json["error"]?.string, cause: json["cause"]?.string)
        let kind: Kind
        if let seed = json["started"]?.number.flatMap({ UInt64($0.text) }) {
            kind = .started(seed: seed)
        } else if json["continued"] != nil {
            kind = .continued
        } else if json["redriven"] != nil {
            kind = .redriven
        } else if let update = json["mapRunUpdated"].flatMap({ MapRunUpdate(json: $0) }) {
            kind = .mapRunUpdated(update)
        } else if let id = json["timerFired"]?.int {
            kind = .timerFired(id)
        } else if let id = json["taskStarted"]?.int {
            kind = .taskStarted(id, workerName: json["workerName"]?.string)
        } else if let id = json["taskSubmitted"]?.int, let output = json["output"] {
            kind = .taskSubmitted(id, output: output)
        } else if let id = json["taskSucceeded"]?.int, let output = json["output"] {
            kind = .taskSucceeded(id, output: output)
        } else if let id = json["taskFailed"]?.int {
            kind = .taskFailed(id, failure)
        } else if let id = json["taskHeartbeat"]?.int {
            kind = .taskHeartbeat(id)
        } else if json["aborted"] != nil {
            kind = .aborted(failure)
        } else {
            return nil
        }
        self.init(kind, at: Timestamp(milliseconds: Int64(milliseconds)))
    }
}

extension JSONObject {
    /// Adds `error` and `cause`, where there are any.
    mutating func add(_ failure: ErrorOutput) {
        self["error"] = failure.error.map { .string($0) }
        self["cause"] = failure.cause.map { .string($0) }
    }
}
