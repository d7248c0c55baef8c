internal import Control
internal import JSON
internal import Time

/// What the state machine knows of a build whose function or task did not answer: it was killed, ran out of time, or could not
/// be started.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
struct ReportedFailure: Hashable {
    let errorType: String
    let message: String
    /// When the state machine began; nil if it does not say.
    let start: Timestamp?

    /// - Parameters:
    ///   - failure: an error's name and cause, as a state machine catches them.
    ///   - start: when the execution began, in RFC 3339.
    init(_ failure: JSON, since start: JSON? = nil) throws(GoldError) {
        guard let error = failure["Error"]?.string, !error.isEmpty else {
            throw .usage("the event's failure is \(failure); expected an object with Error and Cause")
        }
        errorType = error
        self.start = start?.string.flatMap(Timestamp.init(rfc3339:))
        let cause = failure["Cause"]?.string ?? ""
        let text = (try? JSON(parsing: cause)).flatMap(Self.reason) ?? cause
        message = text.isEmpty ? "the build did not answer, and nobody says why; look at the log of gold-build" : text
    }

    /// What a cause in JSON says: of a function's error, of a task that has stopped, of a job of Spark.
    private static func reason(in cause: JSON) -> String? {
        if let message = cause["errorMessage"]?.string { return message }
        if let stopped = cause["StoppedReason"]?.string {
            let code = cause["Containers"]?.array?.first?["ExitCode"]?.int
            let end = code.map { "the task ended with the exit status \($0)" } ?? "the task did not run"
            return "\(end): \(stopped); its log says more: cupel logs --task gold-build"
        }
        let job = cause["JobRun"] ?? cause
        return job["StateDetails"]?.string.map { "the job of Spark failed: \($0)" }
    }

    /// Whether the record says so already: the function or the task itself did.
    func isTold(by record: ControlRecord) -> Bool {
        guard record.status == .error else { return false }
        if let start, let finished = record.finishedAt, finished >= start { return true }
        return record.errorType == errorType
            && record.errorMessage.map { message.hasPrefix($0) || $0.hasPrefix(message) } == true
    }
}
