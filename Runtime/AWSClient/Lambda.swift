public import JSON

/// AWS Lambda: calls functions and waits for their answers.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
public struct Lambda: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    public enum Answer: Sendable, Hashable {
        case result(JSON)
        /// The function failed, or its process did.
        case failure(errorType: String, message: String)
    }

    /// Calls a function once. A call whose answer was lost is not repeated: the function may have run.
    ///
    /// - Parameters:
    ///   - name: the function's name or ARN.
    ///   - limit: how long it may take to answer, at most 15 minutes on AWS.
    public func invoke(_ name: String, _ event: JSON, upTo limit: Duration) throws(AWSError) -> Answer {
        let operation = "lambda Invoke \(name)"
        let request = HTTPRequest(
            .post, client.configuration.origin(of: "lambda"),
            path: "/2015-03-31/functions/\(name)/invocations", headers: ["content-type": "application/json"],
            body: event.bytes, isRepeatable: false)
        let response = try client.allowing(silence: limit).call(request, service: "lambda", operation: operation)
        let answer: JSON
        do throws(JSONError) { answer = try JSON(parsing: response.body) } catch {
            throw .unexpectedResponse(operation: operation, reason: "\(error)")
        }
        guard response.head.headers["x-amz-function-error"] != nil else { return .result(answer) }
        return .failure(
            errorType: answer["errorType"]?.string ?? "Unknown", message: answer["errorMessage"]?.string ?? answer.text)
    }
}
