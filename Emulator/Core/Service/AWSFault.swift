package import JSON

/// An error as an AWS service sends it: a code for clients and a message for people.
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

    /// The answer to an operation that the service has but that is not emulated.
    package static func notEmulated(_ what: String) -> AWSFault {
        AWSFault(
            "NotImplemented", "\(what) is not emulated; the README lists what is.", status: 501)
    }

    /// Whether the operation or resource is not emulated.
    package var isNotEmulated: Bool { code == "NotImplemented" }

    /// A failure of the emulator itself with its reason; clients retry it.
    package static func internalFailure(_ error: any Error) -> AWSFault {
        AWSFault("InternalFailure", "The emulator failed: \(error)", status: 500)
    }
}
