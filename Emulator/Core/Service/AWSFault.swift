package import JSON

/// An error as an AWS service sends it: the code that clients match on, the message that people read.
package struct AWSFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let code: String
    package let message: String
    /// The HTTP status.
    package let status: Int
    /// Further members of the error document, such as DynamoDB's `CancellationReasons`.
    package let details: JSONObject

    package init(_ code: String, _ message: String, status: Int = 400, details: JSONObject = JSONObject()) {
        self.code = code
        self.message = message
        self.status = status
        self.details = details
    }

    package var description: String { "\(code): \(message)" }

    /// The answer to an operation that the service has and the emulator does not play.
    package static func notEmulated(_ what: String) -> AWSFault {
        AWSFault(
            "NotImplemented", "\(what) is not played by this emulator; the README lists what is.", status: 501)
    }

    /// Whether this is such an answer.
    package var isNotEmulated: Bool { code == "NotImplemented" }

    /// What clients retry: the emulator itself failed, and says why.
    package static func internalFailure(_ error: any Error) -> AWSFault {
        AWSFault("InternalFailure", "The emulator failed: \(error)", status: 500)
    }
}
