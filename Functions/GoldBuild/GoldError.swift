internal import Control

/// Why a model could not be built.
enum GoldError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The event, the environment or the folder of models is wrong.
    case usage(String)
    /// The model's text or its contract is wrong, or its result breaks the contract.
    case model(place: String, reason: String)
    /// The rows break the contract, with what was measured.
    case quality(place: String, reason: String, [MeasuredRule])
    /// The program that runs SQL is not there.
    case noEngine(String)
    /// The model took more memory than it may.
    case memory(place: String, reason: String)
    /// The model ran longer than it may.
    case time(place: String)
    /// A table that the model reads or writes is not one that this function can take.
    case table(String)
    /// Another writer changed the table at the same time.
    case conflict(String)
    /// The disk failed.
    case disk(String)
    /// The process was asked to end.
    case interrupted(place: String)

    var description: String {
        switch self {
        case .usage(let reason), .table(let reason), .disk(let reason): reason
        case .model(let place, let reason), .quality(let place, let reason, _): "\(place): \(reason)"
        case .noEngine(let path):
            "\(path) is not there: models are run by DuckDB's command line; `make run` and `make package` install it"
        case .memory(let place, let reason): "\(place): it takes more memory than it may: \(reason)"
        case .time(let place): "\(place): it was stopped, because the time of the invocation is over"
        case .interrupted(let place):
            "\(place): the process was asked to end before the model was built; the next run builds it"
        case .conflict(let reason): "another writer changed the table at the same time: \(reason)"
        }
    }

    /// The name that state machines compare with.
    var errorType: String {
        switch self {
        case .usage: "InvalidConfiguration"
        case .model: "InvalidModel"
        case .quality: "QualityFailed"
        case .noEngine: "NoEngine"
        case .memory: "ModelOutOfMemory"
        case .time: "ModelTimedOut"
        case .table: "UnreadableTable"
        case .conflict, .disk, .interrupted: "Interrupted"
        }
    }
}
