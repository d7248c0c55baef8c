internal import Control
internal import JSON

/// What the state machine knows of a build whose function or task did not answer: it was killed, ran out of time, or could not
/// be started.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
struct ReportedFailure: Hashable {
    let errorType: String
    let message: String

    /// - Parameter failure: an error's name and cause, as a state machine catches them.
    init(_ failure: JSON) throws(GoldError) {
        guard let error = failure["Error"]?.string, !error.isEmpty else {
            throw .usage("the event's failure is \(failure); expected an object with Error and Cause")
        }
        errorType = error
        let cause = failure["Cause"]?.string ?? ""
        // The cause of a function's error is JSON with its message.
        let text = (try? JSON(parsing: cause))?["errorMessage"]?.string ?? cause
        message = text.isEmpty ? "the build did not answer, and nobody says why; look at the log of gold-build" : text
    }

    /// Whether the record says so already: the function itself did.
    func isTold(by record: ControlRecord) -> Bool {
        record.status == .error && record.errorType == errorType
            && record.errorMessage.map { message.hasPrefix($0) || $0.hasPrefix(message) } == true
    }
}
