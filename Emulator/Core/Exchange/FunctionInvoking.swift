/// Lambda, for callers that wait for a function's answer.
package protocol FunctionInvoking: Peer {
    /// Invokes `function` (a name or an ARN, with or without qualifier) and waits for its answer.
    /// - Throws: ``AWSFault`` when the function does not exist or no worker is available; a function's own error is an
    ///   answer.
    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer

    /// The ARN of a function that is named by name or ARN, whether or not it exists.
    func arn(ofFunction function: String) -> ARN?
}

package struct FunctionAnswer: Sendable {
    package var payload: [UInt8]
    /// `Unhandled` if the function failed, with its error in `payload`; nil if it succeeded.
    package var functionError: String?
    package var requestID: String

    package init(payload: [UInt8], functionError: String? = nil, requestID: String) {
        self.payload = payload
        self.functionError = functionError
        self.requestID = requestID
    }
}
