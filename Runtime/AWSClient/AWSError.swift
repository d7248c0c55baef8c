public import AWSModels

/// Why a call to AWS failed. No case contains a secret.
public enum AWSError: Error, Sendable, Hashable {
    /// The service answered with an error.
    case service(code: String, message: String, status: Int, requestID: String?, operation: String)
    /// The condition of a conditional write does not hold for the stored item. For a transaction, `reasons` has one
    /// entry for each write, in order: its code, or nil for a write that did not cause the failure. `stored` is that item
    /// where the request asked for it and there is one.
    case conditionFailed(operation: String, reasons: [String?], stored: Item? = nil)
    /// The service could not be reached, or the connection was lost and the call could not be retried safely.
    case transport(operation: String, endpoint: String, reason: String)
    /// The call, with its retries, did not end before its deadline.
    case timeout(operation: String, reason: String)
    /// No credentials were found, or the configured ones could not be fetched.
    case credentials(String)
    /// Region, endpoint or a name in the request is missing or unusable.
    case configuration(String)
    /// The response does not have the documented shape.
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

    /// Whether the bucket, object, version, upload or table does not exist.
    public var isNotFound: Bool {
        guard case .service(let code, _, let status, _, _) = self else { return false }
        return status == 404 || code == "ResourceNotFoundException"
    }

    /// Whether the caller may not do this. S3 also answers so for an object that does not exist, if the caller may not list
    /// the bucket.
    public var isForbidden: Bool {
        if case .service(_, _, 403, _, _) = self { true } else { false }
    }

    /// Whether the same call may succeed later.
    public var isTemporary: Bool { ["Throttled", "Interrupted"].contains(errorType) }

    /// The name that callers and state machines match. `Throttled` and `Interrupted` are worth a later retry. Any other
    /// name is the service's code or the kind of failure.
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

    /// Whether `If-Match` or `If-None-Match` does not hold: the object differs from the expected one.
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
        case .conditionFailed(let operation, _, _):
            return "\(operation): the condition does not hold for the stored item"
        case .transport(let operation, let endpoint, let reason):
            return "\(operation): no response from \(endpoint): \(reason); check AWS_ENDPOINT_URL, region and network"
        case .timeout(let operation, let reason):
            return "\(operation): timed out: \(reason)"
        case .credentials(let reason):
            return "AWS credentials: \(reason)"
        case .configuration(let reason):
            return "AWS configuration: \(reason)"
        case .unexpectedResponse(let operation, let reason):
            return "\(operation): unexpected response: \(reason)"
        }
    }
}
