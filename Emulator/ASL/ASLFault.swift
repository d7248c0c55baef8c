/// An error inside a state, by the name that `Retry` and `Catch` match and the text that becomes the cause.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
struct ASLFault: Error, Sendable, Equatable {
    let error: String
    let message: String
    /// The field whose JSONata expression is at fault; history shows it.
    var location: String?

    static func runtime(_ message: String) -> ASLFault { ASLFault(error: ErrorName.runtime, message: message) }
    static func query(_ message: String, at location: String?) -> ASLFault {
        ASLFault(error: ErrorName.queryEvaluationError, message: message, location: location)
    }

    static let thresholdExceeded = ASLFault(
        error: ErrorName.exceedToleratedFailureThreshold,
        message: "The specified tolerated failure threshold was exceeded")

    static func intrinsic(_ message: String) -> ASLFault {
        ASLFault(error: ErrorName.intrinsicFailure, message: message)
    }
}

/// The error names that the States Language reserves.
enum ErrorName {
    static let all = "States.ALL"
    static let runtime = "States.Runtime"
    static let timeout = "States.Timeout"
    static let heartbeatTimeout = "States.HeartbeatTimeout"
    static let taskFailed = "States.TaskFailed"
    static let dataLimitExceeded = "States.DataLimitExceeded"
    static let noChoiceMatched = "States.NoChoiceMatched"
    static let resultPathMatchFailure = "States.ResultPathMatchFailure"
    static let intrinsicFailure = "States.IntrinsicFailure"
    static let queryEvaluationError = "States.QueryEvaluationError"
    static let itemReaderFailed = "States.ItemReaderFailed"
    static let resultWriterFailed = "States.ResultWriterFailed"
    static let exceedToleratedFailureThreshold = "States.ExceedToleratedFailureThreshold"
}

/// What a failed state hands to its retriers and catchers, and a failed execution to its caller.
public struct ErrorOutput: Sendable, Equatable {
    public let error: String?
    public let cause: String?
    /// Another name by which retriers and catchers know the error: a missed heartbeat is a timeout too.
    var alias: String?

    public init(error: String?, cause: String?) {
        self.error = error
        self.cause = cause
    }
}
