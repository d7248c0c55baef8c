/// Why a call to AWS did not succeed. No case carries a secret.
public enum AWSError: Error, Sendable, Hashable {
    /// The service answered with an error.
    case service(code: String, message: String, status: Int, requestID: String?, operation: String)
    /// The condition of a conditional write does not hold for what is stored. For a transaction, `reasons` has one
    /// entry a write, in order: its code, or nil where that write was not in the way.
    case conditionFailed(operation: String, reasons: [String?])
    /// The service could not be reached, or the connection broke and the call could not be repeated safely.
    case transport(operation: String, endpoint: String, reason: String)
    /// The call, with its retries, did not end in the time it was given.
    case timeout(operation: String, reason: String)
    /// No credentials were found, or those configured could not be fetched.
    case credentials(String)
    /// Region, endpoint or a name in the request is missing or unusable.
    case configuration(String)
    /// The answer is not what the service documents.
    case unexpectedResponse(operation: String, reason: String)
}

extension AWSError {
    /// The service's own error code, such as `NoSuchKey`.
    public var code: String? {
        switch self {
        case .service(let code, _, _, _, _): code
        case .conditionFailed: "ConditionalCheckFailedException"
        default: nil
        }
    }

    /// The bucket, object, version or upload is not there.
    public var isNotFound: Bool {
        guard case .service(let code, _, let status, _, _) = self else { return false }
        return status == 404 || code == "ResourceNotFoundException"
    }

    /// The name by which callers and state machines know the error. `Throttled` and `Interrupted` are worth a later
    /// try; for the rest it is the service's code or the kind of failure.
    public var errorType: String {
        switch self {
        case .service(let code, _, let status, _, _):
            RetryPolicy.isThrottling(code) || status == 429 ? "Throttled" : status >= 500 ? "Interrupted" : code
        case .conditionFailed: "ConditionalCheckFailedException"
        case .transport, .timeout: "Interrupted"
        case .credentials: "CredentialsUnavailable"
        case .configuration: "InvalidConfiguration"
        case .unexpectedResponse: "UnexpectedResponse"
        }
    }

    /// `If-Match` or `If-None-Match` did not hold: the object is another than the one asked for.
    public var isPreconditionFailed: Bool {
        if case .service(_, _, 412, _, _) = self { true } else { false }
    }
}

extension AWSError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .service(let code, let message, let status, let requestID, let operation):
            let request = requestID.map { ", request \($0)" } ?? ""
            return "\(operation): \(code)\(message.isEmpty ? "" : ": \(message)") (status \(status)\(request))"
        case .conditionFailed(let operation, _):
            return "\(operation): the condition does not hold for the stored item"
        case .transport(let operation, let endpoint, let reason):
            return "\(operation): no answer from \(endpoint): \(reason); check AWS_ENDPOINT_URL, region and network"
        case .timeout(let operation, let reason):
            return "\(operation): out of time: \(reason)"
        case .credentials(let reason):
            return "AWS credentials: \(reason)"
        case .configuration(let reason):
            return "AWS configuration: \(reason)"
        case .unexpectedResponse(let operation, let reason):
            return "\(operation): unexpected answer: \(reason)"
        }
    }
}
